"""The middleware that every emulated service gets: identity, latency, a guard, and a log line."""

from __future__ import annotations

from contextlib import suppress
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

BLOCK = 1 << 18
"""Bytes of a large body that are sent at a time."""

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
                response = await _begin(request, await self._answer(request, handler))
            except BaseException as error:
                self._note(request, begun, started, bytes=body_bytes(request.writer, begun[-1]) if begun else 0)
                if isinstance(error, ConnectionError) and begun:
                    return begun[-1]
                raise
            self._note(request, begun, started, bytes=_announced(request, response))
            return await self._finish(response)

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
    async def _finish(response: web.StreamResponse) -> web.StreamResponse:
        """Let the last bytes go, after the log line: whoever has a whole answer finds it in the log."""
        with suppress(ConnectionError):
            await response.write_eof()
        return response

    def _note(self, request: web.Request, begun: list[web.StreamResponse], started: float, *, bytes: int) -> None:
        self.log.write(
            t=started,
            platform=self.platform,
            service=self.service,
            method=request.method,
            path=request.path,
            query=request.query_string,
            status=begun[-1].status if begun else None,
            bytes=bytes,
            range=request.headers.get("Range"),
        )


class Streamed(web.StreamResponse):
    """An answer sent block by block that holds its latest block back until it ends or another one follows.

    So the log line of a whole answer is written before its last bytes leave.
    """

    _held: bytes | memoryview = b""

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send the block before this one."""
        held, self._held = self._held, memoryview(data)
        if held:
            await super().write(held)

    async def write_eof(self, data: bytes | bytearray | memoryview = b"") -> None:
        """Send what was held back, and end."""
        held, self._held = self._held, b""
        if held:
            await super().write(held)
        await super().write_eof(bytes(data))


async def _begin(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Send all of an answer but its end; one large body goes in blocks, so that what a client took can be told."""
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes) or len(body) <= BLOCK or request.method == "HEAD" or response.compression:
        await response.prepare(request)
        return response
    streamed = Streamed(status=response.status, reason=response.reason, headers=response.headers)
    streamed.cookies.update(response.cookies)
    streamed.content_length = len(body)
    await streamed.prepare(request)
    for at in range(0, len(body), BLOCK):
        await streamed.write(memoryview(body)[at : at + BLOCK])
    return streamed


def _announced(request: web.Request, response: web.StreamResponse) -> int:
    """Count the bytes of a body that is about to end; one without a length has been sent but for its end."""
    if request.method == "HEAD" or response.status in {204, 304}:
        return 0
    length = response.content_length
    return length if length is not None else body_bytes(request.writer, response)


def is_loopback(host: str) -> bool:
    """Tell whether a Host header names this machine, so that no web page can reach the sandbox by DNS rebinding."""
    name = urlsplit(f"//{host}").hostname or ""
    return name in LOOPBACK_NAMES or name.endswith(".localhost")
