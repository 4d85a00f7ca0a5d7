"""Check the files of a folder against its manifest, without network or account."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anyio
from anyio import to_thread

from penstock.errors import SelectionError, VerificationFailed, sole
from penstock.formats.files import file_digest
from penstock.transfer.manifest import read_manifest

if TYPE_CHECKING:
    from penstock.transfer.manifest import Listed
    from penstock.types import PathLike

Level = Literal["size", "digest"]


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found.

    Attributes:
        folder: The folder that was checked.
        files: Files listed.
        size: Bytes listed.
        level: What was compared: `size`, or `digest`, which includes it.
        missing: Paths listed but not there.
        changed: Paths whose size or digest differs.
    """

    folder: str
    files: int = 0
    size: int = 0
    level: str = "digest"
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether every listed file is what the manifest says."""
        return not (self.missing or self.changed)

    def raise_for_failures(self) -> None:
        """Raise when a file is missing or changed.

        Raises:
            VerificationFailed: With the first few paths.
        """
        if not self.intact:
            shown = ", ".join((*self.missing, *self.changed)[:3])
            raise VerificationFailed(
                f"{len(self.missing)} files are missing and {len(self.changed)} changed in {self.folder}: {shown}",
                hint=f"Move changed files away; `penstock resume {self.folder}` then brings back what is missing.",
            )

    def to_json(self) -> dict[str, Any]:
        """Render as JSON-able values."""
        return {
            "folder": self.folder,
            "files": self.files,
            "bytes": self.size,
            "level": self.level,
            "intact": self.intact,
            "missing": list(self.missing),
            "changed": list(self.changed),
        }


@dataclass(slots=True)
class _Tally:
    files: int = 0
    size: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def add(self, other: _Tally) -> None:
        self.files += other.files
        self.size += other.size
        self.missing += other.missing
        self.changed += other.changed


async def verify(folder: PathLike, *, level: Level = "digest") -> Verification:
    """Compare every file of a folder's manifest with the disk.

    Args:
        folder: A folder that something was downloaded to.
        level: `size` looks at sizes only; `digest` reads every byte.

    Raises:
        NotFound: The folder has no manifest.
        FormatError: The manifest was cut or edited.
    """
    if level not in {"size", "digest"}:
        raise SelectionError(f"{level!r} is no level of verification", hint="Choose size or digest.")
    root = Path(folder)
    whole = _Tally()
    listed = read_manifest(root)
    lock = anyio.Lock()

    async def check() -> None:
        while True:
            async with lock:
                batch = await to_thread.run_sync(lambda: list(islice(listed, 64)))
            if not batch:
                return
            whole.add(await to_thread.run_sync(partial(_check, root, batch, level)))

    try:
        async with anyio.create_task_group() as tasks:
            for _ in range(min(4, os.cpu_count() or 1)):
                tasks.start_soon(check)
    except BaseExceptionGroup as group:
        raise sole(group) from None
    return Verification(
        str(root), whole.files, whole.size, level, tuple(sorted(whole.missing)), tuple(sorted(whole.changed))
    )


def _check(root: Path, batch: list[Listed], level: Level) -> _Tally:
    tally = _Tally()
    inside = root.resolve()
    for file in batch:
        tally.files += 1
        tally.size += file.size
        path = root / file.path
        try:
            same = _is_ours(path, inside, file) and (level == "size" or _digest_agrees(path, file))
        except (FileNotFoundError, NotADirectoryError):
            tally.missing.append(file.path)
        else:
            if not same:
                tally.changed.append(file.path)
    return tally


def _is_ours(path: Path, inside: Path, file: Listed) -> bool:
    """Tell whether there is a regular file of the right size, inside the folder even when links are followed."""
    try:
        real = path.resolve(strict=True)
        found = real.stat()
    except (ValueError, RuntimeError):
        return False  # no file has such a name, or links go round in circles
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.ENAMETOOLONG}:
            raise
        return False
    return real.is_relative_to(inside) and stat.S_ISREG(found.st_mode) and found.st_size == file.size


def _digest_agrees(path: Path, file: Listed) -> bool:
    return file_digest(path, file.digest.algorithm) == file.digest
