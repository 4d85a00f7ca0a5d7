"""Endless noise of a chosen colour, of which any block can be made on its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Spectrum: TypeAlias = Callable[[Floats, float], Floats]
"""Amplitudes (rows x frequencies) from the frequencies in hertz and a block's number of hops since the start."""


def uniform(*names: object, size: int) -> Floats:
    """Draw numbers in [0, 1) that follow from the names alone.

    They are taken from the raw output of Philox, which numpy promises never to change.
    """
    digest = hashlib.sha256("\x1f".join(map(str, names)).encode()).digest()
    raw = np.random.Philox(key=int.from_bytes(digest[:16], "little")).random_raw(size)
    return np.asarray(raw, dtype=np.uint64).astype(np.float64) / 2.0**64


def pink(frequencies: Floats, rms: float, low: float = 0.5, high: float = 70.0) -> Floats:
    """Shape noise whose power falls with the frequency."""
    inside = (frequencies >= low) & (frequencies <= high)
    shape: Floats = np.where(inside, 1.0 / np.sqrt(np.maximum(frequencies, low)), 0.0)
    return _scaled(shape, rms)


def band(frequencies: Floats, centre: float, width: float, rms: float) -> Floats:
    """Shape noise around one frequency: a rhythm that waxes and wanes."""
    shape: Floats = np.exp(-0.5 * ((frequencies - centre) / width) ** 2)
    return _scaled(shape, rms)


def mixed(*parts: Floats) -> Floats:
    """Add spectra of independent noises."""
    return np.asarray(np.sqrt(np.sum(np.square(parts), axis=0)), dtype=np.float64)


def _scaled(shape: Floats, rms: float) -> Floats:
    return np.asarray(shape * (rms / np.sqrt(np.sum(np.square(shape)))), dtype=np.float64)


def weave(label: str, first: int, count: int, rate: float, spectrum: Spectrum, hop: int) -> Floats:
    """Make samples `[first, first + count)` of a noise without seams.

    Blocks of two hops, each from its own random phases, overlap by one; their windows keep the power constant.

    Args:
        label: The noise's name, seed included.
        first: Index of the first sample.
        count: How many.
        rate: Samples a second.
        spectrum: Amplitude of each row's noise by frequency.
        hop: Samples from block to block.

    Returns:
        Rows x samples.
    """
    begin, end = first // hop, -(-(first + count) // hop)
    pieces = [
        _block(label, number, rate, spectrum, hop)[:, hop:] + _block(label, number + 1, rate, spectrum, hop)[:, :hop]
        for number in range(begin, end)
    ]
    offset = first - begin * hop
    return np.concatenate(pieces, axis=1)[:, offset : offset + count]


@lru_cache(maxsize=24)
def _block(label: str, number: int, rate: float, spectrum: Spectrum, hop: int) -> Floats:
    length = 2 * hop
    frequencies = np.asarray(np.fft.rfftfreq(length, 1.0 / rate), dtype=np.float64)
    amplitude = spectrum(frequencies, (number - 0.5) * hop / rate)
    phases = 2.0 * np.pi * uniform(label, number, size=amplitude.size).reshape(amplitude.shape)
    noise = np.fft.irfft(amplitude * np.exp(1j * phases), n=length, axis=1) * (length / np.sqrt(2.0))
    return np.asarray(noise * np.sin(np.pi * (np.arange(length) + 0.5) / length), dtype=np.float64)


def occurrences(label: str, begin: float, end: float, cell: float, chance: float) -> Iterator[tuple[float, float]]:
    """Yield events `(time, strength)` around a span of seconds: at most one a cell, with a given chance.

    Events just outside are included, since they may reach into the span. Strengths are in [0.5, 1.5).
    """
    for number in range(int(begin // cell) - 1, int(end // cell) + 2):
        happens, when, strength = uniform(label, "event", number, size=3)
        if happens < chance:
            yield (number + float(when)) * cell, 0.5 + float(strength)
