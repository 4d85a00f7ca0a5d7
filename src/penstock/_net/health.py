"""What the recent past says about one host: is it down, and may it be bothered with another retry?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock._net.limits import Limits

_FREE_RETRIES = 10
_RETRIES_PER_REQUEST = 0.1
_DOWN_AFTER = 20
_DOWN_AFTER_ALL_RETRIES = 10


class Health:
    """Requests, retries and straight failures of one origin.

    Retries are budgeted to a tenth of the requests and ten: while a host stumbles, clients that repeat everything
    would keep it from getting up. A host that fails many times in a row counts as down until one request succeeds.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._requests = 0
        self._retries = 0
        self._failures = 0
        self._failing_since = 0.0
        self._was_down = False

    def asked(self) -> None:
        """Count a request that is no retry."""
        self._requests += 1

    def succeeded(self, limits: Limits | None) -> None:
        """Count an answer; a host that was down gets its slots back."""
        if self._was_down and limits is not None:
            limits.restore(self.origin)
        self._failures = 0
        self._was_down = False

    def failed(self, now: float) -> None:
        """Count a failure that may pass."""
        if self._failures == 0:
            self._failing_since = now
        self._failures += 1

    @property
    def is_down(self) -> bool:
        """Whether nothing but failures has come from the host for a while."""
        spent = not self._has_retries and self._failures >= _DOWN_AFTER_ALL_RETRIES
        self._was_down = self._was_down or spent or self._failures >= _DOWN_AFTER
        return self._was_down

    def down_for(self, now: float) -> float:
        """Return the seconds since the first of the straight failures."""
        return now - self._failing_since

    def may_retry(self) -> bool:
        """Spend one retry of the budget, if one is left."""
        if not self._has_retries:
            return False
        self._retries += 1
        return True

    @property
    def _has_retries(self) -> bool:
        return self._retries + 1 <= _FREE_RETRIES + _RETRIES_PER_REQUEST * self._requests
