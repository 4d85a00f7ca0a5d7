"""Where the samples of a Seer segment lie: in its chunks, in time, and in the rows of the result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from penstock.errors import FormatError, SelectionError

if TYPE_CHECKING:
    from penstock.types import JsonObject, Span

ENCODINGS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float16", "float32", "float64")
OUTPUTS = ("float32", "float64")

_SPARE = 1 << 20
"""Bytes that a timestamped chunk may have beyond twice its nominal rate."""


@dataclass(frozen=True)
class SegmentGeometry:
    """Everything that decoding the chunks of one segment depends on.

    Part `p` of an item is chunk `chunks[0] + p`. Times are milliseconds since the epoch, UTC.

    Attributes:
        encoding: Type of the stored samples, little-endian: one of `ENCODINGS`.
        compression: `gzip`, `br` or `none`.
        channel_count: Channels in a chunk, whether selected or not.
        select: Indices of the channels to keep, in the order of the result's columns.
        timestamped: Rows carry their own times, rather than following each other at the sample rate.
        samples_per_record: Samples of each channel in a record.
        records_per_chunk: Records in a full chunk, or 0 when unknown.
        record_length: Seconds.
        sample_rate: Hz.
        chunk_period: Seconds.
        signal_min: Physical value of an integer encoding's lowest number; may exceed `signal_max`.
        signal_max: Physical value of its highest number.
        exponent: Values are multiplied by this power of ten.
        start_ms: Start of the segment.
        end_ms: Its end.
        from_ms: Start of the selection.
        to_ms: Its end, exclusive.
        chunks: Half-open range of the chunks that are fetched.
        dtype: Type of the result: `float32` or `float64`.
        offsets_from: Whether timestamped rows count from the start of their `chunk` or of the `segment`.
    """

    encoding: str
    compression: str
    channel_count: int
    select: tuple[int, ...]
    timestamped: bool
    samples_per_record: int
    records_per_chunk: int
    record_length: float
    sample_rate: float
    chunk_period: float
    signal_min: float
    signal_max: float
    exponent: int
    start_ms: float
    end_ms: float
    from_ms: float
    to_ms: float
    chunks: Span
    dtype: str = "float32"
    offsets_from: str = "chunk"

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def from_layout(cls, layout: JsonObject) -> SegmentGeometry:
        """Read an item's layout.

        Raises:
            FormatError: A parameter is missing or impossible.
            SelectionError: A selected channel does not exist.
        """
        try:
            return cls(**_values(layout))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            if isinstance(error, FormatError | SelectionError):
                raise
            raise FormatError(f"the parameters of a channel group are incomplete or malformed: {error!r}") from error

    @property
    def columns(self) -> int:
        """Channels that are kept."""
        return len(self.select)

    @property
    def parts(self) -> int:
        """Chunks that are fetched."""
        return self.chunks[1] - self.chunks[0]

    @cached_property
    def sample_type(self) -> np.dtype[Any]:
        """Type of the stored samples."""
        return np.dtype(self.encoding).newbyteorder("<")

    @cached_property
    def output_type(self) -> np.dtype[Any]:
        """Type of the result."""
        return np.dtype(self.dtype).newbyteorder("<")

    @cached_property
    def chunk_rows(self) -> int:
        """Rows that a full chunk of a regular group has."""
        if self.record_length > 0:
            return max(1, round(self.chunk_period / self.record_length)) * self.samples_per_record
        if self.records_per_chunk > 0:
            return self.records_per_chunk * self.samples_per_record
        return max(1, round(self.chunk_period * self.sample_rate))

    @property
    def record_bytes(self) -> int:
        """Bytes of a record, or of a row when rows are timestamped."""
        if self.timestamped:
            return (1 + self.channel_count) * self.sample_type.itemsize
        return self.channel_count * self.samples_per_record * self.sample_type.itemsize

    @property
    def ceiling(self) -> int:
        """Most bytes that a chunk can open to; a known fault of old uploads appended up to a record more."""
        if self.timestamped:
            rows = math.ceil(self.chunk_period * max(self.sample_rate, 0.0))
            return 2 * rows * self.record_bytes + _SPARE
        records = max(-(-self.chunk_rows // self.samples_per_record), self.records_per_chunk)
        return (records + 2) * self.record_bytes

    @property
    def working_bytes(self) -> int:
        """Estimate of the memory that a chunk needs while it is decoded: the body, what it opens to, the result."""
        rows = math.ceil(self.chunk_period * max(self.sample_rate, 1.0)) if self.timestamped else self.chunk_rows
        plain = rows * (self.channel_count + self.timestamped) * self.sample_type.itemsize
        return 2 * plain + 2 * rows * (self.columns * self.output_type.itemsize + 8 * self.timestamped)

    @property
    def is_uniform(self) -> bool:
        """Whether each chunk's samples, at the sample rate, end where the next chunk starts."""
        return abs(self.chunk_rows / self.sample_rate - self.chunk_period) * self.sample_rate < 1e-3

    def chunk_start(self, part: int) -> float:
        """Return the time of a part's first sample."""
        return self.start_ms + (self.chunks[0] + part) * (self.chunk_period * 1000.0)

    def window(self, part: int) -> Span:
        """Return the rows of a regular chunk that are selected, counted within the chunk."""
        first, stop = self._windows
        return int(first[part]), int(stop[part])

    def span(self, part: int) -> Span:
        """Return the rows of the result that a regular chunk fills."""
        return int(self._offsets[part]), int(self._offsets[part + 1])

    @property
    def rows(self) -> int:
        """Rows of the result, for a regular group."""
        return int(self._offsets[-1])

    def times(self, part: int) -> npt.NDArray[np.float64]:
        """Return the times of the rows that a regular chunk fills, float64 ms."""
        first, stop = self.window(part)
        return np.asarray(self.chunk_start(part) + np.arange(first, stop) * 1000.0 / self.sample_rate, np.float64)

    @property
    def last_ms(self) -> float:
        """Time before which every kept row lies."""
        return min(self.to_ms, self.end_ms)

    @cached_property
    def _windows(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        starts = self.start_ms + np.arange(*self.chunks, dtype=np.float64) * (self.chunk_period * 1000.0)
        first = self._rows_before(starts, self.from_ms)
        return first, np.maximum(self._rows_before(starts, self.last_ms), first)

    def _rows_before(self, starts: npt.NDArray[np.float64], bound: float) -> npt.NDArray[np.int64]:
        """Count each chunk's rows whose time lies before `bound`.

        The division may round across a row, so the answer is settled by the very times that rows have.
        """
        estimate = np.floor((bound - starts) * self.sample_rate / 1000.0) - 1
        count = np.clip(estimate, 0, self.chunk_rows)
        for _ in range(3):
            count += starts + count * 1000.0 / self.sample_rate < bound
        return np.asarray(np.minimum(count, self.chunk_rows), np.int64)

    @cached_property
    def _offsets(self) -> npt.NDArray[np.int64]:
        first, stop = self._windows
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(stop - first)])


def _values(layout: JsonObject) -> dict[str, Any]:
    numbers = ("record_length", "sample_rate", "chunk_period", "signal_min", "signal_max")
    start, end = float(layout["start_ms"]), float(layout["end_ms"])
    begin, stop = layout.get("from_ms"), layout.get("to_ms")
    channels = len(layout["channels"])
    select = layout.get("select")
    first, last = layout["chunks"]
    return {
        "encoding": str(layout["encoding"]).lower(),
        "compression": str(layout.get("compression") or "none").lower(),
        "channel_count": channels,
        "select": tuple(range(channels)) if select is None else tuple(int(index) for index in select),
        "timestamped": bool(layout.get("timestamped")),
        "samples_per_record": int(layout.get("samples_per_record") or 0),
        "records_per_chunk": int(layout.get("records_per_chunk") or 0),
        **{name: float(layout.get(name) or 0.0) for name in numbers},
        "exponent": int(layout.get("exponent") or 0),
        "start_ms": start,
        "end_ms": end,
        "from_ms": start if begin is None else float(begin),
        "to_ms": end if stop is None else float(stop),
        "chunks": (int(first), int(last)),
        "dtype": str(layout.get("dtype") or "float32"),
        "offsets_from": str(layout.get("offsets_from") or "chunk"),
    }


def _check(geometry: SegmentGeometry) -> None:
    regular = not geometry.timestamped
    faults = {
        f"the sample encoding {geometry.encoding!r} is not known": geometry.encoding not in ENCODINGS,
        f"a result of type {geometry.dtype!r} is not offered": geometry.dtype not in OUTPUTS,
        "the group has no channels": geometry.channel_count < 1,
        "the chunk period is not positive": not geometry.chunk_period > 0,
        "the sample rate is not positive": regular and not geometry.sample_rate > 0,
        "a record has no samples": regular and geometry.samples_per_record < 1,
        "times are not finite": not all(map(math.isfinite, (geometry.start_ms, geometry.end_ms))),
        "times are not numbers": math.isnan(geometry.from_ms) or math.isnan(geometry.to_ms),
        f"the range of chunks {geometry.chunks} is reversed": not 0 <= geometry.chunks[0] <= geometry.chunks[1],
        f"offsets from the {geometry.offsets_from!r} are not known": geometry.offsets_from not in {"chunk", "segment"},
    }
    for fault, holds in faults.items():
        if holds:
            raise FormatError(f"{fault}, so its chunks cannot be decoded")
    if not geometry.select:
        raise SelectionError("no channel of the group is selected")
    if bad := [index for index in geometry.select if not 0 <= index < geometry.channel_count]:
        raise SelectionError(f"the group has no channel number {bad[0]}; it has {geometry.channel_count}")
