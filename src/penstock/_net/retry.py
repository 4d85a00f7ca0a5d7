"""One retry policy for everything that talks to a service.

It looks at an error's `recovery` and `retry_after` and at nothing else: platforms classify, the policy acts.
"""

from __future__ import annotations

import logging
import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from penstock._net.clock import Clock, RealClock
from penstock._net.health import Health
from penstock.errors import PenstockError, Recovery, ServiceError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from tenacity import RetryCallState

    from penstock._net.limits import Limits

T = TypeVar("T")

_log = logging.getLogger("penstock.net")
_UNSENT = frozenset({"dns", "connect"})
_FEWER_ATTEMPTS = {"dns": 3, "connect": 4}
_waiting = True


@contextmanager
def no_backoff() -> Generator[None, None, None]:
    """Let every retry follow at once, for tests of what retries lead to."""
    global _waiting
    before, _waiting = _waiting, False
    try:
        yield
    finally:
        _waiting = before


@dataclass
class RetryPolicy:
    """How often and how patiently a failed request is repeated.

    Attributes:
        attempts: Requests in all for one part that fails in passing ways.
        base: Upper bound of the first pause in seconds; the bound doubles with each attempt, the pause is random.
        cap: Upper bound of every pause.
        max_elapsed: Seconds after which even a throttled request is given up.
        max_wait: Longest pause that a service may ask for; if it wants more, its answer is an error.
        outage: Seconds for which a host that fails every request is waited for, asked once in `probe` seconds.
        probe: Seconds between two questions to a host that seems to be down.
        clock: Tells and passes the time.
    """

    attempts: int = 5
    base: float = 0.5
    cap: float = 30.0
    max_elapsed: float = 3600.0
    max_wait: float = 300.0
    outage: float = 120.0
    probe: float = 30.0
    clock: Clock = field(default_factory=RealClock, repr=False)
    _hosts: dict[str, Health] = field(default_factory=dict, init=False, repr=False, compare=False)

    async def run(
        self,
        origin: str,
        call: Callable[[], Awaitable[T]],
        *,
        limits: Limits | None = None,
        on_retry: Callable[[int, float, PenstockError], None] | None = None,
        idempotent: bool = True,
    ) -> T:
        """Call until it succeeds or repeating it makes no sense.

        Args:
            origin: Whom the call goes to; throttling and the retry budget are counted by it.
            call: One attempt.
            limits: Told when the whole host wants a pause.
            on_retry: Told of each retry: the attempt that failed, the seconds until the next, the error.
            idempotent: Whether the call may be repeated when nobody knows whether it took effect.

        Raises:
            PenstockError: The last attempt's error; `context["attempts"]` tells of the earlier ones.
        """
        health = self._health(origin)
        health.asked()
        started = self.clock.now()
        try:
            result = await call()
        except PenstockError as error:
            if error.recovery is Recovery.NEVER:
                if isinstance(error, ServiceError):
                    health.succeeded(limits)  # a clear no is a sign of life
                raise
            first = error
        else:
            health.succeeded(limits)
            return result
        return await _Course(self, health, limits, on_retry, idempotent, started).follow(first, call)

    def _health(self, origin: str) -> Health:
        if origin not in self._hosts:
            self._hosts[origin] = Health(origin)
        return self._hosts[origin]


class _Course:
    """The retries of one call, after its first attempt failed."""

    def __init__(
        self,
        policy: RetryPolicy,
        health: Health,
        limits: Limits | None,
        on_retry: Callable[[int, float, PenstockError], None] | None,
        idempotent: bool,
        started: float,
    ) -> None:
        self._policy = policy
        self._health = health
        self._limits = limits
        self._on_retry = on_retry
        self._idempotent = idempotent
        self._started = started
        self._counts = dict.fromkeys(Recovery, 0)
        self._kinds: dict[str, int] = {}
        self._wait = 0.0
        self._history: list[dict[str, Any]] = []

    async def follow(self, first: PenstockError, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat the call as the policy allows, starting from its first failure."""
        from tenacity import AsyncRetrying

        failed: list[PenstockError] = [first]

        async def attempt() -> T:
            if failed:
                raise failed.pop()
            result = await call()
            self._health.succeeded(self._limits)
            return result

        retrying = AsyncRetrying(
            retry=self._goes_on, wait=lambda _: self._wait, before_sleep=self._tell, sleep=self._sleep, reraise=True
        )
        return await retrying(attempt)

    def _goes_on(self, state: RetryCallState) -> bool:
        """Decide about the latest outcome: set the pause before the next attempt, or end here."""
        error = _error_of(state)
        if error is None:
            return False
        self._counts[error.recovery] += 1
        kind = str(error.context.get("kind", ""))
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        wait = self._pause_before_next(error, kind)
        elapsed = self._policy.clock.now() - self._started
        if wait is None or elapsed + wait > self._policy.max_elapsed:
            self._conclude(error, elapsed)
            return False
        self._wait = wait if _waiting else 0.0
        return True

    def _pause_before_next(self, error: PenstockError, kind: str) -> float | None:
        """Return the seconds to wait before the next attempt, or None when there is none."""
        match error.recovery:
            case Recovery.THROTTLE:
                return self._throttled(getattr(error, "retry_after", None))
            case Recovery.TRANSIENT if self._idempotent or kind in _UNSENT:
                return self._transient(kind)
            case Recovery.REFRESH | Recovery.INTEGRITY if self._counts[error.recovery] == 1 and self._idempotent:
                return 0.0
            case _:
                return None

    def _throttled(self, retry_after: float | None) -> float | None:
        """Pause the host for as long as it asks, or for as long as a growing guess."""
        if retry_after is not None and retry_after > self._policy.max_wait:
            return None
        if not _waiting:
            return 0.0 if self._counts[Recovery.THROTTLE] < self._policy.attempts else None
        if retry_after is None:
            pause = max(self._policy.base, self._backoff(self._counts[Recovery.THROTTLE]))
        else:
            pause = retry_after
        if self._limits is not None:
            self._limits.pause(self._health.origin, pause)
            if retry_after is None:
                self._limits.slow_down(self._health.origin)
        return pause * random.uniform(1.0, 1.2)

    def _transient(self, kind: str) -> float | None:
        self._health.failed(self._policy.clock.now())
        attempts = self._counts[Recovery.TRANSIENT]
        if self._health.is_down and _waiting:
            return self._await_recovery()
        if attempts >= self._policy.attempts or self._kinds[kind] >= _FEWER_ATTEMPTS.get(kind, self._policy.attempts):
            return None
        return self._backoff(attempts) if self._health.may_retry() else None

    def _await_recovery(self) -> float | None:
        """Leave a host alone that fails everything, but for one question now and then."""
        if self._health.down_for(self._policy.clock.now()) > self._policy.outage:
            return None
        if self._limits is not None:
            self._limits.slow_down(self._health.origin, at_most=1)
            self._limits.pause(self._health.origin, self._policy.probe)
        return self._policy.probe

    def _backoff(self, failures: int) -> float:
        return random.uniform(0.0, min(self._policy.cap, self._policy.base * 2.0 ** (failures - 1)))

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self._policy.clock.sleep(seconds)

    def _tell(self, state: RetryCallState) -> None:
        error = _error_of(state)
        if error is None:
            return
        number = state.attempt_number
        self._history.append({"attempt": number, "code": error.code, "message": str(error), "waited": self._wait})
        _log.info("attempt %d at %s failed (%s), next in %.1f s", number, self._health.origin, error.code, self._wait)
        if self._on_retry is not None:
            self._on_retry(number, self._wait, error)

    def _conclude(self, error: PenstockError, elapsed: float) -> None:
        """Let the error that is raised tell of those before it."""
        if self._history:
            error.context["attempts"] = self._history
            error.add_note(f"gave up after {len(self._history) + 1} attempts in {elapsed:.1f} s")


def _error_of(state: RetryCallState) -> PenstockError | None:
    """Return the failure that an attempt ended with, if it is one that a policy can judge."""
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, PenstockError) else None
