"""Untrusted compressed bodies, opened with a ceiling: truncated, padded and exploding ones are refused."""

from __future__ import annotations

import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

from penstock.errors import FormatError, Truncated

if TYPE_CHECKING:
    from collections.abc import Callable

GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31
_STEP = 1 << 20


def decompress(body: bytes | memoryview, compression: str, ceiling: int) -> bytes | memoryview:
    """Undo a channel chunk's compression.

    A body that is declared gzip but does not begin like one is returned as it is: some servers send it through
    HTTP's own compression.

    Args:
        body: The bytes as they came.
        compression: `gzip`, `br` or `none`.
        ceiling: The most bytes that a compressed body may open to.

    Raises:
        FormatError: Corrupt, followed by other bytes, larger than the ceiling, or compressed in an unknown way.
        Truncated: It ends too early.
    """
    if compression == "gzip":
        return gunzip(body, ceiling) if is_gzip(body) else body
    if compression == "br":
        return unbrotli(body, ceiling)
    if compression in {"none", ""}:
        return body
    raise FormatError(
        f"chunks compressed with {compression!r} cannot be read",
        hint="gzip, br and none are known; please report a study that uses another.",
    )


def is_gzip(body: bytes | memoryview) -> bool:
    """Tell whether the bytes begin like a gzip file."""
    return bytes(body[:2]) == GZIP_MAGIC


def gunzip(body: bytes | memoryview, ceiling: int) -> bytes:
    """Decompress exactly one gzip member, its CRC and length verified.

    Raises:
        FormatError: Corrupt, followed by other bytes, or larger than the ceiling.
        Truncated: It ends too early.
    """
    make, failure = _inflater()
    stream = make()
    try:
        plain: bytes = stream.decompress(body, ceiling + 1)
        if len(plain) <= ceiling and not stream.eof:
            # The trailer may wait behind the last byte of output.
            plain += stream.decompress(stream.unconsumed_tail, 1)
    except failure as error:
        raise FormatError(f"a gzip body is corrupt: {error}") from error
    if len(plain) > ceiling:
        raise _too_large(ceiling)
    if not stream.eof:
        raise Truncated(f"a gzip body ends too early, after {len(body)} bytes")
    if stream.unused_data:
        raise FormatError(f"{len(stream.unused_data)} bytes follow the end of a gzip body")
    return plain


@cache
def _inflater() -> tuple[Callable[[], Any], tuple[type[Exception], ...]]:
    """Choose isal's inflater where it is installed: it gives the same bytes several times as fast."""
    try:
        from isal import isal_zlib
    except ImportError:
        return lambda: zlib.decompressobj(_GZIP_WINDOW), (zlib.error,)
    failures: Any = (isal_zlib.error, zlib.error)
    return lambda: isal_zlib.decompressobj(_GZIP_WINDOW), failures


def unbrotli(body: bytes | memoryview, ceiling: int) -> bytes:
    """Decompress a brotli stream, which carries no checksum.

    Raises:
        FormatError: Corrupt, followed by other bytes, or larger than the ceiling.
        Truncated: It ends too early.
    """
    import brotli

    stream = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    waiting: bytes = bytes(body)
    try:
        while not stream.is_finished():
            piece = stream.process(waiting, output_buffer_limit=min(_STEP, ceiling + 1 - size))
            waiting = b""
            size += len(piece)
            pieces.append(piece)
            if size > ceiling:
                raise _too_large(ceiling)
            if not piece and stream.can_accept_more_data():
                break
    except brotli.error as error:
        raise FormatError("a brotli body is corrupt, or other bytes follow it") from error
    if not stream.is_finished():
        raise Truncated(f"a brotli body ends too early, after {len(body)} bytes")
    return b"".join(pieces)


def _too_large(ceiling: int) -> FormatError:
    return FormatError(f"a compressed body opens to more than the {ceiling} bytes that it can hold")
