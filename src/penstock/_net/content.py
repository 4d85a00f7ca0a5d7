"""Bodies that a service compressed although it was asked not to."""

from __future__ import annotations

import zlib

from penstock.errors import UnexpectedResponse

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}


def decoded(content: bytes, encoding: str, ceiling: int, url: str) -> bytes:
    """Undo a content encoding, up to a ceiling that holds however well the body was packed.

    Raises:
        UnexpectedResponse: The encoding is unknown, the body damaged, or larger than the ceiling.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"} or not content:
        return content
    if name not in _WINDOWS:
        raise UnexpectedResponse(
            f"the answer of {url} is packed in a way that was not asked for: {name[:20]!r}", url=url
        )
    unpack = zlib.decompressobj(_WINDOWS[name])
    try:
        plain = unpack.decompress(content, ceiling + 1)
    except zlib.error:
        raise UnexpectedResponse(f"the answer of {url} is damaged: it does not unpack", url=url) from None
    if len(plain) > ceiling:
        raise UnexpectedResponse(f"the answer of {url} unpacks to more than {ceiling} bytes", url=url)
    if not unpack.eof:
        raise UnexpectedResponse(f"the answer of {url} is damaged: its packed end is missing", url=url)
    return plain
