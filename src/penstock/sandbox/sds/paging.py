"""Pages of a listing, in the envelope that the gateway puts around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from penstock.sandbox.sds.protocol import Call, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

DEFAULT_SIZE = 30
MAX_SIZE = 100


def paged(call: Call, rows: Sequence[T], render: Callable[[T], Any]) -> dict[str, Any]:
    """Cut the page that the query asks for out of all rows, and render only that.

    Raises:
        Refusal: There is no such page.
    """
    size = page_size(call.query.get("page_size", ""))
    last = max(1, -(-len(rows) // size))
    number = _page_number(call.query.get("page", "1"), last)
    return {
        "count": len(rows),
        "next": _link(call, number + 1) if number < last else None,
        "previous": _link(call, number - 1) if number > 1 else None,
        "results": [render(row) for row in rows[(number - 1) * size : number * size]],
    }


def page_size(text: str) -> int:
    """Read `page_size`: 30 for nonsense, at most 100."""
    size = int(text) if text.isdecimal() else 0
    return min(size, MAX_SIZE) or DEFAULT_SIZE


def _page_number(text: str, last: int) -> int:
    number = last if text == "last" else int(text) if text.isdecimal() else 0
    if not 1 <= number <= last:
        raise refuse("Invalid page.", 404)
    return number


def _link(call: Call, number: int) -> str:
    """Spell the address of another page; the first has no number."""
    query = {name: value for name, value in call.query.items() if name != "page"}
    if number > 1:
        query["page"] = str(number)
    url = call.request.url
    return f"{url.origin()}{url.raw_path}" + (f"?{urlencode(sorted(query.items()))}" if query else "")
