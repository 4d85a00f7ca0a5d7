"""The 10-20 electrode positions, in the order of a common recorder, and how far a source reaches over the scalp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

POSITIONS: dict[str, tuple[float, float]] = {
    "Fz": (0.0, 0.5),
    "C4": (0.5, 0.0),
    "Pz": (0.0, -0.5),
    "C3": (-0.5, 0.0),
    "F3": (-0.4, 0.5),
    "F4": (0.4, 0.5),
    "P4": (0.4, -0.5),
    "P3": (-0.4, -0.5),
    "A2": (1.15, -0.1),
    "T4": (0.95, 0.0),
    "A1": (-1.15, -0.1),
    "T3": (-0.95, 0.0),
    "Fp1": (-0.3, 0.95),
    "Fp2": (0.3, 0.95),
    "O2": (0.3, -0.95),
    "O1": (-0.3, -0.95),
    "F7": (-0.8, 0.55),
    "F8": (0.8, 0.55),
    "T6": (0.8, -0.55),
    "T5": (-0.8, -0.55),
    "Cz": (0.0, 0.0),
}
"""Place of each electrode on the unit disc: right is positive, then front is positive."""

NAMES = tuple(POSITIONS)


def reach(place: tuple[float, float], width: float) -> NDArray[np.float64]:
    """Weigh each electrode by its distance from a source."""
    offsets = np.array(list(POSITIONS.values())) - np.array(place)
    return np.asarray(np.exp(-0.5 * np.sum(offsets**2, axis=1) / width**2), dtype=np.float64)
