"""The list of finished files that lies beside the data, and all that `verify` needs.

`penstock-manifest.jsonl` is written from the journal when a transfer ends: a header line, a line a file, and a
footer with the counts and the BLAKE3 digest of every line before it, so that a cut or edited manifest is noticed.
"""

from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from penstock import __version__
from penstock.errors import FormatError, NotFound
from penstock.formats.files import local_errors
from penstock.transfer.journal import Journal
from penstock.transfer.names import is_contained
from penstock.types import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from penstock.transfer.folder import Folder

NAME = "penstock-manifest.jsonl"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """One file as the manifest lists it: its path relative to the folder, its size in bytes and its digest."""

    path: str
    size: int
    digest: Digest
    level: str
    platform: str


def write_manifest(folder: Folder) -> None:
    """Write the manifest of a folder anew, if its journal has news for it."""
    with closing(Journal(folder.journal)) as journal:
        if journal.fact("manifest") == "stale" or not (folder.root / NAME).exists():
            _replace(folder.root, journal)
            with journal.transaction():
                journal.set_fact("manifest", "written")


def _replace(root: Path, journal: Journal) -> None:
    temporary = root / ".penstock" / NAME
    with local_errors(root / NAME):
        with temporary.open("wb") as file:
            file.writelines(_lines(journal))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(root / NAME)


def _lines(journal: Journal) -> Iterator[bytes]:
    hasher = blake3()
    files = size = 0
    header = {"manifest": VERSION, "penstock": __version__, "written": datetime.now(UTC).isoformat(timespec="seconds")}
    for row in _with_header(header, journal):
        line = _line(row)
        hasher.update(line)
        yield line
        files += "path" in row
        size += row.get("size", 0)
    yield _line({"files": files, "bytes": size, "lines": f"blake3:{hasher.hexdigest()}"})


def _with_header(header: dict[str, Any], journal: Journal) -> Iterator[dict[str, Any]]:
    yield header
    yield from journal.placed()


def _line(row: dict[str, Any]) -> bytes:
    """Render a row; half a surrogate pair, which UTF-8 has no bytes for, becomes the escape that JSON has for it."""
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "backslashreplace")


def read_manifest(folder: Path) -> Iterator[Listed]:
    """Yield the files of a folder's manifest.

    Raises:
        NotFound: There is none.
        FormatError: It was cut or edited, or lists a path outside the folder.
    """
    path = folder / NAME
    if not path.is_file():
        raise NotFound(
            f"there is no manifest in {folder}",
            hint=f"Give the folder that a pull was made to; it holds a file named {NAME}.",
        )
    hasher = blake3()
    with path.open("rb") as file:
        for line in file:
            row = _parsed(line, path)
            if "lines" in row:
                if row["lines"] != f"blake3:{hasher.hexdigest()}":
                    raise FormatError(f"{path} was changed after it was written", hint=_HINT)
                return
            hasher.update(line)
            if "path" in row:
                yield _listed(row, path)
    raise FormatError(f"{path} ends too early", hint=_HINT)


_COLUMNS = {"path": str, "size": int, "digest": str, "level": str, "platform": str}
_HINT = "Run the pull again: it writes a new manifest from the journal and fetches nothing that is there."


def _parsed(line: bytes, path: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict) or not isinstance(row.get("manifest", VERSION), int):
        raise FormatError(f"{path} has a line that is not a JSON object of ours", hint=_HINT)
    if row.get("manifest", VERSION) > VERSION:
        raise FormatError(f"{path} is of version {row['manifest']}; this penstock reads up to {VERSION}")
    return row


def _listed(row: dict[str, Any], path: Path) -> Listed:
    for name, kind in _COLUMNS.items():
        if not isinstance(row.get(name), kind):
            raise FormatError(f"{path} has a line without a proper {name!r}", hint=_HINT)
    listed = Listed(row["path"], row["size"], Digest.parse(row["digest"]), row["level"], row["platform"])
    if not is_contained(listed.path):
        raise FormatError(f"{path} lists {listed.path!r}, which is outside the folder")
    return listed
