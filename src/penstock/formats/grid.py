"""Arithmetic of boxes of voxels: BOSS's cuboid grid, the tiles of a request, and how coarser levels are counted.

Volumes are stored in cuboids of 512 by 512 by 16 voxels (x, y, z) counted from voxel 0, whatever the frame. A request
costs the server as many cuboids as it touches, so tiles meet on the grid and only the outermost are partial.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from penstock.errors import SelectionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.types import Span

CUBOID = (512, 512, 16)
"""Voxels of a cuboid in x, y and z."""

_LEVELS = 30


class Box(NamedTuple):
    """A box of voxels: a half-open span an axis."""

    x: Span
    y: Span
    z: Span

    @property
    def shape(self) -> tuple[int, int, int]:
        """Lengths in array order: z, y, x."""
        return self.z[1] - self.z[0], self.y[1] - self.y[0], self.x[1] - self.x[0]

    @property
    def voxels(self) -> int:
        """How many voxels it holds."""
        depth, height, width = self.shape
        return depth * height * width

    def flat(self) -> list[int]:
        """Return x0, x1, y0, y1, z0, z1, as layouts keep it."""
        return [*self.x, *self.y, *self.z]

    @classmethod
    def from_flat(cls, bounds: Sequence[int]) -> Box:
        """Rebuild from `flat`."""
        x0, x1, y0, y1, z0, z1 = bounds
        return cls((x0, x1), (y0, y1), (z0, z1))

    def within(self, outer: Box) -> tuple[slice, slice, slice]:
        """Return where this box lies in an array that covers `outer`, axes z, y, x."""
        z, y, x = (slice(own[0] - its[0], own[1] - its[0]) for own, its in zip(self[::-1], outer[::-1], strict=True))
        return z, y, x


def slabs(z0: int, z1: int, thickness: int = CUBOID[2]) -> list[Span]:
    """Cut `[z0, z1)` at the multiples of `thickness`."""
    return _cut((z0, z1), thickness, 1)


def tiles(box: Box, itemsize: int, budget: int) -> list[Box]:
    """Partition a box into tiles that meet on the cuboid grid and hold at most `budget` bytes.

    Only a tile inside a single cuboid may exceed the budget. Tiles of an axis hold nearly the same number of
    cuboids each, so that no sliver is left at the end. They come z-major, then y, then x.

    Args:
        box: What to partition.
        itemsize: Bytes of a voxel.
        budget: Bytes, decoded.

    Raises:
        SelectionError: The box is empty.
    """
    if any(start >= stop for start, stop in box):
        raise SelectionError(f"the box {box.flat()} holds no voxel")
    counts = _cuboids_per_tile(box, itemsize, budget)
    x, y, z = (_cut(span, step, count) for span, step, count in zip(box, CUBOID, counts, strict=True))
    return [Box(xs, ys, zs) for zs in z for ys in y for xs in x]


def _cut(span: Span, step: int, count: int) -> list[Span]:
    """Cut a span on multiples of `step` into pieces of at most `count` steps, as even as they can be."""
    if span[0] >= span[1]:
        return []
    first, stop = span[0] // step, -(-span[1] // step)
    pieces = -(-(stop - first) // count)
    inner = [(first + (stop - first) * piece // pieces) * step for piece in range(1, pieces)]
    return list(pairwise([span[0], *inner, span[1]]))


def _cuboids_per_tile(box: Box, itemsize: int, budget: int) -> list[int]:
    """Grow a tile from one cuboid, always along its shortest side, while it fits the budget."""
    counts = [1, 1, 1]
    growing = {0, 1, 2}
    while growing:
        axis = min(growing, key=lambda axis: (_longest(box[axis], CUBOID[axis], counts[axis]), axis))
        larger = [count + (each == axis) for each, count in enumerate(counts)]
        size = itemsize
        for span, step, count in zip(box, CUBOID, larger, strict=True):
            size *= _longest(span, step, count)
        is_whole = _longest(box[axis], CUBOID[axis], counts[axis]) == box[axis][1] - box[axis][0]
        if is_whole or size > budget:
            growing.discard(axis)
        else:
            counts = larger
    return counts


def _longest(span: Span, step: int, count: int) -> int:
    return max(stop - start for start, stop in _cut(span, step, count))


def halved(stop: int, times: int) -> int:
    """Halve a length `times` times, rounding up each time, as the server does when it builds its pyramid."""
    return -(-stop // (1 << times))


def isotropic_level(voxel: Sequence[float]) -> int:
    """Return the level at which voxels are most nearly cubes, when only x and y are halved.

    Args:
        voxel: Its size in x, y and z at level 0.
    """
    x, _, z = voxel
    return min(range(_LEVELS), key=lambda level: abs(z / (x * 2**level) - 1))
