"""The target folder: its lock, its scratch space, and the only way a file gets its final name.

Everything that relies on POSIX (advisory locks, directory descriptors) stands in this file. The root is held
open, every directory below it is entered without following links, and a file is moved in relative to its
directory: a link planted anywhere in the tree, even meanwhile, leads nowhere.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import PenstockError, TargetExists, TargetLocked, TargetUnwritable, UnsafePath
from penstock.formats.files import local_errors
from penstock.transfer.names import RESERVED, is_contained
from penstock.types import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.types import PathLike

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class Folder:
    """A target folder, held alone by this process while it is open.

    Args:
        root: The folder; made when it is to be held.
        hold: Take the lock and the right to write; otherwise only look.

    Raises:
        TargetUnwritable: It is no folder, or nothing can be written there.
        TargetLocked: Another process is working on it.
    """

    def __init__(self, root: PathLike, *, hold: bool = True) -> None:
        self.root = Path(root).expanduser().absolute()
        self.state = self.root / ".penstock"
        self.journal = self.state / "journal.sqlite3"
        self._fds: list[int] = []
        try:
            with local_errors(self.root):
                if hold:
                    (self.state / "parts").mkdir(parents=True, exist_ok=True)
                self._root_fd = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
            self._fds.append(self._root_fd)
            if hold:
                self._fds.append(self._locked())
        except BaseException as error:
            self.close()
            if isinstance(error, OSError) and not isinstance(error, PenstockError):
                raise TargetUnwritable(
                    f"{self.root} cannot be made or opened: {error.strerror}", hint="Choose another folder."
                ) from error
            raise

    def _locked(self) -> int:
        path = self.state / "lock"
        with local_errors(path):
            fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
                raise TargetLocked(
                    f"another process is working on {self.root}",
                    hint="Wait for it to end; run the same command again afterwards and it goes on from there.",
                ) from None
            raise TargetUnwritable(
                f"the file system of {self.root} has no locks: {error.strerror}",
                hint="Choose a folder on a local disk.",
            ) from error
        return fd

    def scratch(self, *key: str) -> Path:
        """Return the private folder for the part files of one item."""
        return self.state / "parts" / fingerprint(*key)

    def stat(self, target: str) -> os.stat_result | None:
        """Look at a file by its path in the folder, without following a link; None when there is none."""
        try:
            return os.stat(target, dir_fd=self._root_fd, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno in {errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL}:
                raise UnsafePath(f"{target!r} cannot be a file in {self.root}: {error.strerror}") from None
            raise TargetUnwritable(f"{target!r} in {self.root} cannot be looked at: {error.strerror}") from error

    @contextmanager
    def _parent(self, target: str) -> Iterator[tuple[int, str]]:
        """Enter the directory of a target, making what is missing, and yield its descriptor and the last name."""
        if not is_contained(target) or target.split("/", maxsplit=1)[0].casefold() in RESERVED:
            raise UnsafePath(f"{target!r} would not stay inside {self.root}")
        *parents, name = target.split("/")
        fd = os.dup(self._root_fd)
        try:
            for parent in parents:
                inner = self._entered(fd, parent)
                os.close(fd)
                fd = inner
            yield fd, name
        finally:
            os.close(fd)

    def _entered(self, fd: int, name: str) -> int:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=fd)
            os.fsync(fd)
        try:
            return os.open(name, _DIRECTORY, dir_fd=fd)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENOTDIR}:
                raise TargetExists(
                    f"{name!r} in {self.root} is a file or a link where a folder is due",
                    hint="Move it away, or choose another folder.",
                ) from None
            raise

    def place(self, temporary: Path, target: str) -> int:
        """Give a complete file its final name; return its modification time in ns.

        The name is durable once `sync_parents` has run.
        """
        with local_errors(self.root / target), self._parent(target) as (fd, name):
            try:
                os.replace(temporary, name, dst_dir_fd=fd)
            except IsADirectoryError:
                raise TargetExists(
                    f"{target!r} in {self.root} is a folder where a file is due",
                    hint="Move it away, or choose another folder.",
                ) from None
            return os.stat(name, dir_fd=fd, follow_symlinks=False).st_mtime_ns

    def remove(self, target: str) -> None:
        """Remove a file of ours, if it is still there."""
        with local_errors(self.root / target), self._parent(target) as (fd, name), suppress(FileNotFoundError):
            os.unlink(name, dir_fd=fd)

    def sync_parents(self, targets: set[str]) -> None:
        """Make the names in the directories of these targets durable, each directory once."""
        for parent in {target.rpartition("/")[0] for target in targets}:
            with local_errors(self.root / parent):
                fd = os.open(self.root / parent, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(fd)
                finally:
                    os.close(fd)

    def discard(self, scratch: Path) -> None:
        """Remove an item's part files; as a rule the last of them has just been moved away."""
        try:
            scratch.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            shutil.rmtree(scratch, ignore_errors=True)

    def sweep(self, kept: Iterable[Sequence[str]]) -> None:
        """Remove the part files of all items but those with the given keys; a crash may have left some."""
        wanted = {self.scratch(*key) for key in kept}
        for scratch in (self.state / "parts").iterdir():
            if scratch not in wanted:
                self.discard(scratch)

    def close(self) -> None:
        """Let go of the folder; the kernel does so too when the process dies."""
        while self._fds:
            os.close(self._fds.pop())
