"""What a user asks for along each axis, checked against what is there."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING

from penstock.errors import SelectionError
from penstock.formats.grid import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.types import Span


def box_within(extent: Box, x: Sequence[int] | None, y: Sequence[int] | None, z: Sequence[int] | None) -> Box:
    """Check the ranges of a box; an axis that is not given is taken whole.

    Raises:
        SelectionError: A range is malformed, empty, or reaches out of the extent.
    """
    return Box(
        *(_axis(name, asked, whole, extent) for name, asked, whole in zip("xyz", (x, y, z), extent, strict=True))
    )


def _axis(name: str, asked: Sequence[int] | None, whole: Span, extent: Box) -> Span:
    start, stop = whole if asked is None else span(name, asked)
    if start >= stop:
        raise SelectionError(f"the range {name} {start}:{stop} is empty", hint=f"Valid ranges are {shown(extent)}.")
    if start < whole[0] or stop > whole[1]:
        raise SelectionError(
            f"the range {name} {start}:{stop} reaches out of the data, which has {shown(extent)}",
            hint="Ranges count voxels of the level that is asked for, not of level 0.",
        )
    return start, stop


def shown(box: Box) -> str:
    """Spell a box for people."""
    return ", ".join(f"{axis} {start}:{stop}" for axis, (start, stop) in zip("xyz", box, strict=True))


def span(name: str, asked: Sequence[int]) -> Span:
    """Read a half-open range.

    Raises:
        SelectionError: It is no pair of integers.
    """
    try:
        start, stop = (index(bound) for bound in asked)
    except (TypeError, ValueError):
        raise SelectionError(f"{name}={asked!r} is not a pair of integers (start, stop)") from None
    return start, stop
