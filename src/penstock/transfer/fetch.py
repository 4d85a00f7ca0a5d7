"""Bring one part of an item from its source into its sink: one slot, bounded memory, retried as the policy allows."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from anyio import CapacityLimiter, to_thread

from penstock.errors import NotFound, PenstockError, TransferError
from penstock.events import Retrying

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock._net.context import Context
    from penstock.transfer.source import Source
    from penstock.transfer.work import Work

T = TypeVar("T")

BLOCK = 1 << 20
"""Streamed bodies are written in blocks of this size: smaller ones cost more in thread hops than in copying."""


class Fetcher:
    """Fetches parts for one transfer, and owns the threads in which they are decoded and written."""

    def __init__(self, source: Source, context: Context) -> None:
        self._source = source
        self._context = context
        self._threads = CapacityLimiter(max(2, os.cpu_count() or 1))

    @property
    def crew(self) -> int:
        """How many workers keep every slot busy while others wait for a thread."""
        return self._context.limits.ceiling(self._source.origin) + 2

    async def hop(self, call: Callable[..., T], *args: object) -> T:
        """Run CPU work or disk access in a thread; never abandoned, so that cancellation waits for it.

        Raises:
            TransferError: The disk failed in a way that has no name of its own.
        """
        try:
            return await to_thread.run_sync(partial(call, *args), limiter=self._threads)
        except PenstockError:
            raise
        except OSError as error:
            raise TransferError(f"the disk failed: {error}") from error

    async def fetch(self, work: Work, part: int) -> int:
        """Bring one part to disk and return its size on the wire in bytes.

        Raises:
            PenstockError: What remained after every attempt that the policy allows.
        """

        def tell(attempt: int, delay: float, cause: PenstockError) -> None:
            if work.error is None:
                work.emit(Retrying(item=work.item.key, attempt=attempt, delay=delay, cause=cause))

        attempt = self._whole if work.sink.whole else self._streamed
        async with self._context.memory.reserve(work.item.part_bytes):
            return await self._context.retry.run(
                self._source.origin, lambda: attempt(work, part), limits=self._context.limits, on_retry=tell
            )

    async def _whole(self, work: Work, part: int) -> int:
        """Receive a part, give the connection back, then decode and write it."""
        body = await self._body(work, part)
        await self.hop(work.place, part, body)
        work.placed(part, gap=body is None)
        return len(body or b"")

    async def _body(self, work: Work, part: int) -> bytearray | None:
        """Return a part's bytes, or None where the service has none and the item may have gaps."""
        received = bytearray()
        try:
            async with self._context.limits.slot(self._source.origin), self._source.open(work.item, part) as incoming:
                async for block in incoming.blocks:
                    await self._count(work, block)
                    received += block
        except NotFound:
            if work.item.layout.get("gaps"):
                return None
            raise
        return received

    async def _streamed(self, work: Work, part: int) -> int:
        """Write a part while it arrives, in blocks large enough to be worth a thread."""
        at = 0
        pending = bytearray()
        async with self._context.limits.slot(self._source.origin), self._source.open(work.item, part) as incoming:
            async for block in incoming.blocks:
                await self._count(work, block)
                pending += block
                if len(pending) >= BLOCK:
                    await self.hop(work.write, part, at, pending)
                    at += len(pending)
                    pending = bytearray()
        if pending or not at:
            await self.hop(work.write, part, at, pending)
        work.placed(part)
        return at + len(pending)

    async def _count(self, work: Work, block: bytes) -> None:
        work.arrived(len(block))
        if self._context.bandwidth is not None:
            await self._context.bandwidth.take(len(block))
