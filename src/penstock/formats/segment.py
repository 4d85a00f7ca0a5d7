"""Decode Seer's channel chunks: bytes in, physical values out.

A chunk has no header; all that it means is in the metadata of its channel group. Two layouts exist:

* *records*: `[record 0: S samples of channel 0, S of channel 1, …][record 1: …]…`, sampled at a constant rate;
* *timestamped*: rows of one time offset in ms and one value per channel.

Integers are scaled from their full range to `[signal_min, signal_max]`; a row in which every channel has the
lowest integer holds no data and becomes NaN. Floats are physical already, but for the power of ten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from penstock.errors import FormatError
from penstock.formats.decompress import decompress, is_gzip

if TYPE_CHECKING:
    from penstock.formats.segment_geometry import SegmentGeometry
    from penstock.types import Span

_EXACT_IN_FLOAT32 = frozenset({"int8", "uint8", "int16", "uint16", "float16", "float32"})
_MESSAGE = re.compile(rb"\s*(?:<!doctype|<html|<\?xml|<error|\{\s*\"[\s -~]{14})", re.IGNORECASE)
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\r\n"


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a chunk decodes to.

    Attributes:
        values: Rows by selected channels.
        times: Float64 ms since the epoch, a row each, for timestamped groups; otherwise None.
        missing: Runs of rows without data, counted within `values`.
        dropped: Samples that belong to no complete record, or to a surplus one.
        checked: Whether a checksum covered the bytes.
    """

    values: npt.NDArray[Any]
    times: npt.NDArray[np.float64] | None = None
    missing: list[Span] = field(default_factory=list)
    dropped: int = 0
    checked: bool = False


def decode_chunk(
    body: bytes | memoryview, geometry: SegmentGeometry, part: int, out: npt.NDArray[Any] | None = None
) -> Chunk:
    """Decode one chunk and cut it to the segment's end and the selection.

    Args:
        body: The chunk as stored.
        geometry: What its group's metadata says.
        part: Which of the geometry's chunks it is.
        out: For regular groups, where to write: as many rows as `geometry.span(part)` has, by selected channels,
            of the geometry's output type. Every element is written.

    Returns:
        The decoded chunk; its `values` are `out` where that was given.

    Raises:
        FormatError: The bytes are not such a chunk.
        Truncated: They end too early.
    """
    checked = geometry.compression == "gzip" and is_gzip(body)
    plain = decompress(body, geometry.compression, geometry.ceiling)
    if not checked:
        _refuse_message(plain, geometry)
    if geometry.timestamped:
        return _decode_timestamped(plain, geometry, part, checked)
    return _decode_records(plain, geometry, part, out, checked)


def _refuse_message(plain: bytes | memoryview, geometry: SegmentGeometry) -> None:
    """See that a body without a checksum is not a page of text, sent with a status that says all is well.

    Raises:
        FormatError: It reads like one, or was declared gzip and is neither that nor whole records.
    """
    is_odd = len(plain) % geometry.record_bytes > 0
    head = bytes(plain[:256])
    if _MESSAGE.match(head) or (is_odd and not head.translate(None, _PRINTABLE)):
        raise FormatError(f"a message came where samples were asked for: {head[:60].decode('ascii', 'replace')!r}")
    if is_odd and geometry.compression == "gzip":
        raise FormatError(f"a chunk of {len(plain)} bytes is neither gzip nor a whole number of records")


def blank_chunk(geometry: SegmentGeometry, part: int, out: npt.NDArray[Any] | None = None) -> Chunk:
    """Return what stands for a chunk that the service does not have: NaN in every row, or no row if timestamped."""
    if geometry.timestamped:
        return Chunk(np.empty((0, geometry.columns), geometry.output_type), np.empty(0, np.float64))
    first, stop = geometry.window(part)
    values = _output(geometry, stop - first, out)
    values.fill(np.nan)
    return Chunk(values, missing=[(0, stop - first)] if stop > first else [])


def _output(geometry: SegmentGeometry, rows: int, out: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
    shape = (rows, geometry.columns)
    if out is None:
        return np.empty(shape, geometry.output_type)
    if out.shape != shape or out.dtype != geometry.output_type:
        wanted = f"{shape} and {geometry.output_type}"
        raise ValueError(f"out has shape {out.shape} and type {out.dtype}, but {wanted} are needed")
    return out


def _decode_records(
    plain: bytes | memoryview, geometry: SegmentGeometry, part: int, out: npt.NDArray[Any] | None, checked: bool
) -> Chunk:
    first, stop = geometry.window(part)
    values = _output(geometry, stop - first, out)
    records, dropped = _records(plain, geometry)
    filled = min(max(records.shape[0] * geometry.samples_per_record - first, 0), stop - first)
    with np.errstate(all="ignore"):
        if filled:
            _place(_scale(records[:, _columns(geometry)], geometry), values, first, filled)
    values[filled:] = np.nan
    missing = _blank_markers(records, geometry, values, first, filled)
    if filled < stop - first:
        missing = joined([*missing, (filled, stop - first)])
    return Chunk(values, missing=missing, dropped=dropped, checked=checked)


def _records(plain: bytes | memoryview, geometry: SegmentGeometry) -> tuple[npt.NDArray[Any], int]:
    """View the bytes as records by channels by samples; return it with the number of samples that do not fit.

    An old fault of uploading appended up to one record too much, so what is incomplete or surplus is left out.
    """
    size = geometry.record_bytes
    most = -(-geometry.chunk_rows // geometry.samples_per_record)
    count = min(len(plain) // size, most)
    if plain and not count:
        raise FormatError(f"a chunk of {len(plain)} bytes holds no record of {size}")
    samples = np.frombuffer(plain, geometry.sample_type, count * size // geometry.sample_type.itemsize)
    dropped = (len(plain) - count * size) // geometry.sample_type.itemsize
    return samples.reshape(count, geometry.channel_count, geometry.samples_per_record), dropped


def _columns(geometry: SegmentGeometry) -> Any:
    """Return the index of the selected channels; a slice, which copies nothing, when that is all of them."""
    if geometry.select == tuple(range(geometry.channel_count)):
        return slice(None)
    return list(geometry.select)


def _scale(stored: npt.NDArray[Any], geometry: SegmentGeometry) -> npt.NDArray[Any]:
    """Turn stored numbers into physical values of the same shape.

    Where 24 bits of mantissa hold every stored number exactly, float32 throughout is as good as its last bit.
    """
    factor, offset = scaling(geometry)
    narrow = geometry.dtype == "float32" and geometry.encoding in _EXACT_IN_FLOAT32 and 1e-30 < abs(factor) < 1e30
    working = np.float32 if narrow else np.float64
    values: npt.NDArray[Any] = np.multiply(stored, working(factor), dtype=working)
    if offset:
        values += working(offset)
    return values


def scaling(geometry: SegmentGeometry) -> tuple[float, float]:
    """Return factor and offset that make a stored number physical: `value = stored · factor + offset`."""
    power = float(f"1e{geometry.exponent}")
    if geometry.sample_type.kind == "f":
        return power, 0.0
    limits = np.iinfo(geometry.sample_type)
    low, high = int(limits.min), int(limits.max)
    step = (geometry.signal_max - geometry.signal_min) / (high - low)
    return step * power, (geometry.signal_min - low * step) * power


def _place(values: npt.NDArray[Any], out: npt.NDArray[Any], first: int, count: int) -> None:
    """Copy records by channels by samples to rows by channels, from row `first` on."""
    records, channels, samples = values.shape
    rows = values.transpose(0, 2, 1)
    if first == 0 and count == records * samples and out.flags.c_contiguous:
        out[:count].reshape(records, samples, channels)[...] = rows
        return
    begin = first // samples
    end = -(-(first + count) // samples)
    within = rows[begin:end].reshape(-1, channels)
    skip = first - begin * samples
    out[:count] = within[skip : skip + count]


def _blank_markers(
    records: npt.NDArray[Any], geometry: SegmentGeometry, values: npt.NDArray[Any], first: int, count: int
) -> list[Span]:
    """Write NaN over rows in which every channel has the lowest integer; return their runs."""
    if geometry.sample_type.kind == "f" or not count:
        return []
    marker = np.iinfo(geometry.sample_type).min
    if not (records[:, 0] == marker).any():
        return []
    blank = (records == marker).all(axis=1).reshape(-1)[first : first + count]
    values[:count][blank] = np.nan
    return runs(blank)


def runs(mask: npt.NDArray[np.bool_]) -> list[Span]:
    """Return the half-open runs of True."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def joined(spans: list[Span]) -> list[Span]:
    """Sort spans and join those that touch or overlap."""
    result: list[Span] = []
    for start, stop in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(stop, result[-1][1]))
        elif stop > start:
            result.append((start, stop))
    return result


def _decode_timestamped(plain: bytes | memoryview, geometry: SegmentGeometry, part: int, checked: bool) -> Chunk:
    table, dropped = _table(plain, geometry)
    origin = geometry.start_ms if geometry.offsets_from == "segment" else geometry.chunk_start(part)
    times = origin + table[:, 0].astype(np.float64)
    kept = (times >= geometry.from_ms) & (times < geometry.last_ms)
    stored = table[:, 1:]
    blank = _marked_rows(stored)
    if blank is not None:
        kept &= ~_trailing(blank)
    with np.errstate(all="ignore"):
        values = _scale(stored[:, _columns(geometry)], geometry).astype(geometry.output_type, copy=False)
    if blank is not None:
        values[blank] = np.nan
    values, times = values[kept], times[kept]
    if (np.diff(times) < 0).any():
        order = np.argsort(times, kind="stable")
        values, times = values[order], times[order]
    return Chunk(np.ascontiguousarray(values), times, dropped=dropped, checked=checked)


def _table(plain: bytes | memoryview, geometry: SegmentGeometry) -> tuple[npt.NDArray[Any], int]:
    size = geometry.record_bytes
    count = len(plain) // size
    if plain and not count:
        raise FormatError(f"a chunk of {len(plain)} bytes holds no row of {size}")
    numbers = np.frombuffer(plain, geometry.sample_type, count * size // geometry.sample_type.itemsize)
    dropped = (len(plain) - count * size) // geometry.sample_type.itemsize
    return numbers.reshape(count, 1 + geometry.channel_count), dropped


def _marked_rows(stored: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    if stored.dtype.kind == "f":
        return None
    return np.asarray((stored == np.iinfo(stored.dtype).min).all(axis=1))


def _trailing(blank: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which of the True stand in the unbroken run at the end: padding."""
    return np.asarray(np.logical_and.accumulate(blank[::-1])[::-1])
