"""Lazy listings."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Sequence
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from penstock.errors import UnexpectedResponse

T = TypeVar("T")
C = TypeVar("C")

_EMPTY_PAGES = 1000


class Pager(Generic[T]):
    """A listing that is fetched page by page, as far as somebody looks.

    `await pager` gives the first page as a list, `async for item in pager` every item, `pager.pages()` the pages. Each
    use starts from the beginning.

    Args:
        pages: Makes an async iterator over the pages; called once for each use.
    """

    def __init__(self, pages: Callable[[], AsyncIterator[Sequence[T]]]) -> None:
        self._pages = pages

    @classmethod
    def following(cls, fetch: Callable[[C | None], Awaitable[tuple[Sequence[T], C | None]]]) -> Pager[T]:
        """Make a listing in which each page says how to ask for the next.

        Args:
            fetch: Takes a cursor (None at first) and returns a page's items and the next cursor, None at the end.
        """
        return cls(lambda: _follow(fetch))

    def __await__(self) -> Generator[Any, None, list[T]]:
        return self._first().__await__()

    def __aiter__(self) -> AsyncIterator[T]:
        return self._items()

    async def pages(self) -> AsyncGenerator[list[T], None]:
        """Yield page after page."""
        source = self._pages()
        try:
            async for page in source:
                yield list(page)
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    async def collect(self, limit: int | None = None) -> list[T]:
        """Return the items as one list, at most `limit` of them; no page is fetched beyond that."""
        items: list[T] = []
        if limit is not None and limit <= 0:
            return items
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                items += page
                if limit is not None and len(items) >= limit:
                    return items[:limit]
        return items

    async def _first(self) -> list[T]:
        async with aclosing(self.pages()) as pages:
            return await anext(pages, [])

    async def _items(self) -> AsyncGenerator[T, None]:
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for item in page:
                    yield item


async def _follow(
    fetch: Callable[[C | None], Awaitable[tuple[Sequence[T], C | None]]],
) -> AsyncGenerator[Sequence[T], None]:
    """Fetch page after page, but not for ever: a server may repeat a cursor, or send empty pages without end."""
    cursor: C | None = None
    seen: set[Any] = set()
    empty = 0
    while True:
        items, cursor = await fetch(cursor)
        empty = 0 if items else empty + 1
        yield items
        if cursor is None:
            return
        if cursor in seen:
            raise UnexpectedResponse("the listing goes in circles: a page points back to an earlier one")
        if empty > _EMPTY_PAGES:
            raise UnexpectedResponse(f"the listing has more than {_EMPTY_PAGES} empty pages in a row")
        seen.add(cursor)
