"""Reproducible noise from coordinates: integer arithmetic that no release of NumPy can change."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float32]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def scramble(words: Words) -> Words:
    """Mix the bits of every word (the finaliser of SplitMix64)."""
    words = words + _GOLDEN
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    return words ^ (words >> np.uint64(31))


def words_at(seed: int, *coordinates: npt.NDArray[np.int64]) -> Words:
    """Give a word for every point of a grid of integer coordinates."""
    words = np.full((1,) * len(coordinates), seed & (2**64 - 1), np.uint64)
    for coordinate in coordinates:
        words = scramble(words ^ coordinate.astype(np.uint64))
    return words


def fractions(words: Words, stream: int) -> Floats:
    """Turn words into numbers in [0, 1); every stream gives others."""
    return (scramble(words ^ np.uint64(stream * 0x5851F42D)) >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
