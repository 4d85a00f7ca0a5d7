"""Neuropil as the base of a channel: rendered by the cuboid, kept for a while, repeated after its period."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from penstock.sandbox.boss import neuropil
from penstock.sandbox.boss.neuropil import Grid
from penstock.sandbox.boss.shelf import Shelf
from penstock.sandbox.boss.textures import grain, laid_out
from penstock.sandbox.boss.voxels import CUBOID_ZYX, Box, Voxels

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from penstock.sandbox.boss.cells import Tissue
    from penstock.sandbox.boss.levels import Level

Triple = tuple[int, int, int]


class Sections:
    """A volume of neuropil; a voxel of level r is the sample of level 0 at its coordinates times 2^r.

    Args:
        tissue: What is pictured.
        render: Computes a grid of it.
        highest_id: Largest label in it; 0 for images.
        memory: Bytes of rendered cuboids to keep.
    """

    def __init__(
        self, tissue: Tissue, render: Callable[[Tissue, Grid], Voxels], *, highest_id: int = 0, memory: int = 160 << 20
    ) -> None:
        self.tissue = tissue
        self.highest_id = highest_id
        self._render = render
        self._shelf: Shelf[Voxels] = Shelf(memory)

    def read(self, level: Level, box: Box, /) -> Voxels:
        """Assemble a box from rendered tiles: cuboids, or what repeats if that is less."""
        period = self._period(level)
        tile = [min(size, whole) for size, whole in zip(CUBOID_ZYX, period, strict=True)]
        spans = (box.z, box.y, box.x)
        starts = [range(a // n * n, b, n) for (a, b), n in zip(spans, tile, strict=True)]
        out: Voxels | None = None
        for z, y, x in product(*starts):
            whole = Box((x, x + tile[2]), (y, y + tile[1]), (z, z + tile[0]))
            voxels = self._tile(level, (z % period[0], y % period[1], x % period[2]), whole.shape)
            part = box.meet(whole)
            out = np.empty(box.shape, voxels.dtype) if out is None else out
            out[part.within(box)] = voxels[part.within(whole)]
        assert out is not None
        return out

    def phase(self, level: Level, box: Box, /) -> Hashable:
        """Name the box's corner within the period."""
        corner = (box.z[0], box.y[0], box.x[0])
        return tuple(start % whole for start, whole in zip(corner, self._period(level), strict=True))

    def whereabouts(self, label: int, /) -> list[Box]:
        """Bound a label within the first period; a cell that crosses the origin has its other half at the far end."""
        if label > self.highest_id:
            return []
        spans = self.tissue.whereabouts(label)
        choices = [
            [(max(a + shift, 0), b + shift) for shift in (0, -whole, whole)]
            for (a, b), whole in zip(spans, self.tissue.period, strict=True)
        ]
        return [box for box in (Box(*spans) for spans in product(*choices)) if not box.empty]

    def _period(self, level: Level) -> Triple:
        x, y, z = self.tissue.period
        return z >> level.z_halvings, y >> level.res, x >> level.res

    def _tile(self, level: Level, corner: Triple, shape: Triple) -> Voxels:
        key = (level.res, level.z_halvings, corner)
        return self._shelf.obtain(key, lambda: self._rendered(level, corner, shape), lambda voxels: voxels.nbytes)

    def _rendered(self, level: Level, corner: Triple, shape: Triple) -> Voxels:
        shifts = (level.z_halvings, level.res, level.res)
        z, y, x = (
            np.arange(start, start + n, dtype=np.int64) << shift
            for start, n, shift in zip(corner, shape, shifts, strict=True)
        )
        return self._render(self.tissue, Grid(x, y, z))


def grey16(tissue: Tissue, grid: Grid) -> Voxels:
    """Picture tissue with 16 bits: the 8-bit picture, stretched, with a detector's noise in the lower bits."""
    stretched = neuropil.grey(tissue, grid).astype(np.int32) * 200
    noise = laid_out(grain(tissue.seed + 1), grid.y, grid.x).astype(np.int32) * 5
    return np.asarray(np.clip(stretched + noise, 1, 65535), np.uint16)
