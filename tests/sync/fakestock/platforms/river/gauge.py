"""A thing with asynchronous methods that clients hand out."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, overload

import anyio.lowlevel

from fakestock.types import DEFAULT_SPAN, Filter, Reading, Span, Subscriber


class Gauge:
    """Measures the level.

    Examples:
        async with river as r:
            async for reading in gauge.stream():
                await gauge.set_zero(1)
    """

    unit = "m"
    place: str
    """Where it stands."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.zero = 0.0
        self._log: list[str] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Gauge) and other.place == self.place

    def __hash__(self) -> int:
        return hash(self.place)

    async def set_zero(self, level: float, /, *, note: str = "none") -> float:
        """Set the zero, and return the former."""
        before, self.zero = self.zero, level
        return before

    @overload
    async def read(self, span: Span) -> list[Reading]: ...
    @overload
    async def read(self, span: None = None) -> Reading: ...
    async def read(self, span: Span | None = None) -> Reading | list[Reading]:
        """Read once, or over a span."""
        await anyio.lowlevel.checkpoint()
        return Reading(0.0) if span is None else [Reading(float(i)) for i in range(*span)]

    async def stream(self, span: Span = DEFAULT_SPAN, *, fail_at: int | None = None) -> AsyncIterator[Reading]:
        """Yield readings from a task group."""
        send, receive = anyio.create_memory_object_stream[Reading](1)
        async with anyio.create_task_group() as group, receive:
            group.start_soon(self._produce, send, span, fail_at)
            async for reading in receive:
                yield reading
            group.cancel_scope.cancel()

    async def _produce(self, send: Any, span: Span, fail_at: int | None) -> None:
        async with send:
            for i in range(*span):
                if i == fail_at:
                    raise ValueError(f"reading {i} failed")
                await send.send(Reading(float(i)))

    def watch(self, *, on_event: Subscriber | None = None) -> AsyncIterator[int]:
        """Count, and tell a subscriber each time."""
        return self._watch(on_event)

    async def _watch(self, on_event: Subscriber | None) -> AsyncIterator[int]:
        for i in range(3):
            if on_event:
                on_event(Reading(float(i)))
            yield i

    async def wait(self, *, seconds: float = 60.0, on_event: Subscriber | None = None, cleanup: float = 0.0) -> str:
        """Wait, telling a subscriber before."""
        try:
            if on_event:
                on_event(Reading(1.0))
                on_event(Reading(2.0))
            await anyio.sleep(seconds)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(cleanup)
                self._log.append("cleaned up")
        return "waited"

    async def pick(self, select: Filter) -> list[Reading]:
        """Keep the readings that a function wants."""
        return [reading for reading in map(Reading, (1.0, 2.0, 3.0)) if select(reading)]

    @property
    def log(self) -> list[str]:
        """What happened."""
        return self._log

    def describe(self, *, path: str | os.PathLike[str] = ".") -> str:
        """Say where it is."""
        return f"{self.place} in {os.fspath(path)}"

    @asynccontextmanager
    async def lowered(self, by: float, *, fail: bool = False) -> AsyncIterator[Gauge]:
        """Lower the zero for a while."""
        if fail:
            raise ValueError("cannot be lowered")
        self.zero -= by
        async with anyio.create_task_group() as group:
            try:
                yield self
            finally:
                self.zero += by
                group.cancel_scope.cancel()
