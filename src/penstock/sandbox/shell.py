"""The middleware that every emulated service gets: identity, latency, a guard, and a log line."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
from aiohttp import web

from penstock.sandbox.access_log import AccessLog, body_bytes

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from penstock.sandbox.world import World

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost"})

_begun: ContextVar[list[web.StreamResponse]] = ContextVar("begun")
"""The answers begun for the request at hand: an emulator that streams may fail before it can return its answer."""


@dataclass(frozen=True, slots=True)
class Shell:
    """Wraps one service's application.

    Args:
        world: Gives the clock and the identity.
        service: The service's name, `seer-cdn` for instance; the part before the dash is its platform.
        latency: Seconds that every request waits before its answer begins.
        log: Where each request is noted.
    """

    world: World
    service: str
    latency: float
    log: AccessLog

    @property
    def platform(self) -> str:
        """The platform that the service belongs to."""
        return self.service.partition("-")[0]

    def wrap(self, app: web.Application) -> None:
        """Put the shell around an application, outside of its own middlewares."""
        app.middlewares.insert(0, self._serve)
        app.on_response_prepare.append(self._identify)

    async def _identify(self, _: web.BaseRequest, response: web.StreamResponse) -> None:
        response.headers["X-Service-Instance"] = self.world.instance(self.platform)
        _begun.get([]).append(response)

    @property
    def _serve(self) -> Middleware:
        @web.middleware
        async def serve(request: web.Request, handler: Handler) -> web.StreamResponse:
            started = self.world.clock()
            begun: list[web.StreamResponse] = []
            _begun.set(begun)
            if self.latency > 0:
                await anyio.sleep(self.latency)
            try:
                return await self._send(request, await self._answer(request, handler))
            except ConnectionError:
                if not begun:
                    raise
                return begun[-1]
            finally:
                self._note(request, begun[-1] if begun else None, started)

        return serve

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Run the handler; an HTTP error is an answer like any other."""
        if not is_loopback(request.headers.get("Host", "")):
            return web.Response(status=421, text="The sandbox answers to loopback names alone.\n")
        try:
            return await handler(request)
        except web.HTTPException as answer:
            return web.Response(status=answer.status, reason=answer.reason, headers=answer.headers, body=answer.body)

    @staticmethod
    async def _send(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Send the answer here rather than after the middleware, so that its bytes can be counted."""
        await response.prepare(request)
        await response.write_eof()
        return response

    def _note(self, request: web.Request, response: web.StreamResponse | None, started: float) -> None:
        self.log.write(
            t=started,
            platform=self.platform,
            service=self.service,
            method=request.method,
            path=request.path,
            query=request.query_string,
            status=response.status if response is not None else None,
            bytes=body_bytes(request.writer, response) if response is not None else 0,
            range=request.headers.get("Range"),
        )


def is_loopback(host: str) -> bool:
    """Tell whether a Host header names this machine, so that no web page can reach the sandbox by DNS rebinding."""
    name = urlsplit(f"//{host}").hostname or ""
    return name in LOOPBACK_NAMES or name.endswith(".localhost")
