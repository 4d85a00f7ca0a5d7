"""Small servers on loopback: honest ones on aiohttp, lying ones on bare sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import pytest
from aiohttp import web

from penstock._net.context import Context
from penstock._net.timeouts import Timeouts

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

IMPATIENT = Timeouts(connect=1.0, stall=0.3, answer=0.6, min_rate=1024.0, rate_window=0.4)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def serve(stack: AsyncExitStack) -> Callable[..., Awaitable[str]]:
    """Serve one handler for every path; returns the base URL."""

    async def start(handler: Handler, *, tls: object = None) -> str:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port = runner.addresses[0][1]
        return f"{'https' if tls else 'http'}://127.0.0.1:{port}"

    return start


@pytest.fixture
def serve_raw(stack: AsyncExitStack) -> Callable[..., Awaitable[str]]:
    """Serve connections with a coroutine that reads requests and writes whatever it likes."""

    async def start(talk: Talk) -> str:
        tasks: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            tasks.add(task)
            # Swallowed, because asyncio's own callback trips over a cancelled handler.
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await talk(reader, writer)
                writer.close()
                await writer.wait_closed()
            writer.transport.abort()
            tasks.discard(task)

        async def stop() -> None:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.wait({*tasks, asyncio.ensure_future(asyncio.sleep(0.01))})

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        stack.push_async_callback(stop)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    return start


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(params=["aiohttp", "httpx"])
async def context(request: pytest.FixtureRequest, stack: AsyncExitStack) -> Context:
    """An impatient context, on each of the two stacks."""
    return await stack.enter_async_context(Context(timeout=IMPATIENT, transport=request.param))


class FakeClock:
    """Time that passes only when everybody waits for it."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = 0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        woken = asyncio.Event()
        entry = (self.time + seconds, self._count, woken)
        self._sleepers.append(entry)
        # Let all others run up to their own waits before time moves on to the first of them.
        for _ in range(50):
            await asyncio.sleep(0)
        while not woken.is_set():
            moment, _, first = min(self._sleepers)
            self._sleepers.remove((moment, _, first))
            self.time = max(self.time, moment)
            first.set()
            for _ in range(50):
                await asyncio.sleep(0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
