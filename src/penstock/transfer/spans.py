"""Sets of integers kept as half-open intervals: which parts, or which bytes, are there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.types import Span


class Spans:
    """A set of integers that costs memory by its gaps, not by its members."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        for start, stop in spans:
            self.add(start, stop)

    def add(self, start: int, stop: int) -> None:
        """Add every integer of `[start, stop)`."""
        if start >= stop:
            return
        first = bisect_left(self._stops, start)
        last = bisect_right(self._starts, stop)
        if first < last:
            start = min(start, self._starts[first])
            stop = max(stop, self._stops[last - 1])
        self._starts[first:last] = [start]
        self._stops[first:last] = [stop]

    def missing(self, start: int, stop: int) -> Iterator[int]:
        """Yield the integers of `[start, stop)` that are not in the set, ascending."""
        at = start
        for span_start, span_stop in self:
            yield from range(at, min(span_start, stop))
            at = max(at, span_stop)
        yield from range(at, stop)

    def __len__(self) -> int:
        return sum(self._stops) - sum(self._starts)

    def __iter__(self) -> Iterator[Span]:
        return zip(self._starts[:], self._stops[:], strict=True)
