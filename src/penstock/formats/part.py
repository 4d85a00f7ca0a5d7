"""The file that an item's parts are written to by position until it is complete."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from penstock.errors import Truncated
from penstock.formats.files import local_errors, pread_into, pwrite_all, reserve, sync_data

if TYPE_CHECKING:
    from pathlib import Path

_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_CLOSED = -1


class PartFile:
    """One part file; writes to different places may run in several threads at once.

    Args:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = _CLOSED
        self._closing = threading.Lock()

    def open(self, size: int, *, resume: bool) -> None:
        """Open for reading and writing, with space reserved for `size` bytes.

        Args:
            size: Bytes that it will hold at least; 0 when unknown.
            resume: Keep what is in it.

        Raises:
            DiskFull: The space cannot be reserved.
            Truncated: It was to be resumed and is gone, or shorter than it was made.
        """
        self.close()
        with local_errors(self.path):
            if resume:
                self._check(size)
            fresh = 0 if resume else os.O_TRUNC
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | fresh | _FLAGS, 0o666)
            if not resume:
                reserve(self._descriptor, size)

    def _check(self, size: int) -> None:
        found = self.path.stat().st_size if self.path.is_file() else None
        if found is None or found < size:
            raise Truncated(
                f"{self.path} is to be continued, but {'is gone' if found is None else f'has {found} bytes of {size}'}",
                hint="Remove the item's folder of part files and run the same again.",
            )

    @property
    def size(self) -> int:
        """Bytes in the file, reserved ones included."""
        return os.fstat(self._descriptor).st_size

    def write(self, data: bytes | memoryview, offset: int) -> None:
        """Write all of `data` at `offset`."""
        with local_errors(self.path):
            pwrite_all(self._descriptor, data, offset)

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill `buffer` from `offset`.

        Raises:
            Truncated: The file ends before.
        """
        with local_errors(self.path):
            pread_into(self._descriptor, buffer, offset)

    def truncate(self, size: int) -> None:
        """Cut the file to `size` bytes."""
        with local_errors(self.path):
            os.ftruncate(self._descriptor, size)

    def sync(self) -> None:
        """Wait until everything written is on stable storage, even if the file has been closed meanwhile."""
        with self._closing, local_errors(self.path):
            if self._descriptor != _CLOSED:
                sync_data(self._descriptor)
                return
            descriptor = os.open(self.path, os.O_RDONLY | _FLAGS)
            try:
                sync_data(descriptor)
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Close the file; harmless when repeated."""
        with self._closing:
            if self._descriptor != _CLOSED:
                os.close(self._descriptor)
                self._descriptor = _CLOSED
