"""Blocking iterators over asynchronous ones.

An async generator may hold a task group or a cancel scope, which must be entered and left by the same task. So one task
pumps the source into a bounded stream, and the caller's thread takes what has gathered there, a batch at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

import anyio

from penstock.errors import Closed
from penstock.sync._loop import Job, Loop, Request, current, run

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

WINDOW = 64
"""How many items a source may be ahead of its reader."""


class AsyncPager(Protocol[T_co]):
    """What the bridge asks of a pager: await it for the first page, iterate over items or pages."""

    def __await__(self) -> Any: ...
    def __aiter__(self) -> AsyncIterator[T_co]: ...
    def pages(self) -> AsyncIterable[Any]: ...
    def collect(self, limit: int | None = None) -> Awaitable[Any]: ...


def same(value: Any) -> Any:
    """Leave an item as it is."""
    return value


class _Pump:
    """The task that reads the source; knows nothing of the iterator it feeds, so that dropping that ends it."""

    def __init__(self, loop: Loop, source: Request[AsyncIterable[Any]]) -> None:
        self.job: Job[None] = Job(loop, self._main)
        self._loop = loop
        self._source = source
        self._send, self._receive = anyio.create_memory_object_stream[Any](WINDOW)
        self._fetching = False

    def take(self) -> list[Any]:
        """Wait for an item and return it with all others that are ready; empty at the end."""
        return Job(self._loop, self._take, self.job.inbox).outcome()

    async def _take(self) -> list[Any]:
        batch: list[Any] = []
        try:
            batch.append(await self._receive.receive())
            while len(batch) < WINDOW:
                batch.append(self._receive.receive_nowait())
        except anyio.EndOfStream:
            self._receive.close()
        except (anyio.WouldBlock, anyio.ClosedResourceError):
            pass
        return batch

    def stop_soon(self) -> None:
        """Ask the task to end; never waits."""
        if not self._loop.soon(self._stop):
            self._receive.close()
            self._send.close()

    def _stop(self) -> None:
        """End like `break` in `async for`: closing the source is not itself cancelled, waiting for it is."""
        self._receive.close()
        if self._fetching:
            self.job.cancel()

    async def _main(self) -> None:
        iterator = aiter(self._source.make(self.job.inbox))
        try:
            with self._send:
                await self._forward(iterator)
        finally:
            close = getattr(iterator, "aclose", None)
            if close is not None:
                await close()

    async def _forward(self, iterator: AsyncIterator[Any]) -> None:
        while True:
            self._fetching = True
            try:
                item = await anext(iterator)
            except StopAsyncIteration:
                return
            finally:
                self._fetching = False
            try:
                await self._send.send(item)
            except anyio.BrokenResourceError:  # nobody reads on
                return


class Stream(Generic[T]):
    """A blocking iterator, and a context manager that ends its source early.

    Leaving a `for` loop with `break` or an exception ends the source as well, once the iterator is dropped;
    `with` or `close()` also wait until it has cleaned up.
    """

    def __init__(self, source: Request[AsyncIterable[Any]], lift: Callable[[Any], T] = same) -> None:
        self._source = source
        self._lift = lift
        self._pump: _Pump | None = None
        self._batch: deque[Any] = deque()
        self._closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        if not self._batch:
            self._batch.extend(self._next_batch())
        if not self._batch:
            raise StopIteration
        return self._lift(self._batch.popleft())

    def batches(self, n: int) -> Iterator[list[T]]:
        """Iterate over lists of `n` items; the last may be shorter."""
        batch: list[T] = []
        for item in self:
            batch.append(item)
            if len(batch) == n:
                yield batch
                batch = []
        if batch:
            yield batch

    def close(self) -> None:
        """End the source and wait until it has cleaned up."""
        self._closed = True
        self._batch.clear()
        if self._pump is not None:
            self._pump.stop_soon()
            self._pump.job.settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        pump = getattr(self, "_pump", None)
        if pump is not None:
            pump.stop_soon()

    def _next_batch(self) -> list[Any]:
        if self._closed:
            return []
        try:
            pump = self._running()
            batch = pump.take()
            if not batch:
                pump.job.wait()
        except BaseException:
            self.close()
            raise
        if not batch:
            self._closed = True
            pump.job.result()
        return batch

    def _running(self) -> _Pump:
        if self._pump is None:
            self._pump = _Pump(current(), self._source)
            self._pump.job.start()
        if self._pump.job.loop is not current():
            raise Closed("the iterator belongs to an event loop that is gone")
        return self._pump


class SyncPager(Generic[T]):
    """A lazy listing: iterate over it for every item; nothing is asked of the service before.

    Iterating again asks again.
    """

    def __init__(self, pager: AsyncPager[Any], lift: Callable[[Any], Any] = same) -> None:
        self._pager = pager
        self._lift = lift

    def __iter__(self) -> Stream[T]:
        return Stream(Request(lambda: self._pager, (), {}), self._lift)

    def first(self) -> list[T]:
        """Fetch the first page only."""

        async def first() -> Any:
            return await self._pager

        return [self._lift(item) for item in run(first)]

    def pages(self) -> Stream[list[T]]:
        """Iterate over pages as the service cuts them."""
        return Stream(Request(self._pager.pages, (), {}), lambda page: [self._lift(item) for item in page])

    def batches(self, n: int) -> Iterator[list[T]]:
        """Iterate over lists of `n` items; the last may be shorter."""
        return iter(self).batches(n)

    def collect(self, limit: int | None = None) -> list[T]:
        """Fetch every item, or the first `limit`."""
        return [self._lift(item) for item in run(self._pager.collect, limit)]
