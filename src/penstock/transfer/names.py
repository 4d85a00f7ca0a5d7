"""Remote names to local paths: injective, and never outside the target folder.

A name that needs no escape is kept as it is. Otherwise every offending byte becomes `%XX`, and so does every
literal `%`; a name that merely looks escaped is escaped as well. Two different names thus never meet.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import PurePosixPath

RESERVED = frozenset({".penstock", "penstock-manifest.jsonl"})
"""What penstock keeps in a target folder; no remote name may take their place."""

_LONGEST = 255
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\ud800-\udfff]")
_LOOKS_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_EMPTY = "%25"  # no other name maps to it: a lone "%" stays as it is


def safe_segment(name: str) -> str:
    """Turn one remote name into one path segment, at most 255 bytes long.

    Slashes, control characters and lone surrogates are escaped; so are the names `.` and `..`.
    """
    if not name:
        return _EMPTY
    if name in {".", ".."} or name.casefold() in RESERVED:
        return _escaped(name[0]) + name[1:]
    if _UNSAFE.search(name) or _LOOKS_ESCAPED.search(name):
        escaped = "".join(_escaped(c) if c == "%" or _UNSAFE.match(c) else c for c in name)
        return _shortened(escaped, name)
    return _shortened(name, name)


def safe_path(key: str) -> str:
    """Turn a `/`-separated remote key into a relative path of safe segments."""
    return "/".join(safe_segment(segment) for segment in key.split("/"))


def is_contained(target: str) -> bool:
    """Tell whether a relative path stays below the folder it is joined to, by its text alone."""
    path = PurePosixPath(target)
    return bool(target) and "\0" not in target and not path.is_absolute() and ".." not in path.parts


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _shortened(segment: str, name: str) -> str:
    encoded = segment.encode()
    if len(encoded) <= _LONGEST:
        return segment
    mark = "~" + sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return encoded[: _LONGEST - len(mark)].decode(errors="ignore") + mark
