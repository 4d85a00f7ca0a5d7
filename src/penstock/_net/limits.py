"""How much may be asked of whom at once: slots in all and for each origin, and pauses that hold for a whole host."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from penstock._net.budget import FairBudget
from penstock._net.clock import Clock, RealClock

if TYPE_CHECKING:
    from types import TracebackType

_SUCCESSES_PER_SLOT = 20


class Limits:
    """Slots for requests in flight.

    Every request holds one slot, counted against the total and against its origin. An origin that is throttled
    is left alone until its pause is over, and then asked by fewer tasks; each run of successes lets one more in.

    Args:
        connections: Slots in all.
        per_host: Slots for one origin, unless a platform's etiquette allows fewer.
    """

    def __init__(self, connections: int = 32, per_host: int = 8, *, clock: Clock | None = None) -> None:
        self.connections = connections
        self.per_host = per_host
        self.clock = clock or RealClock()
        self._total = FairBudget(connections)
        self._hosts: dict[str, _Host] = {}
        self._held: ContextVar[bool] = ContextVar("slot held", default=False)

    def ceiling(self, origin: str) -> int:
        """Return how many requests an origin gets at most at once."""
        return self._host(origin).ceiling

    def allowed(self, origin: str) -> int:
        """Return how many requests an origin gets at once at present; fewer than the ceiling after a throttle."""
        return self._host(origin).allowed

    def etiquette(self, origin: str, at_most: int) -> None:
        """Ask an origin by at most so many requests at once, as its operators wish."""
        host = self._host(origin)
        host.ceiling = max(1, min(host.ceiling, at_most))
        host.narrow(host.ceiling)

    def pause(self, origin: str, seconds: float) -> None:
        """Let nobody start a request to an origin for so long; a longer pause that runs already stands."""
        host = self._host(origin)
        host.open_at = max(host.open_at, self.clock.now() + seconds)

    def paused(self, origin: str) -> float:
        """Return for how many more seconds an origin is left alone."""
        return max(0.0, self._host(origin).open_at - self.clock.now())

    def slow_down(self, origin: str, at_most: int | None = None) -> None:
        """Halve the number of requests that an origin gets at once, or cut it down to a number."""
        host = self._host(origin)
        host.narrow(host.allowed // 2 if at_most is None else at_most)

    def restore(self, origin: str) -> None:
        """Give an origin all its slots back."""
        host = self._host(origin)
        host.slots.resize(host.ceiling)

    def slot(self, origin: str) -> _Slot:
        """Hold a slot for as long as the block runs.

        Asking again within the block, to sign a URL or to renew a session, costs no second slot: with few
        connections everybody would wait for everybody.
        """
        return _Slot(self._total, self._host(origin), self._held, self.clock)

    def _host(self, origin: str) -> _Host:
        host = self._hosts.get(origin)
        if host is None:
            host = self._hosts[origin] = _Host(min(self.per_host, self.connections))
        return host


class _Host:
    """What is known about one origin."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.slots = FairBudget(ceiling)
        self.open_at = float("-inf")
        self._successes = 0

    @property
    def allowed(self) -> int:
        return self.slots.capacity

    def narrow(self, at_most: int) -> None:
        self._successes = 0
        self.slots.resize(max(1, min(self.allowed, at_most)))

    def succeeded(self) -> None:
        if self.allowed >= self.ceiling:
            return
        self._successes += 1
        if self._successes >= _SUCCESSES_PER_SLOT:
            self._successes = 0
            self.slots.resize(self.allowed + 1)


class _Slot:
    """One slot, taken on entry and given back on exit."""

    def __init__(self, total: FairBudget, host: _Host, held: ContextVar[bool], clock: Clock) -> None:
        self._total = total
        self._host = host
        self._held = held
        self._clock = clock
        self._nested = False

    async def __aenter__(self) -> None:
        self._nested = self._held.get()
        if not self._nested:
            await self._acquire()
            self._held.set(True)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._host.succeeded()
        if not self._nested:
            self._held.set(False)
            self._release()

    async def _acquire(self) -> None:
        """Take the origin's slot first: whoever waits for a slow origin must not block the others."""
        while True:
            await self._host.slots.acquire()
            try:
                if await self._admitted():
                    return
            except BaseException:
                self._host.slots.release()
                raise
            self._host.slots.release()

    async def _admitted(self) -> bool:
        """Take a slot of the total too, unless the origin is paused; then wait, and say no."""
        if (wait := self._host.open_at - self._clock.now()) > 0:
            await self._clock.sleep(wait)
            return False
        await self._total.acquire()
        if self._host.open_at <= self._clock.now():
            return True
        self._total.release()
        return False

    def _release(self) -> None:
        self._total.release()
        self._host.slots.release()
