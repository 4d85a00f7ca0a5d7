"""Amounts as people write them: `512MiB`, `80MB/s`, `1h30m`."""

from __future__ import annotations

import math
import re

from penstock.errors import ConfigError

_SIZE = re.compile(
    r"\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<prefix>[kmgt]?)(?P<binary>i?)(?P<unit>b|bit|bits|bytes)?\s*", re.IGNORECASE
)
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s|sec|min|m|h|d)")
_SECONDS = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def parse_size(value: float | str) -> int:
    """Read an amount of bytes: `4096`, `80MB` (powers of 1000), `512MiB` (powers of 1024).

    Raises:
        ConfigError: It is not one.
    """
    if isinstance(value, (int, float)):
        return _positive(value, value)
    match = _SIZE.fullmatch(value)
    if match is None or (match["unit"] or "b").lower().startswith("bit"):
        raise ConfigError(f"{value!r} is not a size", hint="Write bytes like 512MiB or 80MB.")
    return _positive(float(match["number"]) * _factor(match), value)


def parse_rate(value: float | str) -> int:
    """Read bytes per second: `80MB/s`, `100Mbit/s`, `1000000`.

    Raises:
        ConfigError: It is not a rate.
    """
    if isinstance(value, (int, float)):
        return _positive(value, value)
    match = _SIZE.fullmatch(re.sub(r"(/s|ps)\s*$", "", value, flags=re.IGNORECASE))
    if match is None:
        raise ConfigError(f"{value!r} is not a rate", hint="Write a rate like 80MB/s or 100Mbit/s.")
    bits = (match["unit"] or "b").lower().startswith("bit")
    return _positive(float(match["number"]) * _factor(match) / (8 if bits else 1), value)


def parse_duration(value: float | str) -> float:
    """Read seconds: `30`, `30s`, `1.5min`, `1h30m`, `250ms`.

    Raises:
        ConfigError: It is not a duration.
    """
    if isinstance(value, (int, float)):
        return _not_negative(float(value), value)
    text = value.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    rest = _DURATION.sub("", text)
    if not text or rest.strip():
        raise ConfigError(f"{value!r} is not a duration", hint="Write a duration like 30s, 5min or 1h30m.")
    return sum(float(match["number"]) * _SECONDS[match["unit"]] for match in _DURATION.finditer(text))


def parse_flag(value: bool | int | str) -> bool:
    """Read yes or no.

    Raises:
        ConfigError: It is neither.
    """
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise ConfigError(f"{value!r} is neither yes nor no", hint="Write true or false.")
    return text in _TRUE


def parse_count(value: int | str) -> int:
    """Read a whole number that is at least 1.

    Raises:
        ConfigError: It is not one.
    """
    try:
        return _positive(int(value), value)
    except ValueError:
        raise ConfigError(f"{value!r} is not a whole number above 0") from None


def _factor(match: re.Match[str]) -> float:
    return (1024.0 if match["binary"] else 1000.0) ** (
        "kmgt".index(match["prefix"].lower()) + 1 if match["prefix"] else 0
    )


def _positive(number: float, written: object) -> int:
    if not math.isfinite(number) or number < 1:
        raise ConfigError(f"{written!r} is not a positive amount")
    return int(number)


def _not_negative(number: float, written: object) -> float:
    if not math.isfinite(number) or number < 0:
        raise ConfigError(f"{written!r} is not a duration")
    return number
