"""One request as the handlers see it, and the service that they work for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from penstock.sandbox.boss.accounts import Account, identify
from penstock.sandbox.boss.faults import Breakdown
from penstock.sandbox.boss.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import web

    from penstock.sandbox.boss.catalog import Catalog, Channel

T = TypeVar("T")


@dataclass
class Service:
    """The emulated service.

    Attributes:
        catalog: What it holds.
        accounts: Who owns which token.
        clock: Seconds since the epoch.
        bodies: Answers worth keeping.
        workers: Bounds the threads that compute, so that a busy emulator keeps answering small requests.
    """

    catalog: Catalog
    accounts: Mapping[str, Account]
    clock: Callable[[], float]
    bodies: Shelf[bytes] = field(default_factory=partial(Shelf, 256 << 20))
    workers: anyio.CapacityLimiter = field(default_factory=partial(anyio.CapacityLimiter, 2))


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        service: The service that was called.
        request: The request itself.
        names: What the URL pattern captured.
        body: The request's body.
    """

    service: Service
    request: web.Request
    names: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> Mapping[str, str]:
        """The URL's query."""
        return self.request.query

    @property
    def catalog(self) -> Catalog:
        """What the service holds."""
        return self.service.catalog

    @property
    def accepts(self) -> list[str]:
        """Media types of the Accept header, most wanted first; anything when there is none."""
        wanted = []
        for choice in self.request.headers.get("Accept", "*/*").split(","):
            media, *parameters = (part.strip() for part in choice.split(";"))
            quality = next((float(text[2:] or 0) for text in parameters if text.startswith("q=")), 1.0)
            wanted.append((-quality, media.lower()))
        return [media for _, media in sorted(wanted, key=lambda pair: pair[0])]

    def account(self) -> Account | None:
        """Find who asks.

        Raises:
            InvalidToken: Nobody owns the token.
        """
        return identify(self.request.headers.get("Authorization"), self.service.accounts)

    def member(self) -> Account:
        """Find who asks, on an endpoint that never considered anonymous visitors.

        Raises:
            InvalidToken: Nobody owns the token.
            Breakdown: There is no token.
        """
        account = self.account()
        if account is None:
            raise Breakdown
        return account

    def channel(self) -> Channel:
        """Find the channel that the URL names."""
        return self.catalog.channel(self.names["collection"], self.names["experiment"], self.names["channel"])

    def fields(self) -> dict[str, Any]:
        """Parse the body as a JSON object; anything else counts as none."""
        try:
            values = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}

    async def compute(self, work: Callable[[], T]) -> T:
        """Run something long in a thread."""
        return await anyio.to_thread.run_sync(work, limiter=self.service.workers)
