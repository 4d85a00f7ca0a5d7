"""Which chunks of a segment hold a window of time, and where each chunk lives.

A segment is stored as chunks of a fixed period; only the last may be shorter. All intervals are half-open.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.types import Span

FIRST_NAME = "00000000000.dat"
"""How the file name of chunk 0 ends: its index in eleven digits."""

# Durations are floats with noise far below any sampling period; it must not conjure up one more chunk.
_NOISE = 1e-9


def chunk_count(duration: float, period: float) -> int:
    """Count the chunks of a segment that lasts `duration` ms, stored in chunks of `period` ms."""
    return max(0, math.ceil(duration / period - _NOISE))


def chunk_span(start: float, duration: float, period: float, from_ms: float, to_ms: float) -> Span:
    """Find the chunks `[first, last)` that overlap the window `[from_ms, to_ms)`; all arguments in ms."""
    end = start + duration
    if from_ms >= end or to_ms <= start or from_ms >= to_ms:
        return 0, 0
    first = 0 if from_ms <= start else math.floor((from_ms - start) / period)
    last = chunk_count(duration, period)
    if to_ms < end:
        last = min(last, math.ceil((to_ms - start) / period))
    return min(first, last), last


def chunk_url(base: str, index: int) -> str | None:
    """Address chunk `index` by the signed base URL of its segment; None when the URL does not have that form.

    Only the file name is touched: the signature in the query may well contain the same digits.
    """
    path, mark, query = base.partition("?")
    folder, slash, name = path.rpartition("/")
    stem, found, tail = name.rpartition(FIRST_NAME)
    if not found or not slash:
        return None
    return f"{folder}/{stem}{index:011d}.dat{tail}{mark}{query}"
