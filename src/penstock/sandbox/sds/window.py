"""The temporal filter of file listings, with the edge that it gets wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from penstock.sandbox.sds.indexing import DATA_FILE
from penstock.sandbox.sds.protocol import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.sandbox.sds.store import File


def narrowed(files: list[File], query: Mapping[str, str]) -> tuple[list[File], list[str]]:
    """Keep the Digital RF data files between two times; other files stay.

    Names are compared as text, so that the file that began before `start_time` and covers it is left out.

    Returns:
        The files, and warnings about a filter that was not applied.
    """
    bounds = {name: _time(name, query[name]) for name in ("start_time", "end_time") if query.get(name)}
    if not bounds:
        return files, []
    if len(bounds) < 2:
        return files, ["Temporal filtering needs both start_time and end_time; none was applied."]
    if not any(DATA_FILE.match(file.name) for file in files):
        return files, ["Temporal filtering is supported for Digital RF files only; none was applied."]
    first, last = data_name(bounds["start_time"]), data_name(bounds["end_time"])
    return [file for file in files if not DATA_FILE.match(file.name) or first <= file.name <= last], []


def data_name(time: datetime) -> str:
    """Name the data file that would begin at a time."""
    milliseconds = round(time.timestamp() * 1000)
    return f"rf@{milliseconds // 1000}.{milliseconds % 1000:03d}.h5"


def _time(name: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise refuse(f"Invalid {name}: expected ISO 8601 datetime, got '{text}'.") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
