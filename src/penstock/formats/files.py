"""Local files at the lowest level: write by position, reserve space, digest, and say what the disk refused.

What only POSIX systems offer is called here and nowhere else in the formats.
"""

from __future__ import annotations

import errno
import hashlib
import os
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from blake3 import blake3

from penstock.errors import DiskFull, FormatError, TargetUnwritable, Truncated
from penstock.types import Digest, Output

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from penstock.types import PathLike

BLOCK = 1 << 20
"""Bytes read at once when a file is hashed or copied."""

WORTH_RESERVING = 1 << 20
"""Smaller files are not worth the system call that reserves their space."""

STRONG = frozenset({"blake3", "sha1", "sha224", "sha256", "sha384", "sha512", "md5"})
WEAK = frozenset({"crc32"})
"""Digest algorithms that can be computed here, by what a match proves."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_UNWRITABLE = frozenset({errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EISDIR})


@contextmanager
def local_errors(path: PathLike) -> Generator[None]:
    """Turn what the operating system says about `path` into penstock's own errors; others pass unchanged.

    Raises:
        DiskFull: No space, no quota, or the file system allows no file of that size.
        TargetUnwritable: Permission, a read-only file system, or a file where a folder should be.
    """
    try:
        yield
    except (DiskFull, TargetUnwritable):
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(
                f"no room is left to write {path}: {error.strerror}", hint="Free some space and run the same again."
            ) from error
        if error.errno in _UNWRITABLE:
            raise TargetUnwritable(
                f"{path} cannot be written: {error.strerror}", hint="Choose another folder, or mend its permissions."
            ) from error
        raise


class Hasher(Protocol):
    """What the hash objects of all algorithms have in common."""

    def update(self, data: bytes | memoryview, /) -> object:
        """Take more bytes."""
        ...

    def hexdigest(self) -> str:
        """Return the digest as hexadecimal digits."""
        ...


class Crc32:
    """CRC-32 in the shape of a hashlib object."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes | memoryview, /) -> None:
        """Take more bytes."""
        self._value = zlib.crc32(data, self._value)

    def hexdigest(self) -> str:
        """Return the checksum as eight hexadecimal digits."""
        return f"{self._value:08x}"


def hasher(algorithm: str) -> Hasher:
    """Start a digest.

    Raises:
        FormatError: The algorithm is not known here.
    """
    if algorithm == "blake3":
        return blake3()
    if algorithm == "crc32":
        return Crc32()
    if algorithm in STRONG:
        return hashlib.new(algorithm, usedforsecurity=False)
    raise FormatError(f"digests of kind {algorithm!r} cannot be computed here")


def read_blocks(path: PathLike, stop: int | None = None) -> Iterator[memoryview]:
    """Yield the bytes of a file from its start up to `stop`; each block is only valid until the next."""
    buffer = memoryview(bytearray(BLOCK))
    left = stop
    with Path(path).open("rb", buffering=0) as file:
        while left is None or left > 0:
            count = file.readinto(buffer if left is None else buffer[: min(left, BLOCK)])
            if not count:
                return
            yield buffer[:count]
            left = None if left is None else left - count


def file_digest(path: PathLike, algorithm: str = "blake3") -> Digest:
    """Hash a file block by block.

    Raises:
        FormatError: The algorithm is not known here.
    """
    digest = hasher(algorithm)
    for block in read_blocks(path):
        digest.update(block)
    return Digest(algorithm, digest.hexdigest())


def finished(temporary: Path, target: str, level: str) -> Output:
    """Describe a complete temporary file as an output, reading it once for its digest."""
    return Output(temporary, target, temporary.stat().st_size, file_digest(temporary), level)


def reserve(descriptor: int, size: int) -> None:
    """Make a file `size` bytes long, its space taken on disk where the file system can do that."""
    if size <= 0:
        return
    if size >= WORTH_RESERVING and hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as error:
            if error.errno not in {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV}:
                raise
        else:
            return
    os.ftruncate(descriptor, size)


def pwrite_all(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of `data` at `offset`, however few bytes the system takes at once."""
    view = memoryview(data)
    if not view.nbytes:
        return
    view = view.cast("B")
    while view:
        count = os.pwrite(descriptor, view, offset)
        offset += count
        view = view[count:]


def pread_into(descriptor: int, buffer: memoryview, offset: int) -> None:
    """Fill `buffer` from `offset`.

    Raises:
        Truncated: The file ends before.
    """
    view = buffer.cast("B") if buffer.nbytes else buffer
    while view:
        count = os.preadv(descriptor, [view], offset)
        if not count:
            raise Truncated(f"a part file ends at byte {offset}, {len(view)} bytes too early")
        offset += count
        view = view[count:]


def sync_data(descriptor: int) -> None:
    """Wait until the file's data is on stable storage."""
    getattr(os, "fdatasync", os.fsync)(descriptor)
