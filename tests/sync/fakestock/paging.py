"""A pager as the real one: await it, iterate over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Pager(Generic[T]):
    """A lazy listing."""

    def __init__(self, rows: list[T], size: int = 3) -> None:
        self._rows = rows
        self._size = size
        self.asked = 0

    def __await__(self) -> Generator[Any, None, list[T]]:
        return self._first().__await__()

    async def _first(self) -> list[T]:
        self.asked += 1
        return self._rows[: self._size]

    async def pages(self) -> AsyncIterator[list[T]]:
        """Yield pages."""
        for start in range(0, len(self._rows), self._size):
            self.asked += 1
            yield self._rows[start : start + self._size]

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for row in page:
                yield row

    async def collect(self, limit: int | None = None) -> list[T]:
        """Return all."""
        return [row async for row in self][:limit]
