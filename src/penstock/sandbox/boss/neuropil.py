"""Volumes that look like electron microscopy of neuropil, computed for any box from its coordinates alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from penstock.sandbox.boss.cells import BLOCK, Anatomy, Coordinates, Linear, Tissue
from penstock.sandbox.boss.hashing import Floats, fractions, words_at
from penstock.sandbox.boss.textures import SIDE, grain, laid_out, vesicles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Grey = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]

MEMBRANE = 2.2
"""Half the thickness of a membrane, in voxels; labels leave it out."""


@dataclass(frozen=True)
class Grid:
    """Voxels to compute, as coordinates of level 0 along every axis.

    Along each axis they rise by a power of two, the first starts a block, and the last is the last of its block.
    """

    x: Coordinates
    y: Coordinates
    z: Coordinates

    @property
    def shape(self) -> tuple[int, int, int]:
        """Extent along z, y, x."""
        return self.z.size, self.y.size, self.x.size


@dataclass(frozen=True)
class Strip:
    """The voxels of a grid that stand at the same height and depth in their blocks.

    Attributes:
        where: Their index in an array of the grid.
        layer: Number of the layer of blocks.
        membrane: Distance from the nearest membrane.
        second: Where the cell is that of the block's second seed.
        third: Where it is that of the third.
        organelle: Signed distance from the mitochondrion.
    """

    where: tuple[int, slice]
    layer: int
    membrane: Floats
    second: Mask
    third: Mask
    organelle: Floats

    def choose(self, values: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Pick for every voxel the value of its cell."""
        a, b, c = (value[self.layer] for value in values)
        return np.asarray(np.where(self.third, c, np.where(self.second, b, a)))


def grey(tissue: Tissue, grid: Grid) -> Grey:
    """Compute the picture of a grid."""
    anatomy, column = _blocks(tissue, grid)
    tones = [(146 + 34 * fractions(words, 10))[..., column] for words in anatomy.words]
    packed = [(fractions(words, 11) < 0.3)[..., column] for words in anatomy.words]
    signal = np.empty(grid.shape, np.int16)
    vesicular = np.empty(grid.shape, np.bool_)
    for strip in _strips(anatomy, column, grid):
        organelle = np.maximum(strip.organelle, 7 - strip.membrane)
        signal[strip.where] = strip.choose(tones) - _membrane_stain(strip.membrane) - _organelle_stain(organelle)
        vesicular[strip.where] = strip.choose(packed) & (np.minimum(strip.membrane - 9, organelle - 3) > 0)
    return _exposed(tissue, grid, signal, vesicular)


def labels(tissue: Tissue, grid: Grid) -> Labels:
    """Compute the cells of a grid: labels from 1, and 0 in the membranes between them."""
    anatomy, column = _blocks(tissue, grid)
    names = [labels.astype(np.uint32)[..., column] for labels in anatomy.labels]
    out = np.empty(grid.shape, np.uint32)
    for strip in _strips(anatomy, column, grid):
        out[strip.where] = np.where(strip.membrane > MEMBRANE, strip.choose(names), np.uint32(0))
    return out


def _blocks(tissue: Tissue, grid: Grid) -> tuple[Anatomy, npt.NDArray[np.intp]]:
    """Find what the blocks of a grid hold, and to which column of blocks every x belongs."""
    x, y, z = (np.unique(axis // size) for axis, size in zip((grid.x, grid.y, grid.z), BLOCK, strict=True))
    return tissue.anatomy(x, y, z), np.searchsorted(x, grid.x // BLOCK[0])


def _strips(anatomy: Anatomy, column: npt.NDArray[np.intp], grid: Grid) -> Iterator[Strip]:
    """Evaluate the anatomy, for one height and depth in the blocks after the other, a layer of blocks at a time."""
    dx, dy, dz = (_from_centre(axis, size) for axis, size in zip((grid.x, grid.y, grid.z), BLOCK, strict=True))
    rows, planes = (int(np.count_nonzero(axis // n == axis[0] // n)) for axis, n in ((grid.y, 8), (grid.z, 4)))
    for layer in range(grid.z.size // planes):
        functions = [_Profile.of(function, layer, column, dx) for function in (*anatomy.excess, anatomy.organelle)]
        sharpness = anatomy.sharpness[layer][:, column]
        for plane in range(planes):
            bases = [function.base + dz[plane] * function.along_z for function in functions]
            for row in range(rows):
                values = [base + dy[row] * function.along_y for base, function in zip(bases, functions, strict=True)]
                yield _strip(values, sharpness, layer, (layer * planes + plane, slice(row, None, rows)))


def _strip(values: list[Floats], sharpness: Floats, layer: int, where: tuple[int, slice]) -> Strip:
    """Tell cells and membranes from the distances of three seeds."""
    a, b, c, organelle = values
    nearer, farther = np.minimum(a, b), np.maximum(a, b)
    runner_up = np.maximum(nearer, np.minimum(farther, c))
    membrane = (runner_up - np.minimum(nearer, c)) * sharpness
    return Strip(where, layer, membrane, b < a, c < nearer, organelle)


@dataclass(frozen=True)
class _Profile:
    """A linearised function on one layer of blocks, evaluated along x already."""

    base: Floats
    along_y: Floats
    along_z: Floats

    @classmethod
    def of(cls, function: Linear, layer: int, column: npt.NDArray[np.intp], dx: Floats) -> _Profile:
        value, x, y, z = (array[layer][:, column] for array in (function.value, *function.slope))
        return cls(value + x * dx, y, z)


def _from_centre(axis: Coordinates, size: int) -> Floats:
    return (axis % size - (size - 1) / 2).astype(np.float32)


def _membrane_stain(distance: Floats) -> Floats:
    """Darken membranes, softly over three voxels."""
    near = np.maximum(0, 1 - distance * 0.17)
    return np.asarray(118 * near * near)


def _organelle_stain(distance: Floats) -> Floats:
    """Darken mitochondria: a rim, a matrix, and cristae as layers in it."""
    rim = np.maximum(0, 1 - np.abs(distance) * 0.33)
    depth = np.minimum(np.maximum(0, -distance * 0.4), 1)
    turns = distance * 0.16
    cristae = np.abs(turns - np.rint(turns))
    return np.asarray(48 * rim + depth * (22 + 52 * cristae))


def _exposed(tissue: Tissue, grid: Grid, signal: npt.NDArray[np.int16], vesicular: Mask) -> Grey:
    """Add what differs from section to section: vesicles, grain and brightness."""
    out = np.empty(grid.shape, np.uint8)
    sections = grid.z % tissue.period[2]
    words = words_at(tissue.seed ^ 0xE, sections)
    shifts = [(fractions(words, stream) * SIDE).astype(np.int64) for stream in range(4)]
    brightness = (8 * fractions(words, 4) - 4).astype(np.int16)
    for k in range(sections.size):
        plane = signal[k] + brightness[k]
        plane += laid_out(grain(tissue.seed), grid.y + shifts[0][k], grid.x + shifts[1][k])
        plane += vesicular[k] * laid_out(vesicles(tissue.seed), grid.y + shifts[2][k], grid.x + shifts[3][k])
        out[k] = np.clip(plane, 1, 255)
    return out
