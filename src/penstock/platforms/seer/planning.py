"""From a selection to the items of a plan: one a segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.errors import FormatError, SelectionError
from penstock.formats.segment_geometry import SegmentGeometry
from penstock.platforms.seer.instants import stamp
from penstock.platforms.seer.selection import folder_names
from penstock.transfer.names import safe_segment
from penstock.types import Item, fingerprint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from penstock.platforms.seer.models import StudyMetadata
    from penstock.platforms.seer.selection import Piece, Selection

FORMATS: Mapping[str, str] = {"npy": "segment-npy"}
"""What a user may ask for, and the sink that writes it."""

_BROTLI = "brotli"  # what one branch of the vendor's client calls it; others say `br`


def sink_named(format: str) -> str:
    """Translate a format as users name it.

    Raises:
        SelectionError: Channel data cannot be written that way.
    """
    if format not in FORMATS:
        raise SelectionError(f"channel data cannot be written as {format!r}", hint=f"Formats: {', '.join(FORMATS)}.")
    return FORMATS[format]


async def items(selection: Selection, format: str) -> AsyncIterator[Item]:
    """Yield an item for every segment that the selection touches."""
    targets = _targets(selection.study)
    for piece in selection.pieces():
        yield item(selection, piece, targets[piece.segment.id], format)


def item(selection: Selection, piece: Piece, target: str, format: str) -> Item:
    """Describe one segment's share of a selection."""
    first, last = piece.chunks
    layout = layout_of(selection, piece)
    return Item(
        key=f"{selection.study.id}/{piece.segment.id}",
        target=target,
        identity=fingerprint(format, layout),
        format=format,
        parts=last - first,
        part_bytes=geometry_of(selection, piece).working_bytes,
        source={"study": selection.study.id, "segment": piece.segment.id, "first": first},
        layout=layout,
    )


def layout_of(selection: Selection, piece: Piece) -> dict[str, Any]:
    """Say how the chunks of a segment decode and where their samples go."""
    group, segment = piece.selected.group, piece.segment
    from_ms, to_ms = selection.window.clipped(segment)
    return {
        "study": selection.study.title,
        "group": group.title,
        "channels": [
            {"id": channel.id, "name": label, "unit": group.units}
            for channel, label in zip(group.channels, group.labels, strict=True)
        ],
        "select": list(piece.selected.indices),
        "encoding": group.sample_encoding,
        "compression": "br" if group.compression == _BROTLI else group.compression or "none",
        "timestamped": bool(group.timestamped),
        "samples_per_record": group.samples_per_record,
        "records_per_chunk": group.records_per_chunk,
        "record_length": group.record_length,
        "sample_rate": group.sample_rate,
        "chunk_period": group.chunk_period,
        "signal_min": group.signal_min,
        "signal_max": group.signal_max,
        "exponent": group.exponent or 0,
        "start_ms": segment.start_time,
        "end_ms": segment.end_time,
        "from_ms": from_ms,
        "to_ms": to_ms,
        "chunks": list(piece.chunks),
        "dtype": selection.dtype,
        "gaps": True,
    }


def check_decodable(selection: Selection) -> None:
    """See that every chosen group can be decoded, before anything is fetched.

    Raises:
        FormatError: The parameters of a group do not suffice.
    """
    for selected in selection.groups:
        if (piece := next(selection.pieces_of(selected), None)) is not None:
            geometry_of(selection, piece)


def geometry_of(selection: Selection, piece: Piece) -> SegmentGeometry:
    """Lay out the samples of a segment.

    Raises:
        FormatError: The group's parameters do not suffice to decode it.
    """
    group = piece.selected.group
    try:
        return SegmentGeometry.from_layout(layout_of(selection, piece))
    except FormatError as error:
        hint = "Leave this group out with groups= or channels=."
        raise FormatError(f"channel group {group.title!r}: {error}", hint=hint) from None


def _targets(study: StudyMetadata) -> dict[str, str]:
    """Give every segment of the study a path of its own, whatever part of the study is selected."""
    folders = folder_names(study.channel_groups)
    taken: set[str] = set()
    targets: dict[str, str] = {}
    for group in study.channel_groups:
        for segment in sorted(group.segments, key=lambda segment: (segment.start_time, segment.id)):
            folder = f"{safe_segment(study.title)}/{safe_segment(folders[group.id])}"
            target = f"{folder}/{stamp(segment.start_time)}"
            unique = target if target not in taken else f"{target}~{fingerprint(segment.id)[:8]}"
            taken.add(unique)
            targets[segment.id] = unique
    return targets
