"""Points in time as users write them, to the milliseconds that the service counts in."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from numbers import Real
from typing import Any, TypeAlias

from penstock.errors import SelectionError

Instant: TypeAlias = str | date | float
"""An ISO 8601 string, a `datetime` or `date`, or milliseconds since 1970 (UTC); naive times are UTC."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Thirteen digits would also parse as a compact ISO date with a time, in the year 1526.
_COUNTED = re.compile(r"-?\d{11,}(\.\d+)?")


def milliseconds(value: Instant) -> float:
    """Turn an instant into milliseconds since 1970-01-01T00:00Z.

    Raises:
        SelectionError: It is no instant, or not a finite one.
    """
    if isinstance(value, str):
        return _from_text(value.strip())
    if isinstance(value, date):
        return _from_date(value)
    return _from_number(value)


def moment(ms: float) -> datetime:
    """Turn milliseconds since 1970 into an aware datetime, to the nearest microsecond."""
    return EPOCH + timedelta(microseconds=round(ms * 1000))


def stamp(ms: float) -> str:
    """Spell an instant for a file name: `20200101T000000.000Z`, cut to whole milliseconds."""
    when = EPOCH + timedelta(milliseconds=math.floor(ms))
    return f"{when:%Y%m%dT%H%M%S}.{when.microsecond // 1000:03d}Z"


def _from_text(text: str) -> float:
    if _COUNTED.fullmatch(text):
        return _finite(float(text), text)
    try:
        return _from_date(datetime.fromisoformat(text))
    except ValueError:
        raise _unreadable(text) from None


def _from_date(value: date) -> float:
    when = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (aware - EPOCH) / _MILLISECOND


def _from_number(value: Any) -> float:
    """Read any real number, numpy's among them, and `numpy.datetime64` without importing numpy for everybody else."""
    if isinstance(value, bool):
        raise _unreadable(value)
    if isinstance(value, Real):
        return _finite(float(value), value)
    if type(value).__name__ == "datetime64" and str(value) != "NaT":
        return float(value.astype("datetime64[us]").astype("int64")) / 1000
    raise _unreadable(value)


def _finite(ms: float, value: object) -> float:
    if not math.isfinite(ms):
        raise _unreadable(value)
    return ms


def _unreadable(value: object) -> SelectionError:
    return SelectionError(
        f"{value!r} is not a point in time",
        hint="Give an ISO 8601 string such as 2020-01-31T12:00:00Z, a datetime, or milliseconds since 1970.",
    )
