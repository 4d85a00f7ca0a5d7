"""The anatomy of synthetic neuropil: cells, their membranes and mitochondria, as smooth functions of position.

Cells are the regions of a power diagram (a Voronoi diagram whose seeds have sizes) over a jittered lattice, seen
through a warp of slow sine waves. Every function is linearised in blocks of 8 x 8 x 4 voxels: what is costly,
finding the nearest seeds, happens once a block, and a voxel costs a few additions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

from penstock.sandbox.boss.hashing import Floats, Words, fractions, words_at

BLOCK = (8, 8, 4)
"""Voxels of level 0 along x, y, z."""
PITCH = 128.0
"""Lattice constant, in voxels along x and y."""
DEPTH = 4.0
"""How much longer a voxel counts along z."""
NEAREST = 3
NEIGHBOURS = sorted(product((-1, 0, 1), repeat=3), key=lambda offset: sum(map(abs, offset)))
LATTICE_SIDE = 4096
WAVES = ((5, 2, 1), (-3, 7, 1), (11, -6, 2), (4, 13, -3))
"""Wave numbers of the warp along x, y, z, in periods of 1024 x 1024 x 64 voxels."""
AMPLITUDES = (15.0, 10.0, 4.0, 2.5)

Coordinates = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Linear:
    """A function of position, linearised around the centres of blocks: arrays of (z, y, x) blocks."""

    value: Floats
    slope: tuple[Floats, Floats, Floats]
    """Along x, y, z, a voxel of level 0."""


@dataclass(frozen=True)
class Anatomy:
    """What a set of blocks holds.

    Attributes:
        excess: For the nearest seeds, nearest first: by how much more than nothing they are away, squared.
        labels: Labels of those seeds.
        words: Random words of those seeds' cells.
        sharpness: What turns a difference of two of `excess` into a distance from the membrane.
        organelle: Signed distance from the surface of the cell's mitochondrion, in voxels, negative inside.
    """

    excess: tuple[Linear, ...]
    labels: tuple[Words, ...]
    words: tuple[Words, ...]
    sharpness: Floats
    organelle: Linear


@dataclass(frozen=True)
class Tissue:
    """Neuropil without end, repeating seamlessly after a period.

    Args:
        seed: Everything follows from it.
        period: Voxels of level 0 along x, y, z after which it repeats; multiples of 1024, 1024, 64.
    """

    seed: int
    period: tuple[int, int, int]

    @cached_property
    def _lattice_period(self) -> tuple[int, int, int]:
        x, y, z = self.period
        return int(x / PITCH), int(y / PITCH), int(z * DEPTH / PITCH)

    def anatomy(self, x: Coordinates, y: Coordinates, z: Coordinates) -> Anatomy:
        """Linearise everything in the blocks of the given indices."""
        centres = [
            (blocks * size + (size - 1) / 2).astype(np.float32) for blocks, size in zip((x, y, z), BLOCK, strict=True)
        ]
        position, jacobian = self._warp(*centres)
        seeds = _Seeds.around(self, position)
        order = seeds.nearest(position)
        return Anatomy(
            tuple(_power(seeds, index, position, jacobian) for index in order),
            tuple(seeds.labels[index] for index in order),
            tuple(seeds.words[index] for index in order),
            _sharpness(seeds, order),
            _mitochondrion(seeds, order[0], position, jacobian),
        )

    def _warp(self, x: Floats, y: Floats, z: Floats) -> tuple[list[Floats], list[list[Floats]]]:
        """Map block centres into the space where the lattice is regular; give the Jacobian, too."""
        shape = (z.size, y.size, x.size)
        grid = (x[None, None, :], y[None, :, None], z[:, None, None])
        scale = (1.0, 1.0, DEPTH)
        position = [np.broadcast_to(axis * np.float32(s), shape).copy() for axis, s in zip(grid, scale, strict=True)]
        jacobian = [[np.full(shape, scale[i] if i == j else 0.0, np.float32) for j in range(3)] for i in range(3)]
        phases = fractions(words_at(self.seed, np.arange(3)[:, None], np.arange(len(WAVES))[None, :]), 9)
        for number, (wave, amplitude) in enumerate(zip(WAVES, AMPLITUDES, strict=True)):
            k = [2 * np.pi * n / period for n, period in zip(wave, (1024, 1024, 64), strict=True)]
            turn = _turns(k[2] * grid[2]) * (_turns(k[1] * grid[1]) * _turns(k[0] * grid[0]))
            for i in range(3):
                shifted = turn * (amplitude * _turns(2 * np.pi * phases[i, number]))
                position[i] += shifted.imag.astype(np.float32)
                slope = shifted.real.astype(np.float32)
                for j in range(3):
                    jacobian[i][j] += np.float32(k[j]) * slope
        return position, jacobian

    @property
    def highest_label(self) -> int:
        """Largest label of a cell."""
        x, y, z = self._lattice_period
        return ((z - 1) * LATTICE_SIDE + y - 1) * LATTICE_SIDE + x

    def whereabouts(self, label: int) -> tuple[tuple[int, int], ...]:
        """Bound where in one period a label can occur, along x, y, z at level 0; starts may be negative."""
        rest, x = divmod(label - 1, LATTICE_SIDE)
        z, y = divmod(rest, LATTICE_SIDE)
        reach = 2.0 * PITCH + sum(AMPLITUDES)
        centres = ((index + 0.5) * PITCH for index in (x, y, z))
        return tuple(
            (int((centre - reach) / scale), int((centre + reach) / scale) + 1)
            for centre, scale in zip(centres, (1.0, 1.0, DEPTH), strict=True)
        )


def _turns(angle: Floats) -> npt.NDArray[np.complex128]:
    """Turn angles into points of the unit circle: multiplying them adds angles, and is cheaper than sines."""
    return np.asarray(np.exp(1j * angle.astype(np.float64)))


@dataclass(frozen=True)
class _Seeds:
    """The seeds of a part of the lattice, flattened."""

    position: tuple[Floats, Floats, Floats]
    size: Floats
    words: Words
    labels: Words
    low: tuple[int, int, int]
    shape: tuple[int, int, int]

    @classmethod
    def around(cls, tissue: Tissue, position: list[Floats]) -> _Seeds:
        """Make every seed that can be near one of the positions."""
        low = [int(np.floor(axis.min() / PITCH)) - 1 for axis in position]
        high = [int(np.floor(axis.max() / PITCH)) + 2 for axis in position]
        x, y, z = (np.arange(a, b) for a, b in zip(low, high, strict=True))
        nx, ny, nz = tissue._lattice_period
        cells = (z % nz)[:, None, None], (y % ny)[None, :, None], (x % nx)[None, None, :]
        words = words_at(tissue.seed, *cells)
        labels = (cells[0] * LATTICE_SIDE + cells[1]) * LATTICE_SIDE + cells[2] + 1
        shape = (z.size, y.size, x.size)
        corners = (x[None, None, :], y[None, :, None], z[:, None, None])
        spots = tuple(
            ((corner + 0.5 + 0.9 * (fractions(words, i) - 0.5)) * PITCH).astype(np.float32).ravel()
            for i, corner in enumerate(corners)
        )
        spread = fractions(words, 3)
        size = np.float32((0.75 * PITCH) ** 2) * spread * spread * spread
        flat_labels = np.broadcast_to(labels, shape).astype(np.uint64).ravel()
        return cls(
            (spots[0], spots[1], spots[2]), size.ravel(), words.ravel(), flat_labels, (low[0], low[1], low[2]), shape
        )

    def nearest(self, position: list[Floats]) -> list[npt.NDArray[np.intp]]:
        """Find the flat indices of the nearest seeds of every position, nearest first."""
        shape = position[0].shape
        flat = [axis.ravel() for axis in position]
        x, y, z = (np.floor(axis / PITCH).astype(np.intp) - low for axis, low in zip(flat, self.low, strict=True))
        home = (z * self.shape[1] + y) * self.shape[2] + x
        ranking = _Ranking(home.size)
        for dz, dy, dx in NEIGHBOURS:
            candidate = home + (dz * self.shape[1] + dy) * self.shape[2] + dx
            ranking.enter(self.excess(candidate, flat), candidate)
        return [index.reshape(shape) for index in ranking.index]

    def excess(self, index: npt.NDArray[np.intp], position: list[Floats]) -> Floats:
        """Measure the power distance: squared, less the seed's size."""
        away = [np.square(axis - spots[index]) for axis, spots in zip(position, self.position, strict=True)]
        return np.asarray(away[0] + away[1] + away[2] - self.size[index])


class _Ranking:
    """The best few of many candidates, for many points at once."""

    def __init__(self, points: int) -> None:
        self.value = [np.full(points, np.inf, np.float32) for _ in range(NEAREST)]
        self.index = [np.zeros(points, np.intp) for _ in range(NEAREST)]

    def enter(self, value: Floats, index: npt.NDArray[np.intp]) -> None:
        """Let every point's candidate find its rank; most points are not concerned and cost one comparison."""
        hits = np.flatnonzero(value < self.value[-1])
        value, index = value[hits], index[hits]
        for values, indices in zip(self.value, self.index, strict=True):
            old_value, old_index = values[hits], indices[hits]
            nearer = value < old_value
            values[hits], value = np.where(nearer, value, old_value), np.where(nearer, old_value, value)
            indices[hits], index = np.where(nearer, index, old_index), np.where(nearer, old_index, index)


def _power(seeds: _Seeds, index: npt.NDArray[np.intp], position: list[Floats], jacobian: list[list[Floats]]) -> Linear:
    """Linearise a seed's power distance, but for the curvature, which all seeds share: differences are exact."""
    offset = [axis - spots[index] for axis, spots in zip(position, seeds.position, strict=True)]
    return Linear(seeds.excess(index, position), _pulled_back([2 * axis for axis in offset], jacobian))


def _pulled_back(gradient: list[Floats], jacobian: list[list[Floats]]) -> tuple[Floats, Floats, Floats]:
    """Turn a gradient in the warped space into slopes along the voxel axes."""
    x, y, z = (np.asarray(sum(gradient[i] * jacobian[i][j] for i in range(3)), np.float32) for j in range(3))
    return x, y, z


def _sharpness(seeds: _Seeds, order: list[npt.NDArray[np.intp]]) -> Floats:
    """Turn differences of power distances into distances; membranes of some pairs of cells, synapses, are thick."""
    first, second = order[0], order[1]
    apart = np.sqrt(sum(np.square(spots[first] - spots[second]) for spots in seeds.position))
    pair = fractions(seeds.words[first] ^ seeds.words[second], 4)
    thickness = np.where(pair < 0.14, 2.1, 1.0)
    return np.asarray(1.0 / (2.0 * apart * thickness), np.float32)


def _mitochondrion(
    seeds: _Seeds, index: npt.NDArray[np.intp], position: list[Floats], jacobian: list[list[Floats]]
) -> Linear:
    """Linearise the distance from the ellipsoid that lies in a cell; two cells in five have one."""
    words = seeds.words[index]
    tilt = 2 * np.pi * fractions(words, 5).astype(np.float64)
    radius = 17 + 10 * fractions(words, 6)
    length = radius * (1.2 + 1.3 * fractions(words, 7))
    cos, sin = (turn.astype(np.float32) for turn in (np.cos(tilt), np.sin(tilt)))
    dx, dy, dz = (axis - spots[index] for axis, spots in zip(position, seeds.position, strict=True))
    along, across = (cos * dx + sin * dy) / length, (cos * dy - sin * dx) / radius
    upright = dz / (3.0 * radius)
    norm = np.sqrt(along**2 + across**2 + upright**2) + np.float32(1e-6)
    u, v, w = along / (norm * length), across / (norm * radius), upright / (norm * 3.0 * radius)
    gradient = [
        np.asarray(g, np.float32) for g in (radius * (cos * u - sin * v), radius * (sin * u + cos * v), radius * w)
    ]
    present = fractions(words, 8) < 0.4
    return Linear(np.where(present, radius * (norm - 1), np.float32(99)), _pulled_back(gradient, jacobian))
