"""Checks of what clients send when they create or change a resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from penstock.sandbox.boss.faults import Code, Refusal

Check = Callable[[Any], Any]


def text(value: Any) -> str:
    """Accept text and whatever has an obvious spelling."""
    if not isinstance(value, str | int | float):
        raise ValueError("Not a valid string.")
    return str(value)


def flag(value: Any) -> bool:
    """Accept the usual spellings of true and false."""
    words = {"true": True, "1": True, "false": False, "0": False}
    if str(value).lower() not in words:
        raise ValueError("Must be a valid boolean.")
    return words[str(value).lower()]


def integer(value: Any) -> int:
    """Accept an integer or its decimal spelling."""
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError("A valid integer is required.")
    try:
        return int(value)
    except TypeError as error:
        raise ValueError("A valid integer is required.") from error


def number(value: Any) -> float:
    """Accept a number or its decimal spelling."""
    try:
        return float(value)
    except TypeError as error:
        raise ValueError("A valid number is required.") from error


def names(value: Any) -> list[str]:
    """Accept a list of names."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("Expected a list of names.")
    return list(value)


def one_of(*choices: str) -> Check:
    """Accept one of some words."""

    def check(value: Any) -> str:
        if value not in choices:
            raise ValueError(f'"{value}" is not a valid choice.')
        return str(value)

    return check


def optional(check: Check) -> Check:
    """Accept null as well."""
    return lambda value: None if value is None else check(value)


def take(values: Mapping[str, Any], checks: Mapping[str, Check], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Pick and check the fields that there are; others are ignored.

    Raises:
        Refusal: Code 1003 with every complaint, spelt as the dictionary that the server prints.
    """
    complaints = {name: ["This field is required."] for name in required if name not in values}
    taken = {}
    for name, check in checks.items():
        if name in values:
            try:
                taken[name] = check(values[name])
            except ValueError as error:
                complaints[name] = [str(error)]
    if complaints:
        raise Refusal(Code.INVALID_POST_ARGUMENT, str(complaints))
    return taken


def refuse_fixed(values: Mapping[str, Any], changeable: Mapping[str, Check]) -> None:
    """Refuse a change of a field that is fixed for good, naming it."""
    for name in values:
        if name not in changeable:
            raise Refusal(Code.INVALID_POST_ARGUMENT, f"field {name} cannot be changed")
