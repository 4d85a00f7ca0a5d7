"""Gather the chunks of one segment in memory, by the same path as the files are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from penstock.formats.segment import Chunk, blank_chunk, decode_chunk

if TYPE_CHECKING:
    from penstock.formats.segment_geometry import SegmentGeometry


class SegmentArray:
    """Takes a segment's chunks in any order, from any thread, and gives one array.

    Args:
        geometry: What the segment's metadata says. A regular segment's array is allocated at once, and a chunk
            that never comes stays NaN; a timestamped one grows as its chunks come.
    """

    def __init__(self, geometry: SegmentGeometry) -> None:
        self._geometry = geometry
        self._chunks: dict[int, Chunk] = {}
        rows = 0 if geometry.timestamped else geometry.rows
        self._values = np.full((rows, geometry.columns), np.nan, geometry.output_type)

    def write(self, part: int, body: bytes | memoryview) -> None:
        """Decode a chunk into its place.

        Raises:
            FormatError: The bytes are not such a chunk.
            Truncated: They end too early.
        """
        if self._geometry.timestamped:
            self._chunks[part] = decode_chunk(body, self._geometry, part)
            return
        start, stop = self._geometry.span(part)
        decode_chunk(body, self._geometry, part, out=self._values[start:stop])

    def gap(self, part: int) -> None:
        """Leave a chunk that the service does not have as NaN, or out."""
        if not self._geometry.timestamped:
            start, stop = self._geometry.span(part)
            blank_chunk(self._geometry, part, out=self._values[start:stop])

    def finish(self) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
        """Return values, rows by channels, and the rows' times, float64 ms since the epoch."""
        geometry = self._geometry
        if not geometry.timestamped:
            times = [geometry.times(part) for part in range(geometry.parts)]
            return self._values, _concatenated(times, np.empty(0, np.float64))
        chunks = [self._chunks[part] for part in sorted(self._chunks)]
        values = _concatenated([chunk.values for chunk in chunks], self._values)
        return values, _concatenated([chunk.times for chunk in chunks if chunk.times is not None], np.empty(0))


def _concatenated(pieces: list[npt.NDArray[Any]], empty: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate(pieces) if pieces else empty
