"""The one place that opens connections: a transport, and the loop that it belongs to."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from penstock._net.tls import tls_context
from penstock.errors import Closed, ConfigError, WrongLoop

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    import httpx

    from penstock._net.resolver import GuardedResolver
    from penstock.types import PathLike

TRANSPORTS = ("auto", "aiohttp", "httpx")


class Pool:
    """The connections of one context, opened on first use and bound to the loop of that moment.

    Args:
        transport: `aiohttp` (also for `auto`), or `httpx` for httpx's own, slower stack.
        authorities: Bundle of certificate authorities to trust instead of the system's.
    """

    def __init__(self, transport: str = "auto", authorities: PathLike | None = None) -> None:
        if transport not in TRANSPORTS:
            raise ConfigError(f"transport {transport!r} is none of {', '.join(TRANSPORTS)}")
        self._kind = transport
        self._authorities = authorities
        self._configured: set[str] = set()
        self._transport: httpx.AsyncBaseTransport | None = None
        self._resolver: GuardedResolver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._closed = False

    def bind(self) -> None:
        """Belong to the running loop from now on.

        Raises:
            Closed: The pool is closed.
            WrongLoop: It belongs to another loop already.
        """
        if self._closed:
            raise Closed("the context is closed", hint="Open a new one: `async with penstock.Context() as context`.")
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            where = threading.current_thread().name
            raise WrongLoop(
                f"this client belongs to another event loop than the one running in {where}",
                hint="Make one client for each loop, or use penstock.sync, whose clients work from any thread.",
            )

    def trust(self, host: str) -> None:
        """Note a host that the user configured; others must not lead into a private network."""
        self._configured.add(host)
        if self._resolver is not None:
            self._resolver.trust(host)

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return the transport of the running loop."""
        self.bind()
        if self._transport is None:
            self._transport = self._build()
        return self._transport

    def on_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have something else closed together with the pool, last registered first."""
        self._closers.append(close)

    async def aclose(self) -> None:
        """Close every connection; safe to call again."""
        if self._closed:
            return
        if self._loop is not None:
            self.bind()
        self._closed = True
        while self._closers:
            await self._closers.pop()()
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    def _build(self) -> httpx.AsyncBaseTransport:
        from penstock._net.proxies import Proxies

        if self._kind == "httpx":
            from penstock._net.httpx_transport import ProxiedTransport

            return ProxiedTransport(self._tls(), Proxies())
        from penstock._net.aiohttp_transport import AiohttpTransport
        from penstock._net.resolver import GuardedResolver

        self._resolver = GuardedResolver()
        for host in self._configured:
            self._resolver.trust(host)
        return AiohttpTransport(self._tls, Proxies(), self._resolver)

    def _tls(self) -> ssl.SSLContext:
        return tls_context(self._authorities)
