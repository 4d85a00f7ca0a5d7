"""Brain activity as scalp electrodes see it, in microvolts: rhythms by vigilance, blinks, muscle, seizures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from penstock.sandbox.seer.montage import NAMES, reach
from penstock.sandbox.seer.rhythms import Floats, Spectrum, band, mixed, occurrences, pink, weave

if TYPE_CHECKING:
    from penstock.sandbox.seer.studies import Stretch

FRONT = reach((0.0, 1.0), 0.45)
BACK = reach((0.0, -0.85), 0.45)
VERTEX = reach((0.0, 0.1), 0.6)
TEMPLES = reach((-0.9, 0.2), 0.35) + reach((0.9, 0.2), 0.35)
SOURCES = np.stack([reach(place, 0.55) for place in ((-0.6, 0.5), (0.6, 0.5), (-0.6, -0.5), (0.6, -0.5), (0.0, 0.0))])
OFFSETS = np.linspace(-9.0, 11.0, len(NAMES))[:, None]
BLINK_SECONDS = 0.09
SLOW_RHYTHMS = {
    "wake": (3.0, 3.0, 0.5),
    "light": (14.0, 9.0, 6.0),
    "deep": (38.0, 8.0, 2.0),
    "rem": (6.0, 9.0, 0.5),
}
"""Delta, theta and spindle amplitudes by state, in microvolts."""


@dataclass(frozen=True, slots=True)
class Seizure:
    """A discharge that starts over one temple, spreads and slows down.

    Attributes:
        start: Seconds since the study's start.
        seconds: How long it lasts.
        focus: Where it starts, on the unit disc.
    """

    start: float
    seconds: float
    focus: tuple[float, float] = (-0.85, 0.25)

    def wave(self, times: Floats) -> Floats:
        """Give the discharge at each electrode, in microvolts: spike and wave, from 5 down to 2.5 per second."""
        along = (times - self.start) / self.seconds
        inside = (along >= 0.0) & (along < 1.0)
        along = np.where(inside, along, 0.0)
        turns = self.seconds * (5.0 * along - 1.25 * along**2)
        phase = turns - np.floor(turns)
        spike = np.exp(-0.5 * ((phase - 0.2) / 0.035) ** 2)
        slow = np.sin(np.pi * np.clip((phase - 0.3) / 0.7, 0.0, 1.0)) * 0.6
        shape = np.where(
            inside, (spike - slow) * np.minimum(1.0, 5.0 * along) * np.minimum(1.0, 20.0 * (1.0 - along)), 0.0
        )
        spread = reach(self.focus, 0.3)[:, None] * 170.0 + VERTEX[:, None] * 120.0 * np.minimum(1.0, 2.0 * along)
        return np.asarray(spread * shape, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Vigilance:
    """When each state begins, in seconds since the study's start."""

    stages: tuple[tuple[float, str], ...] = ((0.0, "wake"),)

    def at(self, second: float) -> str:
        """Tell the state at a time."""
        return [name for start, name in self.stages if start <= max(second, 0.0)][-1]


@dataclass(frozen=True, slots=True)
class OwnRhythms:
    """Each electrode's own noise: the posterior rhythm of a rested mind, and a floor."""

    vigilance: Vigilance
    begins: float

    def __call__(self, frequencies: Floats, second: float) -> Floats:
        """Give electrodes x frequencies."""
        alpha = {"wake": 18.0, "rem": 5.0}.get(self.vigilance.at(self.begins + second), 1.0)
        floor = pink(frequencies, 4.0)
        return np.stack([mixed(floor, band(frequencies, 10.2, 0.7, max(alpha * weight, 1e-9))) for weight in BACK])


@dataclass(frozen=True, slots=True)
class SharedRhythms:
    """What a wide area does together: slow waves in sleep, spindles, theta."""

    vigilance: Vigilance
    begins: float

    def __call__(self, frequencies: Floats, second: float) -> Floats:
        """Give sources x frequencies."""
        delta, theta, sigma = SLOW_RHYTHMS[self.vigilance.at(self.begins + second)]
        row = mixed(
            pink(frequencies, 7.0),
            band(frequencies, 1.1, 0.5, delta),
            band(frequencies, 6.0, 0.9, theta),
            band(frequencies, 13.2, 0.5, sigma),
        )
        return np.repeat(row[None], len(SOURCES), axis=0)


@dataclass(frozen=True, slots=True)
class Eeg:
    """Twenty-one channels of EEG.

    Attributes:
        seed: All randomness follows from it.
        vigilance: When to be awake.
        seizures: In the order of time.
    """

    seed: int
    vigilance: Vigilance = Vigilance()
    seizures: tuple[Seizure, ...] = ()

    def __call__(self, stretch: Stretch) -> Floats:
        """Make channels x samples."""
        times = stretch.seconds
        label = f"{self.seed}/{stretch.label}"
        values = self._woven(f"{label}/own", stretch, OwnRhythms(self.vigilance, stretch.begins))
        values += SOURCES.T @ self._woven(f"{label}/shared", stretch, SharedRhythms(self.vigilance, stretch.begins))
        values += OFFSETS + 1.5 * np.sin(2.0 * np.pi * 50.0 * times)
        values += self._blinks(label, times) + muscle(label, times)
        for seizure in self.seizures:
            if seizure.start < times[-1] and seizure.start + seizure.seconds > times[0]:
                values += seizure.wave(times)
        return values

    @staticmethod
    def _woven(label: str, stretch: Stretch, spectrum: Spectrum) -> Floats:
        hop = round(10.0 * stretch.rate)
        return weave(label, stretch.first, stretch.count, stretch.rate, spectrum, hop)

    def _blinks(self, label: str, times: Floats) -> Floats:
        """Eyes that blink while awake; the front of the head sees them."""
        total = np.zeros_like(times)
        for when, strength in occurrences(f"{label}/blink", times[0], times[-1], cell=3.0, chance=0.7):
            if self.vigilance.at(when) == "wake":
                total += 130.0 * strength * np.exp(-0.5 * ((times - when) / BLINK_SECONDS) ** 2)
        return np.asarray(FRONT[:, None] * total, dtype=np.float64)


def muscle(label: str, times: Floats) -> Floats:
    """Tense the jaw now and then: a few inharmonic tones over the temples."""
    burst = np.zeros_like(times)
    for when, strength in occurrences(f"{label}/muscle", times[0], times[-1], cell=20.0, chance=0.5):
        envelope = np.exp(-0.5 * ((times - when) / 0.6) ** 2)
        tones = np.sum([np.sin(2.0 * np.pi * (31.7 + 7.31 * k) * times + k * k) for k in range(9)], axis=0)
        burst += 11.0 * strength * envelope * tones
    return np.asarray(TEMPLES[:, None] * burst, dtype=np.float64)
