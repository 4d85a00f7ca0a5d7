"""Heart, breath and movement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from penstock.sandbox.seer.rhythms import Floats, occurrences, pink, uniform, weave

if TYPE_CHECKING:
    from penstock.sandbox.seer.eeg import Seizure
    from penstock.sandbox.seer.studies import Stretch

WAVES = ((-0.17, 0.022, 0.12), (-0.028, 0.009, -0.11), (0.0, 0.011, 1.05), (0.03, 0.010, -0.24), (0.27, 0.045, 0.28))
"""P, Q, R, S and T: seconds from the beat, width in seconds, height in millivolts."""


def floor_noise(seed: int, stretch: Stretch, rows: int, rms: float) -> Floats:
    """Make the coloured noise of a sensor."""
    spectrum = _Floor(rows, rms, stretch.rate / 2.5)
    hop = max(1, round(10.0 * stretch.rate))
    return weave(f"{seed}/{stretch.label}/floor", stretch.first, stretch.count, stretch.rate, spectrum, hop)


@dataclass(frozen=True)
class _Floor:
    rows: int
    rms: float
    high: float

    def __call__(self, frequencies: Floats, _: float) -> Floats:
        return np.repeat(pink(frequencies, self.rms, low=0.2, high=self.high)[None], self.rows, axis=0)


@dataclass(frozen=True)
class Ecg:
    """A heart, in millivolts; it breathes, and it races in a seizure.

    Attributes:
        seed: All randomness follows from it.
        rows: How many leads.
        rate: Beats a second at rest.
        seizures: When to race.
    """

    seed: int
    rows: int = 1
    rate: float = 1.05
    seizures: tuple[Seizure, ...] = ()

    def __call__(self, stretch: Stretch) -> Floats:
        """Make leads x samples."""
        times = stretch.seconds
        beats, pace = self._beats(times), self._pace(times)
        since = beats - np.floor(beats)
        lead = np.zeros_like(times)
        for offset, width, height in WAVES:
            away = since - offset * pace
            away -= np.round(away)
            lead += height * np.exp(-0.5 * (away / (width * pace)) ** 2)
        gains = np.array([1.0, 0.62, -0.4, 0.8])[: self.rows, None]
        wander = 0.06 * np.sin(2.0 * np.pi * 0.23 * times)
        return np.asarray(gains * lead + wander + floor_noise(self.seed, stretch, self.rows, 0.012), dtype=np.float64)

    def _beats(self, times: Floats) -> Floats:
        """Count beats since the study's start: the pace, integrated."""
        count = (
            self.rate * times - 0.045 * np.cos(2.0 * np.pi * 0.23 * times) - 0.4 * np.cos(2.0 * np.pi * times / 90.0)
        )
        for seizure in self.seizures:
            away = np.clip(times - seizure.start, 0.0, 3.0 * seizure.seconds) / (3.0 * seizure.seconds)
            count += 0.6 * 3.0 * seizure.seconds * (away - np.sin(2.0 * np.pi * away) / (2.0 * np.pi)) / 2.0
        return np.asarray(count, dtype=np.float64)

    def _pace(self, times: Floats) -> Floats:
        """Beats a second."""
        step = 1e-3
        return np.asarray((self._beats(times + step) - self._beats(times - step)) / (2.0 * step), dtype=np.float64)


@dataclass(frozen=True)
class Respiration:
    """A belt around the chest, one channel, in the sensor's own units."""

    seed: int

    def __call__(self, stretch: Stretch) -> Floats:
        """Make 1 x samples."""
        times = stretch.seconds
        phase = 2.0 * np.pi * 0.23 * times + 0.8 * np.sin(2.0 * np.pi * times / 47.0)
        breath = 220.0 * (np.sin(phase) + 0.25 * np.sin(2.0 * phase))
        return np.asarray(breath[None] + floor_noise(self.seed, stretch, 1, 4.0), dtype=np.float64)


@dataclass(frozen=True)
class Motion:
    """A wrist, in g: gravity turning with posture, breath, and bursts of movement."""

    seed: int

    def __call__(self, stretch: Stretch) -> Floats:
        """Make x, y and z."""
        times = stretch.seconds
        tilt, roll = uniform(self.seed, "posture", size=2) * 2.0
        lean = tilt + 0.25 * np.sin(2.0 * np.pi * times / 611.0)
        gravity = np.stack([np.sin(lean) * np.cos(roll), np.sin(lean) * np.sin(roll) + 0 * times, np.cos(lean)])
        shake = np.zeros_like(times)
        for when, strength in occurrences(f"{self.seed}/{stretch.label}/move", times[0], times[-1], 15.0, 0.4):
            shake += 0.5 * strength * np.exp(-0.5 * ((times - when) / 0.8) ** 2)
        axes = np.array([1.0, -0.7, 0.4])[:, None]
        movement = axes * shake * np.sin(2.0 * np.pi * 2.3 * times) + 0.01 * np.sin(2.0 * np.pi * 0.23 * times)
        return np.asarray(gravity + movement + floor_noise(self.seed, stretch, 3, 0.004), dtype=np.float64)


@dataclass(frozen=True)
class Drift:
    """Anything slow, for channels that exist for their encoding's sake: a level with a swing, one row a channel."""

    seed: int
    rows: int = 1
    level: float = 0.0
    swing: float = 1.0

    def __call__(self, stretch: Stretch) -> Floats:
        """Make rows x samples."""
        times = stretch.seconds
        speeds = 0.31 + 0.17 * np.arange(self.rows)[:, None]
        slow = self.level + self.swing * np.sin(2.0 * np.pi * speeds * times)
        return np.asarray(slow + floor_noise(self.seed, stretch, self.rows, self.swing / 50.0), dtype=np.float64)
