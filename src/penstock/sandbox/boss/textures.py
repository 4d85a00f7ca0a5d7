"""Periodic textures of one section: detector grain, and vesicles."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from penstock.sandbox.boss.hashing import Floats, fractions, words_at

Texture = npt.NDArray[np.int16]
SIDE = 512
VESICLE_RADIUS, VESICLE_PITCH = 3.6, 12


@cache
def grain(seed: int) -> Texture:
    """Draw noise in grey levels: fine, as of the detector, and coarser, as of the stain."""
    fine = _blurred(_white(seed, 0), 1)
    coarse = _blurred(_white(seed, 1), 6)
    return np.asarray(np.rint(8.5 * fine / fine.std() + 4.0 * coarse / coarse.std()), np.int16)


@cache
def vesicles(seed: int) -> Texture:
    """Draw dark rings with pale lumens, in grey levels to add to the cytoplasm."""
    picture = np.zeros((SIDE, SIDE), np.float32)
    count = SIDE // VESICLE_PITCH
    lattice = np.arange(count)
    words = words_at(seed, lattice[:, None], lattice[None, :])
    present, dy, dx = (fractions(words, stream) for stream in range(3))
    for row, column in np.argwhere(present < 0.7):
        centre = (
            (row + 0.8 * dy[row, column] + 0.1) * VESICLE_PITCH,
            (column + 0.8 * dx[row, column] + 0.1) * VESICLE_PITCH,
        )
        _draw_ring(picture, *centre)
    return np.rint(picture).astype(np.int16)


def _draw_ring(picture: Floats, y: float, x: float) -> None:
    """Draw one vesicle, well inside of the picture or wrapped around its edge."""
    reach = int(VESICLE_RADIUS) + 4
    rows, columns = (np.arange(int(at) - reach, int(at) + reach + 1) for at in (y, x))
    distance = np.hypot(rows[:, None] - y, columns[None, :] - x)
    ring = -38 * np.exp(-(((distance - VESICLE_RADIUS) / 1.3) ** 2)) + 8 * np.exp(-((distance / 2.0) ** 2))
    picture[np.ix_(rows % SIDE, columns % SIDE)] += ring.astype(np.float32)


def _white(seed: int, stream: int) -> Floats:
    """Give nearly normal noise: sums of four uniform numbers."""
    side = np.arange(SIDE)
    words = words_at(seed, side[:, None], side[None, :])
    total = np.sum([fractions(words, 8 * stream + k) for k in range(4)], axis=0)
    return np.asarray(total - 2, np.float32)


def _blurred(noise: Floats, radius: int) -> Floats:
    """Smooth periodically with a triangle along both axes."""
    for axis in (0, 1):
        shifted = ((radius + 1 - abs(k)) * np.roll(noise, k, axis) for k in range(-radius, radius + 1))
        noise = np.asarray(np.sum(list(shifted), axis=0), np.float32)
    return noise


def laid_out(texture: Texture, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Texture:
    """Look a periodic texture up at a grid of coordinates."""
    return np.take(np.take(texture, rows % SIDE, axis=0), columns % SIDE, axis=1)
