"""What files hold, made or read when someone asks for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

from blake3 import blake3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLOCK = 1 << 20
"""Bytes that are read, hashed and sent at a time."""


class Content(ABC):
    """Immutable bytes of known length and BLAKE3 digest; either may cost a rendering the first time.

    Attributes:
        cheap: Whether reading takes so little time that it needs no thread.
    """

    cheap: bool = True

    @cached_property
    def size(self) -> int:
        """Length in bytes."""
        return self.measure()

    @cached_property
    def digest(self) -> str:
        """BLAKE3 of the whole, 64 hex digits."""
        return self.hash()

    @abstractmethod
    def measure(self) -> int:
        """Find the length."""

    @abstractmethod
    def read(self, start: int, stop: int) -> bytes | memoryview:
        """Return bytes from `start`, at least one of them and none beyond `stop`; `start < stop <= size`."""

    def hash(self) -> str:
        """Find the digest."""
        state = blake3(max_threads=blake3.AUTO)
        at = 0
        while at < self.size:
            block = self.read(at, min(at + BLOCK, self.size))
            state.update(block)
            at += len(block)
        return state.hexdigest()

    def whole(self) -> bytes:
        """Return everything; for small things."""
        parts, at = [], 0
        while at < self.size:
            parts.append(self.read(at, self.size))
            at += len(parts[-1])
        return b"".join(parts)


class Kept(Content):
    """Bytes held in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def measure(self) -> int:
        """Find the length."""
        return len(self._data)

    def read(self, start: int, stop: int) -> bytes | memoryview:
        """Return bytes from `start`."""
        return memoryview(self._data)[start:stop]


class OnDisk(Content):
    """A file that is there already and does not change."""

    cheap = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def measure(self) -> int:
        """Find the length."""
        return self._path.stat().st_size

    def read(self, start: int, stop: int) -> bytes | memoryview:
        """Return bytes from `start`."""
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)


class Rendered(Content):
    """Bytes that a pure function makes again whenever they are wanted; only their length and digest are kept."""

    def __init__(self, render: Callable[[], bytes], *, cheap: bool = False) -> None:
        self._render = render
        self.cheap = cheap

    def measure(self) -> int:
        """Find the length."""
        return len(self._render())

    def read(self, start: int, stop: int) -> bytes | memoryview:
        """Return bytes from `start`."""
        return memoryview(self._render())[start:stop]


class Repeated(Content):
    """A block of noise over and over: gigabytes for the price of one block.

    Args:
        block: Makes the block, which is shared by many contents.
        size: Length of the whole.
        shift: Where in the block it begins, so that contents over one block differ.
        digest: BLAKE3 of the whole, when it is known beforehand.
    """

    def __init__(self, block: Callable[[], bytes], size: int, shift: int, digest: str | None = None) -> None:
        self._block = block
        self._length = size
        self._shift = shift
        self._known = digest

    def measure(self) -> int:
        """Find the length."""
        return self._length

    def read(self, start: int, stop: int) -> bytes | memoryview:
        """Return bytes from `start`, up to the block's end."""
        block = memoryview(self._block())
        at = (start + self._shift) % len(block)
        return block[at : at + stop - start]

    def hash(self) -> str:
        """Find the digest."""
        return self._known or super().hash()
