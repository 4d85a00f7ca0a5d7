"""One task does the work; all others that want the same wait for its outcome."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import anyio

from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class _Flight:
    def __init__(self) -> None:
        self.over = anyio.Event()
        self.error: PenstockError | None = None


class Renewal:
    """Something that gets stale and is renewed once, however many tasks notice.

    Attributes:
        version: Counts the renewals; a task remembers the version that failed it.
    """

    def __init__(self, renew: Callable[[], Awaitable[None]]) -> None:
        self._renew = renew
        self._flight: _Flight | None = None
        self.version = 0

    async def beyond(self, stale: int) -> None:
        """Return when the version is later than `stale`, renewing if nobody does so already.

        Raises:
            PenstockError: The renewal failed; every task that waited for it is told the same.
        """
        while self.version <= stale:
            if self._flight is None:
                await self._lead()
            else:
                await _follow(self._flight)

    async def _lead(self) -> None:
        flight = self._flight = _Flight()
        try:
            await self._renew()
            self.version += 1
        except PenstockError as error:
            flight.error = error
            raise
        finally:
            # A leader that was cancelled leaves no error, and one of the waiting tasks takes over.
            self._flight = None
            flight.over.set()


async def _follow(flight: _Flight) -> None:
    await flight.over.wait()
    if flight.error is not None:
        raise copy.copy(flight.error) from flight.error
