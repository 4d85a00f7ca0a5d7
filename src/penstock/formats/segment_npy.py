"""The `segment-npy` sink: a Seer segment as one `.npy` of rows by channels, with a JSON sidecar.

Every chunk of a regular group has its fixed rows in the result, so it is decoded and written by position as soon
as it comes. How many rows a timestamped chunk has is only known once it is decoded: those go to a log in the
order in which they come, and are put in the order of time at the end.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from penstock.errors import Truncated
from penstock.formats import npy
from penstock.formats.files import BLOCK, finished, local_errors
from penstock.formats.part import PartFile
from penstock.formats.segment import Chunk, blank_chunk, decode_chunk, joined
from penstock.formats.segment_geometry import SegmentGeometry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import BufferedWriter
    from pathlib import Path

    from penstock.types import Item, JsonObject, Output, Span

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SegmentNpySink:
    """Writes `<target>.npy` and `<target>.json`, and `<target>.times.npy` where rows have times of their own."""

    whole: ClassVar[bool] = True

    def __init__(self, item: Item, scratch: Path) -> None:
        self._item = item
        self._scratch = scratch
        self._geometry = SegmentGeometry.from_layout(item.layout)
        self._header = npy.header((self._rows, self._geometry.columns), self._geometry.output_type)
        self._file = PartFile(scratch / "rows.part")
        self._end = 0
        self._appending = threading.Lock()

    @classmethod
    def targets(cls, item: Item) -> list[str]:
        """List the array, its sidecar and, where rows have them, the times."""
        extensions = [".npy", ".json"]
        if has_times(SegmentGeometry.from_layout(item.layout)):
            extensions.append(".times.npy")
        return [item.target + extension for extension in extensions]

    @property
    def _rows(self) -> int:
        return 0 if self._geometry.timestamped else self._geometry.rows

    @property
    def _row_bytes(self) -> int:
        return self._geometry.columns * self._geometry.output_type.itemsize

    def open(self, resume: bool) -> None:
        """Reserve the whole array, or start a log for timestamped rows."""
        size = 0 if self._geometry.timestamped else len(self._header) + self._rows * self._row_bytes
        self._file.open(size, resume=resume)
        self._end = self._file.size
        if not self._geometry.timestamped:
            self._file.write(self._header, 0)

    def write(self, part: int, _at: int, body: memoryview | bytes) -> JsonObject | None:
        """Decode a chunk and write its rows; the note says where they are, what is missing and what was left out."""
        chunk = decode_chunk(body, self._geometry, part)
        note = _note(chunk, self._geometry)
        if chunk.times is None:
            self._write_rows(part, chunk)
            return note or None
        return {**note, "at": self._append(chunk), "rows": len(chunk.times)}

    def gap(self, part: int) -> JsonObject | None:
        """Write NaN where a regular chunk would stand; leave a timestamped one out."""
        if not self._geometry.timestamped:
            self._write_rows(part, blank_chunk(self._geometry, part))
        return {"absent": True}

    def _write_rows(self, part: int, chunk: Chunk) -> None:
        offset = len(self._header) + self._geometry.span(part)[0] * self._row_bytes
        self._file.write(chunk.values.data, offset)

    def _append(self, chunk: Chunk) -> int:
        """Write times, then values, behind everything else; return where."""
        assert chunk.times is not None
        with self._appending:
            at = self._end
            self._end += chunk.times.nbytes + chunk.values.nbytes
        self._file.write(chunk.times.astype("<f8", copy=False).data, at)
        self._file.write(chunk.values.data, at + chunk.times.nbytes)
        return at

    def sync(self) -> None:
        """Make the rows durable."""
        self._file.sync()

    def finish(self, notes: Mapping[int, JsonObject]) -> list[Output]:
        """Put timestamped rows in order, write the sidecar and take the digests."""
        geometry = self._geometry
        array, times, sidecar = (self._scratch / name for name in ("array.npy", "times.npy", "sidecar.json"))
        with local_errors(self._scratch):
            if geometry.timestamped:
                self._assemble(array, times, notes)
            else:
                array = self._file.path
                if has_times(geometry):
                    _write_regular_times(times, geometry)
            sidecar.write_text(describe(self._item.layout, geometry, notes), encoding="utf-8")
            paths = [array, sidecar, *([times] if has_times(geometry) else [])]
            level = self._level(notes)
            return [finished(path, target, level) for path, target in zip(paths, self.targets(self._item), strict=True)]

    def _level(self, notes: Mapping[int, JsonObject]) -> str:
        """A gzip body carries a CRC; anything else was only counted."""
        unchecked = any(note.get("unchecked") for note in notes.values())
        return "weak" if self._geometry.compression == "gzip" and not unchecked else "size"

    def _assemble(self, array: Path, times: Path, notes: Mapping[int, JsonObject]) -> None:
        geometry = self._geometry
        placed = list(_placed(geometry, notes))
        rows = sum(count for _, count in placed)
        with times.open("wb") as file:
            file.write(npy.header((rows,), "<f8"))
            for at, count in placed:
                self._copy(file, at, count * 8)
        with array.open("wb") as file:
            file.write(npy.header((rows, geometry.columns), geometry.output_type))
            for at, count in placed:
                self._copy(file, at + count * 8, count * self._row_bytes)

    def _copy(self, file: BufferedWriter, at: int, size: int) -> None:
        buffer = memoryview(bytearray(min(size, BLOCK)))
        for start in range(0, size, BLOCK):
            block = buffer[: min(BLOCK, size - start)]
            self._file.read_into(block, at + start)
            file.write(block)

    def close(self) -> None:
        """Close the part file."""
        self._file.close()


def has_times(geometry: SegmentGeometry) -> bool:
    """Tell whether the rows' times need a file of their own, since start and rate do not give them."""
    return geometry.timestamped or not geometry.is_uniform


def _placed(geometry: SegmentGeometry, notes: Mapping[int, JsonObject]) -> Iterator[tuple[int, int]]:
    """Yield offset in the log and number of rows of each chunk that there is, in order."""
    for part in range(geometry.parts):
        note = notes.get(part)
        if note is None:
            raise Truncated(f"the journal does not say where chunk {geometry.chunks[0] + part} was written")
        if not note.get("absent"):
            yield note["at"], note["rows"]


def _note(chunk: Chunk, geometry: SegmentGeometry) -> dict[str, Any]:
    note: dict[str, Any] = {}
    if chunk.missing:
        note["missing"] = [list(span) for span in chunk.missing]
    if chunk.dropped:
        note["dropped"] = chunk.dropped
    if geometry.compression == "gzip" and not chunk.checked:
        note["unchecked"] = True
    return note


def _write_regular_times(path: Path, geometry: SegmentGeometry) -> None:
    with path.open("wb") as file:
        file.write(npy.header((geometry.rows,), "<f8"))
        for part in range(geometry.parts):
            file.write(geometry.times(part).astype("<f8", copy=False).data)


def describe(layout: JsonObject, geometry: SegmentGeometry, notes: Mapping[int, JsonObject]) -> str:
    """Render the sidecar: what the columns are, when the rows were, and where data is missing."""
    channels = layout["channels"]
    kept = [channels[index] for index in geometry.select]
    rows = sum(note.get("rows", 0) for note in notes.values()) if geometry.timestamped else geometry.rows
    start = _first_time(geometry) if rows else geometry.from_ms
    sidecar = {
        "format": "penstock-segment",
        "version": 1,
        "study": layout.get("study"),
        "group": layout.get("group"),
        "shape": [rows, geometry.columns],
        "dtype": geometry.output_type.str,
        "channels": [
            {"id": channel.get("id"), "name": channel.get("name"), "unit": channel.get("unit")} for channel in kept
        ],
        "timestamped": geometry.timestamped,
        "times": "file" if has_times(geometry) else "start_ms + row * 1000 / sample_rate",
        "sample_rate": geometry.sample_rate,
        "start_ms": start,
        "start": _iso(start),
        "end_ms": geometry.last_ms,
        "end": _iso(geometry.last_ms),
        "segment_ms": [geometry.start_ms, geometry.end_ms],
        "gaps": [list(span) for span in _gaps(geometry, notes)],
        "missing_ms": [_chunk_times(geometry, span) for span in _absent(notes)],
        "dropped_samples": sum(note.get("dropped", 0) for note in notes.values()),
    }
    return json.dumps(sidecar, ensure_ascii=False, indent=1) + "\n"


def _first_time(geometry: SegmentGeometry) -> float:
    if geometry.timestamped:
        return max(geometry.from_ms, geometry.start_ms)
    part = next(part for part in range(geometry.parts) if geometry.span(part)[1])
    return float(geometry.times(part)[0])


def _iso(ms: float) -> str | None:
    try:
        return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="microseconds")
    except OverflowError:
        return None


def _gaps(geometry: SegmentGeometry, notes: Mapping[int, JsonObject]) -> list[Span]:
    """List the runs of rows of the result that hold no data, joined across chunks."""
    return [] if geometry.timestamped else joined(list(_missing_rows(geometry, notes)))


def _missing_rows(geometry: SegmentGeometry, notes: Mapping[int, JsonObject]) -> Iterator[Span]:
    for part, note in notes.items():
        start, stop = geometry.span(part)
        if note.get("absent"):
            yield start, stop
        for first, last in note.get("missing", ()):
            yield start + first, start + last


def _absent(notes: Mapping[int, JsonObject]) -> list[Span]:
    """List the runs of parts that the service did not have."""
    return joined([(part, part + 1) for part, note in notes.items() if note.get("absent")])


def _chunk_times(geometry: SegmentGeometry, parts: Span) -> list[float]:
    """Return the time that a run of parts covers, cut to the segment."""
    return [geometry.chunk_start(parts[0]), min(geometry.chunk_start(parts[1]), geometry.end_ms)]
