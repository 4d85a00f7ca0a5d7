"""The client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, ClassVar

import anyio.lowlevel

from fakestock.paging import Pager
from fakestock.platforms.base import Platform
from fakestock.platforms.river.gauge import Gauge
from fakestock.types import Reading

if TYPE_CHECKING:
    from os import PathLike

    from fakestock.context import Context


class River(Platform):
    """A river, with its gauges."""

    name: ClassVar[str] = "river"

    def __init__(self, *, url: str = "river://", context: Context | None = None) -> None:
        super().__init__(context=context)
        self.url = url

    async def gauge(self, place: str) -> Gauge:
        """Fetch one gauge."""
        await anyio.lowlevel.checkpoint()
        return Gauge(place)

    async def find(self, place: str) -> Gauge | None:
        """Find a gauge, or nothing."""
        return Gauge(place) if place != "nowhere" else None

    async def by_name(self, *places: str) -> dict[str, list[Gauge]]:
        """Group gauges."""
        return {place: [Gauge(place)] for place in places}

    def gauges(self, *, count: int = 7) -> Pager[Gauge]:
        """List the gauges."""
        if count < 0:
            raise ValueError("count is negative")
        return Pager([Gauge(str(i)) for i in range(count)])

    async def numbers(self, stop: int, *, fail_at: int | None = None) -> AsyncIterator[int]:
        """Count."""
        for i in range(stop):
            if i == fail_at:
                raise ValueError(f"number {i} failed")
            yield i

    async def compare(self, one: Gauge, others: list[Gauge]) -> list[bool]:
        """Compare gauges."""
        if not all(isinstance(gauge, Gauge) for gauge in [one, *others]):
            raise TypeError("a twin came through")
        return [one == other for other in others]

    async def fail(self, *, grouped: int) -> None:
        """Fail within so many exception groups."""
        if not grouped:
            raise KeyError("gone")
        async with anyio.create_task_group():
            await self.fail(grouped=grouped - 1)

    async def save(self, to: str | PathLike[str], reading: Reading) -> Reading:
        """Return what was given."""
        return reading

    @classmethod
    async def discover(cls, url: str) -> River:
        """Make one from a URL."""
        return cls(url=url)

    @staticmethod
    def scheme() -> str:
        """Say the scheme."""
        return "river"
