"""Pages by limit and offset, and by cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from penstock.sandbox.seer.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


def page(items: Sequence[T], limit: int | None, offset: int | None, cap: int | None) -> list[T]:
    """Cut one page; a cap of the server's makes it shorter than was asked."""
    start = offset or 0
    if start < 0:
        raise Refusal("INVALID_PARAMETERS", "offset must not be negative")
    sizes = [size for size in (limit, cap) if size is not None]
    return list(items[start : start + min(sizes)] if sizes else items[start:])


@dataclass(frozen=True, slots=True)
class CursorPage:
    """A page that says where the next one starts."""

    items: list[Any]
    cursor: str | None
    more: bool


def cursor_page(
    items: Sequence[T], identify: Callable[[T], str], limit: int | None, after: str | None, cap: int | None
) -> CursorPage:
    """Cut the page behind an id; the empty id stands for the beginning."""
    start = 0
    if after:
        start = next((number for number, item in enumerate(items, 1) if identify(item) == after), -1)
        if start < 0:
            raise Refusal("INVALID_PARAMETERS", f"Unknown cursor {after}")
    found = page(items, limit, start, cap)
    more = start + len(found) < len(items)
    return CursorPage(found, identify(found[-1]) if found else None, more)
