"""What a stored chunk holds, as true values and as bytes.

`true_rows` is the ground truth that tests compare a client's decoding with; `stored` is what the CDN serves.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import brotli
import numpy as np

from penstock.sandbox.seer.rhythms import uniform
from penstock.sandbox.seer.studies import Group, Segment, Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a chunk that lie within its segment.

    Attributes:
        offsets: Milliseconds since the chunk's start, one a row.
        values: Channels x rows, in the group's stored unit (before the exponent), not yet quantised; NaN is missing.
    """

    offsets: NDArray[np.float64]
    values: NDArray[np.float64]


def true_rows(study_start: float, group: Group, segment: Segment, index: int) -> Rows:
    """Make what was measured during a chunk.

    Args:
        study_start: Milliseconds since the epoch.
        group: The channel group.
        segment: One of its segments.
        index: Number of the chunk within the segment.
    """
    shown = _shown(group, segment, index)
    begins = (segment.start - study_start) / 1000.0
    label = f"{group.id}/{segment.id}" if group.patterns is None else group.id
    begins = begins if group.patterns is None else 0.0
    first, last, rate = _grid(group, shown)
    values = group.signal(Stretch(label, begins, first, last - first, rate))
    offsets = _offsets(group, label, shown, np.arange(first, last))
    start = index * group.chunk_period * 1000.0
    for silent, loud in segment.silences:
        values[:, (start + offsets >= silent * 1000.0) & (start + offsets < loud * 1000.0)] = np.nan
    inside = start + offsets < segment.duration
    return Rows(offsets[inside], values[:, inside])


def _shown(group: Group, segment: Segment, index: int) -> int:
    """Pick the pattern behind a chunk; neighbouring segments start with different ones."""
    return index if group.patterns is None else (index + 5 * segment.ordinal) % group.patterns


def _grid(group: Group, index: int) -> tuple[int, int, float]:
    if group.timestamped:
        return (*group.rows(index), 1000.0 / group.step)
    size = group.samples_per_chunk
    return index * size, (index + 1) * size, group.sample_rate


def _offsets(group: Group, label: str, index: int, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Say when each row is due, or for a timestamped group when it really came: up to a sixth of a step late."""
    if not group.timestamped:
        return np.asarray((rows - rows[0]) * (1000.0 / group.sample_rate), dtype=np.float64)
    period = group.chunk_period * 1000.0
    late = uniform(label, "late", index, size=len(rows)) * group.step / 6.0
    exact = np.minimum(rows * group.step - index * period + late, period - 0.125)
    return exact.astype(np.float32).astype(np.float64)


def stored(study_start: float, group: Group, segment: Segment, index: int) -> bytes:
    """Make the bytes of a chunk as they lie in the store."""
    if segment.file is not None:
        return segment.file.read_bytes()
    rows = true_rows(study_start, group, segment, index)
    if group.timestamped:
        return compressed(_timestamped(group, rows), group.compression)
    records = _records(group, rows)
    extra = records[-1, :1] if index in segment.stray else records[-1] if index in segment.surplus else records[:0]
    return compressed(records.tobytes() + extra.tobytes(), group.compression)


def key(group: Group, segment: Segment, index: int) -> tuple[str, str, int]:
    """Name a chunk's content; chunks that show the same pattern in full share it."""
    if group.patterns is not None and (index + 1) * group.chunk_period * 1000.0 <= segment.duration:
        return group.id, "", _shown(group, segment, index)
    return group.id, segment.id, index


def _timestamped(group: Group, rows: Rows) -> bytes:
    table = np.vstack([rows.offsets, rows.values]).T
    return table.astype(_little_endian(group.encoding)).tobytes()


def _records(group: Group, rows: Rows) -> NDArray[Any]:
    """Pad to a full chunk and arrange record after record, channel after channel."""
    digital = quantised(group, rows.values)
    padding = limits(digital.dtype)[0] if digital.dtype.kind in "iu" else 0
    full = np.full((len(group.channels), group.samples_per_chunk), padding, dtype=digital.dtype)
    full[:, : digital.shape[1]] = digital
    return full.reshape(len(group.channels), group.records_per_chunk, group.samples_per_record).swapaxes(0, 1)


def quantised(group: Group, values: NDArray[np.float64]) -> NDArray[Any]:
    """Turn values into what the group's encoding can hold.

    The least digital value means missing, so that no measured value is ever rounded to it.
    """
    kind = _little_endian(group.encoding)
    if kind.kind == "f":
        return values.astype(kind)
    lowest, highest = limits(kind)
    share = (values - group.signal_min) / (group.signal_max - group.signal_min)
    steps = np.clip(np.rint(share * (highest - lowest) + lowest), lowest + 1, highest)
    return np.where(np.isnan(values), lowest, steps).astype(kind)


def limits(kind: np.dtype[Any]) -> tuple[int, int]:
    """Return the least and the greatest value of an integer type."""
    found = np.iinfo(kind)
    return int(found.min), int(found.max)


def _little_endian(encoding: str) -> np.dtype[Any]:
    return np.dtype(encoding).newbyteorder("<")


def compressed(payload: bytes, compression: str) -> bytes:
    """Compress as the group says, the same way every time."""
    if compression == "gzip":
        return gzip.compress(payload, compresslevel=1, mtime=0)
    if compression == "br":
        return bytes(brotli.compress(payload, quality=3))
    return payload
