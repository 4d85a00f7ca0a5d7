"""Points in time as the gateway writes them: sometimes with an offset, sometimes in its own local time."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from penstock.errors import ConfigError, SelectionError

if TYPE_CHECKING:
    from datetime import tzinfo


@lru_cache(maxsize=8)
def zone(name: str) -> tzinfo:
    """Find a time zone by its IANA name.

    Raises:
        ConfigError: This machine knows no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(
            f"no time zone named {name!r} is known on this machine",
            hint="Use an IANA name such as America/New_York; on a machine without zone data, install tzdata.",
        ) from None


def moment(text: str, local: tzinfo) -> datetime:
    """Read an instant; one without an offset is in the gateway's local zone.

    In the hour that an autumn clock change repeats, such a text is ambiguous; the earlier reading is taken.

    Args:
        text: ISO 8601, with `T` or a space, with or without microseconds and offset.
        local: Zone of texts without an offset.

    Returns:
        The instant in UTC, aware.
    """
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=local)).astimezone(UTC)


def requested(instant: datetime | str) -> datetime:
    """Read an instant that a user gave; one without an offset is UTC.

    Raises:
        SelectionError: It is no ISO 8601 text.
    """
    try:
        found = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    except ValueError:
        raise SelectionError(f"{instant!r} is no instant", hint="Write it as 2024-06-27T14:49:00Z.") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
