"""The life of a context: one loop, one close; and what platforms make of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import ClassVar

import pytest
from aiohttp import web

from penstock._net.context import Context
from penstock.errors import Closed, ConfigError, WrongLoop
from penstock.platforms.base import Platform

pytestmark = pytest.mark.anyio


async def hello(request):
    return web.Response(body=b"hello")


async def test_closed_is_closed(serve):
    context = Context()
    client = context.http(await serve(hello), platform="test")
    async with context:
        await client.request("GET", "/")
    with pytest.raises(Closed, match="closed"):
        await client.request("GET", "/")
    with pytest.raises(Closed):
        await context.__aenter__()
    await context.aclose()


async def test_another_loop_is_refused(serve, context):
    client = context.http(await serve(hello), platform="test")
    await client.request("GET", "/")

    def elsewhere():
        with pytest.raises(WrongLoop) as caught:
            asyncio.run(client.request("GET", "/"))
        return caught.value

    error = await asyncio.to_thread(elsewhere)
    assert "penstock.sync" in error.hint


async def test_a_context_can_be_made_before_there_is_a_loop(serve):
    context = await asyncio.to_thread(Context)
    async with context:
        assert (await context.http(await serve(hello), platform="test").request("GET", "/")).text == "hello"


async def test_what_was_opened_along_is_closed_along():
    closed = []

    async def close(name):
        closed.append(name)

    async with Context() as context:
        context.pool.on_close(lambda: close("first"))
        context.pool.on_close(lambda: close("second"))
    assert closed == ["second", "first"]


@pytest.mark.parametrize(
    "arguments",
    [{"connections": 0}, {"per_host": 0}, {"memory": "lots"}, {"bandwidth": "fast"}, {"transport": "pigeon"}],
)
def test_arguments_are_checked(arguments):
    with pytest.raises(ConfigError):
        Context(**arguments)


def test_amounts_are_read_as_people_write_them():
    context = Context(memory="512MiB", bandwidth="80MB/s")
    assert context.memory.capacity == 512 << 20
    assert context.bandwidth is not None
    assert context.bandwidth.rate == 80_000_000
    assert "32 connections" in repr(context)


async def test_at_most_n_is_true_in_total(serve):
    busy = most = 0

    async def handler(request):
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.01)
        busy -= 1
        return web.Response()

    async with Context(connections=3) as context:
        clients = [context.http(await serve(handler), platform="test") for _ in range(2)]
        await asyncio.gather(*(clients[number % 2].request("GET", "/") for number in range(30)))
    assert most == 3


class Example(Platform):
    name: ClassVar[str] = "example"

    def __init__(self, *, context=None, fail=False):
        super().__init__(context=context)
        self.fail = fail
        self.log = []

    async def _open(self):
        self.log.append("open")
        self.endpoint = "https://api.example.org/v1?token=secret"
        if self.fail:
            raise ConfigError("no")

    async def _close(self):
        self.log.append("close")


async def test_a_platform_makes_its_own_context_and_closes_it():
    platform = Example()
    assert repr(platform) == "<Example not open>"
    with pytest.raises(Closed, match="not open"):
        _ = platform.context
    async with platform:
        context = platform.context
        assert repr(platform) == "<Example at https://api.example.org:443>"
    with pytest.raises(Closed):
        context.pool.bind()
    await platform.aclose()
    assert platform.log == ["open", "close"]


async def test_a_platform_leaves_a_given_context_open():
    async with Context() as context:
        async with Example(context=context) as platform:
            assert platform.context is context
        context.pool.bind()


async def test_a_platform_that_fails_to_open_cleans_up():
    platform = Example(fail=True)
    with pytest.raises(ConfigError):
        await platform.__aenter__()
    assert platform.log == ["open", "close"]


def test_the_public_name_loads_no_network_library():
    code = "import sys, penstock; penstock.Context(); print([m for m in ('httpx', 'aiohttp', 'gql', 'tenacity') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
