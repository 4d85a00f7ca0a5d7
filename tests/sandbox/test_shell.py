"""What every emulated service has in common, tried on the smallest of applications."""

from __future__ import annotations

import socket
import time

import aiohttp
import pytest
from aiohttp import web

from penstock.errors import ConfigError
from penstock.sandbox import Sandbox, World, server
from penstock.sandbox.shell import Streamed

pytestmark = pytest.mark.anyio


class Toy:
    """An emulator of two services."""

    @staticmethod
    def applications(world):
        async def small(request):
            return web.json_response({"other": world.urls["toy-cdn"]})

        async def missing(request):
            raise web.HTTPNotFound(text="nothing")

        async def big(request):
            response = web.Response(body=bytes(64 << 20), content_type="image/tiff")
            response.set_cookie("flavour", "oat")
            return response

        async def chunked(request):
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"some ")
            return response

        async def broken(request):
            raise RuntimeError("the emulator has a bug")

        async def stream(request):
            response = Streamed(headers={"Content-Length": str(64 << 20)})
            await response.prepare(request)
            for _ in range(64):
                await response.write(bytes(1 << 20))
            return response

        app, cdn = web.Application(), web.Application()
        app.add_routes([web.get("/small", small), web.get("/missing", missing), web.get("/stream", stream)])
        app.add_routes([web.get("/chunked", chunked), web.get("/broken", broken), web.get("/big", big)])
        cdn.add_routes([web.get("/small", small)])
        return {"toy": app, "toy-cdn": cdn}

    @staticmethod
    def environment(urls):
        return {"TOY_URL": urls["toy"]}


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setattr(server, "_emulator", lambda platform: Toy)
    return ["toy"]


async def test_services_know_each_other_and_the_environment_knows_them(toy):
    async with (
        Sandbox(platforms=toy) as sandbox,
        aiohttp.ClientSession() as session,
        session.get(f"{sandbox.env['TOY_URL']}/small") as response,
    ):
        assert await response.json() == {"other": sandbox.urls["toy-cdn"]}
    assert all(url.startswith("http://127.0.0.1:") for url in sandbox.urls.values())


@pytest.mark.parametrize("path", ["small", "missing", "nowhere"])
async def test_every_answer_names_the_instance(toy, path):
    async with Sandbox(platforms=toy, seed=7, scale="small") as sandbox, aiohttp.ClientSession() as session:
        for service in ("toy", "toy-cdn"):
            async with session.get(f"{sandbox.urls[service]}/{path}") as response:
                assert response.headers["X-Service-Instance"] == "sandbox-7-small-toy"


async def test_a_request_is_logged_as_soon_as_it_is_answered(toy, tmp_path):
    log = tmp_path / "deep" / "requests.jsonl"
    async with Sandbox(platforms=toy, log=log, clock=lambda: 5.0) as sandbox, aiohttp.ClientSession() as session:
        async with session.get(f"{sandbox.urls['toy']}/small?a=b", headers={"Range": "bytes=0-"}) as response:
            size = len(await response.read())
        async with session.head(f"{sandbox.urls['toy-cdn']}/small"):
            pass
        async with session.get(f"{sandbox.urls['toy']}/missing"):
            pass
        first, second, third = sandbox.requests()
    assert first == {
        "t": 5.0,
        "platform": "toy",
        "service": "toy",
        "method": "GET",
        "path": "/small",
        "query": "a=b",
        "status": 200,
        "bytes": size,
        "range": "bytes=0-",
    }
    assert (second["service"], second["method"], second["bytes"], second["range"]) == ("toy-cdn", "HEAD", 0, None)
    assert (third["status"], third["bytes"]) == (404, len("nothing"))


@pytest.mark.parametrize("path", ["stream", "big"])
async def test_an_answer_that_was_not_read_to_its_end_is_logged_with_what_left(toy, tmp_path, path):
    log = tmp_path / "log"
    async with Sandbox(platforms=toy, log=log) as sandbox:
        async with aiohttp.ClientSession() as session, session.get(f"{sandbox.urls['toy']}/{path}") as response:
            await response.content.readexactly(1000)
        async with aiohttp.ClientSession() as session, session.get(f"{sandbox.urls['toy']}/{path}") as response:
            await response.read()
        cut, whole = sorted(sandbox.requests(), key=lambda line: line["bytes"])
    assert cut["status"] == 200
    assert 1000 <= cut["bytes"] < 32 << 20
    assert whole["bytes"] == 64 << 20


async def test_a_large_answer_keeps_its_head(toy):
    async with (
        Sandbox(platforms=toy) as sandbox,
        aiohttp.ClientSession() as session,
        session.get(f"{sandbox.urls['toy']}/big") as response,
    ):
        assert response.headers["Content-Type"] == "image/tiff"
        assert response.headers["Content-Length"] == str(64 << 20)
        assert response.cookies["flavour"].value == "oat"
        assert len(await response.read()) == 64 << 20


async def test_whoever_has_an_answer_finds_it_in_the_log(toy, tmp_path):
    async with Sandbox(platforms=toy, log=tmp_path / "log") as sandbox, aiohttp.ClientSession() as session:
        for count in range(1, 20):
            path = "stream" if count % 2 else "small"
            async with session.get(f"{sandbox.urls['toy']}/{path}") as response:
                while await response.content.readany():
                    pass
            assert len(list(sandbox.requests())) == count


async def test_an_answer_without_a_length_and_one_that_never_came_are_logged_too(toy, tmp_path, caplog):
    async with Sandbox(platforms=toy, log=tmp_path / "log") as sandbox, aiohttp.ClientSession() as session:
        for path in ("chunked", "broken"):
            async with session.get(f"{sandbox.urls['toy']}/{path}") as response:
                await response.read()
        chunked, broken = sandbox.requests()
    assert (chunked["status"], broken["status"], broken["bytes"]) == (200, None, 0)
    assert 5 <= chunked["bytes"] < 20


async def test_latency_comes_before_the_head_of_each_answer_and_to_all_at_once(toy):
    async with Sandbox(platforms=toy, latency=0.2) as sandbox, aiohttp.ClientSession() as session:
        began = time.perf_counter()
        async with (
            session.get(f"{sandbox.urls['toy']}/small") as first,
            session.get(f"{sandbox.urls['toy']}/small") as second,
        ):
            assert (first.status, second.status) == (200, 200)
        assert 0.4 <= time.perf_counter() - began < 0.8


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost", 200),
        ("localhost:1234", 200),
        ("bucket.localhost:80", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost@evil.example", 421),
        ("", 421),
    ],
)
async def test_only_loopback_names_are_answered(toy, host, status):
    async with (
        Sandbox(platforms=toy) as sandbox,
        aiohttp.ClientSession() as session,
        session.get(f"{sandbox.urls['toy']}/small", headers={"Host": host}) as response,
    ):
        assert response.status == status


async def test_nothing_listens_after_the_end_and_the_port_can_be_had_again(toy):
    async with Sandbox(platforms=toy) as sandbox:
        port = int(sandbox.urls["toy"].rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    async with Sandbox(platforms=toy, ports={"toy": port}) as sandbox:
        assert sandbox.urls["toy"] == f"http://127.0.0.1:{port}"


async def test_a_port_that_is_taken_is_a_mistake_of_configuration(toy):
    async with Sandbox(platforms=toy) as sandbox:
        port = int(sandbox.urls["toy"].rpartition(":")[2])
        with pytest.raises(ConfigError, match=f"port {port} for toy"):
            async with Sandbox(platforms=toy, ports={"toy": port}):
                pass


async def test_an_unknown_platform_or_scale_is_a_mistake_of_configuration():
    with pytest.raises(ConfigError, match="does not emulate 'mars'"):
        Sandbox(platforms=["mars"])
    with pytest.raises(ConfigError, match="no sandbox scale 'vast'"):
        Sandbox(scale="vast")
    with pytest.raises(ConfigError, match="no sandbox quirks 'none'"):
        Sandbox(quirks="none")


async def test_a_world_is_reproducible_and_names_are_kept_apart():
    world = World(seed=1)
    assert world.uuid("a") == World(seed=1).uuid("a") != World(seed=2).uuid("a")
    assert world.uuid("a").version == 4
    assert world.entropy("a", "b") != world.entropy("ab")
    assert world.number("a") == World(seed=1).number("a") < 2**64
    assert len(world.entropy("a", size=1000)) == 1000
