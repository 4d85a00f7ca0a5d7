"""A channel's voxels: a synthetic base, and what clients wrote on top of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

import blosc
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from penstock.sandbox.boss.levels import Level
    from penstock.types import Span

Voxels = npt.NDArray[Any]
CUBOID_ZYX = (16, 512, 512)


@dataclass(frozen=True, slots=True)
class Box:
    """A box of voxels of one level, half-open along every axis."""

    x: Span
    y: Span
    z: Span

    @property
    def shape(self) -> tuple[int, int, int]:
        """Extent along z, y, x: the order of arrays."""
        return self.z[1] - self.z[0], self.y[1] - self.y[0], self.x[1] - self.x[0]

    @property
    def empty(self) -> bool:
        """Whether it holds no voxel."""
        return min(self.shape) <= 0

    def meet(self, other: Box) -> Box:
        """Intersect; the result may be empty."""
        pairs = ((self.x, other.x), (self.y, other.y), (self.z, other.z))
        return Box(*((max(a[0], b[0]), min(a[1], b[1])) for a, b in pairs))

    def within(self, outer: Box) -> tuple[slice, slice, slice]:
        """Index this box in an array of the outer one."""
        pairs = ((self.z, outer.z), (self.y, outer.y), (self.x, outer.x))
        z, y, x = (slice(a[0] - b[0], a[1] - b[0]) for a, b in pairs)
        return z, y, x

    def cuboids(self) -> Iterator[tuple[int, int, int]]:
        """Yield the z, y, x indices of the cuboids that it touches."""
        spans = zip((self.z, self.y, self.x), CUBOID_ZYX, strict=True)
        z, y, x = (range(start // size, -(-stop // size)) for (start, stop), size in spans)
        return product(z, y, x)


def cuboid_box(index: tuple[int, int, int]) -> Box:
    """Give the box of a cuboid from its z, y, x indices."""
    z, y, x = ((i * size, (i + 1) * size) for i, size in zip(index, CUBOID_ZYX, strict=True))
    return Box(x, y, z)


def extent_of(level: Level) -> Box:
    """Give the box of all voxels of a level."""
    return Box(*zip(level.start, level.stop, strict=True))


class Base(Protocol):
    """Where unwritten voxels come from: a pure function of level and coordinates."""

    highest_id: int
    """Largest label that it holds; 0 for images."""

    def read(self, level: Level, box: Box, /) -> Voxels:
        """Compute a box that lies within the level's extent, as an array of (z, y, x)."""
        ...

    def phase(self, level: Level, box: Box, /) -> Hashable:
        """Name the content of a box: equal phases and shapes have equal voxels."""
        ...

    def whereabouts(self, label: int, /) -> list[Box]:
        """Bound where a label can occur at level 0."""
        ...


class Nothing:
    """The base of a channel that starts empty."""

    highest_id = 0

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)

    def read(self, _level: Level, box: Box, /) -> Voxels:
        """Give zeros."""
        return np.zeros(box.shape, self.dtype)

    def phase(self, _level: Level, _box: Box, /) -> Hashable:
        """Say that all boxes are alike."""
        return 0

    def whereabouts(self, _label: int, /) -> list[Box]:
        """Say that no label occurs."""
        return []


Key = tuple[int, bool, int, tuple[int, int, int]]
"""Level, whether of the isotropic pyramid, time sample, cuboid (z, y, x)."""


class Volume:
    """All voxels of one channel.

    Written cuboids are kept compressed in memory. Reads and writes may run in several threads at once.

    Args:
        dtype: Little-endian unsigned type of a voxel.
        base: What unwritten cuboids hold, at time sample 0 and every other.
    """

    def __init__(self, dtype: npt.DTypeLike, base: Base | None = None) -> None:
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.base: Base = base or Nothing(self.dtype)
        self._written: dict[Key, bytes] = {}
        self._lock = threading.Lock()

    def read(self, level: Level, box: Box, times: range, samples: int) -> Voxels:
        """Read a box at some time samples, as an array of (t, z, y, x).

        Outside of the level's extent, and at time samples that the experiment does not have, it is zeros.
        """
        out = np.zeros((len(times), *box.shape), self.dtype)
        inside = box.meet(extent_of(level))
        if inside.empty:
            return out
        for frame, t in zip(out, times, strict=True):
            if t < samples:
                frame[inside.within(box)] = self.base.read(level, inside)
                self._overlay(level, inside, t, frame[inside.within(box)])
        return out

    def phase(self, level: Level, box: Box) -> Hashable:
        """Name the content of a box for a cache of answers; None when something was written to this channel."""
        if self._written:
            return None
        name = self.base.phase(level, box) if box.meet(extent_of(level)) == box else box
        return level.res, level.isotropic, name

    def merge(self, level: Level, box: Box, times: range, values: Voxels) -> None:
        """Write an array of (t, z, y, x); its zeros leave alone what is there."""
        for t, frame in zip(times, values, strict=True):
            for index in box.cuboids():
                part = box.meet(cuboid_box(index))
                new = frame[part.within(box)]
                with self._lock:
                    cuboid = self._load(level, t, index)
                    np.copyto(cuboid[part.within(cuboid_box(index))], new, where=new != 0)
                    self._store(level, t, index, cuboid)

    def blacken(self, level: Level, box: Box, times: range) -> None:
        """Write true zeros."""
        for t, index in product(times, box.cuboids()):
            with self._lock:
                cuboid = self._load(level, t, index)
                cuboid[box.meet(cuboid_box(index)).within(cuboid_box(index))] = 0
                self._store(level, t, index, cuboid)

    def replace(self, level: Level, box: Box, t: int, values: Voxels) -> None:
        """Write an array of (z, y, x) as it is, zeros included."""
        for index in box.cuboids():
            part = box.meet(cuboid_box(index))
            with self._lock:
                cuboid = self._load(level, t, index)
                cuboid[part.within(cuboid_box(index))] = values[part.within(box)]
                self._store(level, t, index, cuboid)

    def written(self, res: int, *, isotropic: bool = False) -> list[tuple[int, tuple[int, int, int]]]:
        """List the time sample and index of every written cuboid of a level."""
        with self._lock:
            return [(t, index) for r, iso, t, index in self._written if (r, iso) == (res, isotropic)]

    def _overlay(self, level: Level, inside: Box, t: int, target: Voxels) -> None:
        if not self._written:
            return
        for index in inside.cuboids():
            with self._lock:
                packed = self._written.get((level.res, level.isotropic, t, index))
            if packed is not None:
                part = inside.meet(cuboid_box(index))
                target[part.within(inside)] = self._unpack(packed)[part.within(cuboid_box(index))]

    def _load(self, level: Level, t: int, index: tuple[int, int, int]) -> Voxels:
        """Give a cuboid to write into, starting from the base when nothing was written to it before."""
        packed = self._written.get((level.res, level.isotropic, t, index))
        if packed is not None:
            return self._unpack(packed).copy()
        box = cuboid_box(index)
        cuboid = np.zeros(CUBOID_ZYX, self.dtype)
        inside = box.meet(extent_of(level))
        if not inside.empty:
            cuboid[inside.within(box)] = self.base.read(level, inside)
        return cuboid

    def _store(self, level: Level, t: int, index: tuple[int, int, int], cuboid: Voxels) -> None:
        packed = blosc.compress(cuboid.data.cast("B"), typesize=self.dtype.itemsize, clevel=1, cname="lz4")
        self._written[level.res, level.isotropic, t, index] = packed

    def _unpack(self, packed: bytes) -> Voxels:
        return np.frombuffer(blosc.decompress(packed), self.dtype).reshape(CUBOID_ZYX)
