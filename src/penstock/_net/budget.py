"""Shared amounts: memory that is given back, bandwidth that flows."""

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from penstock._net.clock import Clock, RealClock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class FairBudget:
    """A number of units that tasks take and give back, first come, first served.

    Args:
        capacity: Units in all. It may be changed while some are taken; what is out stays out.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.free = capacity
        self._waiting: deque[tuple[int, anyio.Event]] = deque()

    def resize(self, capacity: int) -> None:
        """Have more or fewer units from now on."""
        self.free += capacity - self.capacity
        self.capacity = capacity
        self._grant()

    async def acquire(self, share: int = 1) -> None:
        """Take units, waiting until those who came before have theirs."""
        if not self._waiting and share <= self.free:
            self.free -= share
            return
        granted = anyio.Event()
        entry = (share, granted)
        self._waiting.append(entry)
        try:
            await granted.wait()
        except BaseException:
            # The grant may have come together with the cancellation.
            if granted.is_set():
                self.release(share)
            else:
                self._waiting.remove(entry)
                self._grant()
            raise

    def release(self, share: int = 1) -> None:
        """Give units back."""
        self.free += share
        self._grant()

    def _grant(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.free:
            share, granted = self._waiting.popleft()
            self.free -= share
            granted.set()


class ByteBudget(FairBudget):
    """A bound on the bytes that many tasks hold at once; one request for more than all gets all, alone."""

    @asynccontextmanager
    async def reserve(self, size: int) -> AsyncGenerator[None, None]:
        """Hold `size` bytes for as long as the block runs."""
        share = max(0, min(size, self.capacity))
        await self.acquire(share)
        try:
            yield
        finally:
            self.release(share)


class TokenBucket:
    """A flow bound: bytes, or anything else, per second.

    Takers are let go in the order they came, each after the time that what it took is worth.

    Args:
        rate: Units a second.
        burst: Units that an idle bucket holds; a second's worth unless said.
    """

    def __init__(self, rate: float, *, burst: float | None = None, clock: Clock | None = None) -> None:
        self.rate = rate
        self.burst = rate if burst is None else burst
        self._clock = clock or RealClock()
        self._ready = self._clock.now() - self.burst / rate
        """The moment at which everything taken so far is paid for."""

    async def take(self, amount: float) -> None:
        """Take units, waiting until they have flowed in."""
        now = self._clock.now()
        self._ready = max(self._ready, now - self.burst / self.rate) + amount / self.rate
        if (wait := self._ready - now) > 0:
            await self._clock.sleep(wait)
