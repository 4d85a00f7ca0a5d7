"""What a broken, lying or slow server leads to: always an error of ours that says what happened, and soon."""

from __future__ import annotations

import asyncio
import ssl
import struct
import time
from contextlib import suppress

import pytest
import trustme
from aiohttp import web

from penstock._net.context import Context
from penstock._net.retry import no_backoff
from penstock.errors import (
    ConfigError,
    ConnectionFailed,
    DeadlineExceeded,
    InsecureConnection,
    PenstockError,
    Recovery,
    ServerFailure,
    Truncated,
    UnexpectedResponse,
)

pytestmark = pytest.mark.anyio
HEAD = b"HTTP/1.1 200 OK\r\n"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def answering(*pieces: bytes, then=None):
    async def talk(reader, writer):
        await read_request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if then is not None:
            await then(writer)

    return talk


async def reset(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.05)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(__import__("socket").SOL_SOCKET, __import__("socket").SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(5)


async def stream(context: Context, base: str, **options) -> bytes:
    async with context.http(base, platform="test").stream("GET", "/data", **options) as body:
        return await body.read(1 << 30)


async def failure(context: Context, base: str, **options) -> PenstockError:
    with pytest.raises(PenstockError) as caught:
        await stream(context, base, **options)
    return caught.value


async def test_a_body_that_ends_early_is_truncated(context, serve_raw):
    base = await serve_raw(answering(HEAD + b"Content-Length: 100\r\n\r\n", b"x" * 40))
    error = await failure(context, base)
    assert isinstance(error, Truncated)
    assert "40 bytes of 100" in str(error)
    assert error.recovery is Recovery.TRANSIENT


async def test_a_chunked_body_without_its_end_is_truncated(context, serve_raw):
    base = await serve_raw(answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n"))
    error = await failure(context, base)
    assert isinstance(error, Truncated)
    assert "5 bytes before its end" in str(error)


async def test_a_reset_in_the_body_is_a_broken_connection(context, serve_raw):
    base = await serve_raw(answering(HEAD + b"Content-Length: 100\r\n\r\n" + b"x" * 40, then=reset))
    error = await failure(context, base)
    assert isinstance(error, (ConnectionFailed, Truncated))
    assert "40 bytes" in str(error)
    assert error.recovery is Recovery.TRANSIENT


async def test_a_reset_before_the_answer_is_a_broken_connection(context, serve_raw):
    base = await serve_raw(answering(then=reset))
    error = await failure(context, base)
    assert isinstance(error, ConnectionFailed)
    assert f"GET {base}/data" in str(error)


async def test_closing_without_an_answer_is_a_broken_connection(context, serve_raw):
    base = await serve_raw(answering())
    assert isinstance(await failure(context, base), ConnectionFailed)


async def test_surplus_bytes_reach_neither_this_body_nor_the_next(context, serve_raw):
    base = await serve_raw(answering(HEAD + b"Content-Length: 5\r\n\r\nhelloSURPLUS", then=hang))
    for _ in range(3):
        with suppress(PenstockError):  # noticing is as good as dropping
            assert await stream(context, base) == b"hello"


async def test_what_a_kept_connection_says_out_of_turn_is_asked_again_on_a_fresh_one(context, serve_raw):
    async def talk(reader, writer):
        await read_request(reader)
        writer.write(HEAD + b"Content-Length: 5\r\n\r\nhello")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        await read_request(reader)

    base = await serve_raw(talk)
    for _ in range(3):
        assert await stream(context, base) == b"hello"
        await asyncio.sleep(0.1)


async def test_a_stall_in_the_body_is_noticed(context, serve_raw):
    base = await serve_raw(answering(HEAD + b"Content-Length: 100\r\n\r\n" + b"x" * 40, then=hang))
    started = time.monotonic()
    error = await failure(context, base)
    assert isinstance(error, DeadlineExceeded)
    assert "40 bytes" in str(error)
    assert time.monotonic() - started < 1.5


async def test_a_stall_before_the_answer_is_noticed(context, serve_raw):
    base = await serve_raw(answering(then=hang))
    assert isinstance(await failure(context, base), DeadlineExceeded)


async def test_a_dripping_body_is_given_up(context, serve_raw):
    async def drip(writer):
        for _ in range(100):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    base = await serve_raw(answering(HEAD + b"Content-Length: 100\r\n\r\n", then=drip))
    started = time.monotonic()
    error = await failure(context, base)
    assert isinstance(error, DeadlineExceeded)
    assert "too slow" in str(error)
    assert time.monotonic() - started < 2


async def test_a_dripping_head_is_given_up(serve_raw):
    async def drip(writer):
        for _ in range(200):
            writer.write(b"X-More: yes\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    from penstock._net.timeouts import Timeouts

    base = await serve_raw(answering(HEAD, then=drip))
    async with Context(timeout=Timeouts(connect=0.2, stall=5, answer=0.4)) as context:
        assert isinstance(await failure(context, base), DeadlineExceeded)


async def test_a_slow_reader_is_no_slow_server(context, serve):
    async def handler(request):
        return web.Response(body=b"x" * 200)

    async with context.http(await serve(handler), platform="test").stream("GET", "/") as body:
        await asyncio.sleep(1.0)
        assert await body.read(1000) == b"x" * 200


async def test_a_refused_connection_names_the_place(context, closed_port):
    error = await failure(context, f"http://127.0.0.1:{closed_port}")
    assert type(error) is ConnectionFailed
    assert error.context["kind"] == "connect"
    assert f"127.0.0.1:{closed_port}" in str(error)
    assert "refused" in str(error)


async def test_an_unknown_host_is_a_name_problem(context):
    error = await failure(context, "http://no-such-host.invalid")
    assert type(error) is ConnectionFailed
    assert error.context["kind"] == "dns"


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        HEAD + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    ],
)
async def test_what_is_not_http_is_said_to_be_so(context, serve_raw, answer):
    base = await serve_raw(answering(answer, then=hang))
    assert isinstance(await failure(context, base), (UnexpectedResponse, DeadlineExceeded))


async def test_a_bad_chunk_is_an_error(context, serve_raw):
    base = await serve_raw(answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n", then=hang))
    assert isinstance(await failure(context, base), PenstockError)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


async def hello(request: web.Request) -> web.Response:
    return web.Response(body=b"hello")


@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
async def test_a_certificate_of_an_unknown_authority_is_refused_at_once(serve, authority, transport):
    asked = []

    async def handler(request):
        asked.append(request)
        return await hello(request)

    base = await serve(handler, tls=server_context(authority, "127.0.0.1"))
    async with Context(transport=transport) as context:
        with pytest.raises(InsecureConnection) as caught:
            await context.http(base, platform="test").request("GET", "/")
    assert caught.value.recovery is Recovery.NEVER
    assert "attempts" not in caught.value.context
    assert not asked


@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
async def test_a_certificate_for_another_host_is_refused(serve, authority, tmp_path, transport):
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(bundle)
    wrong = await serve(hello, tls=server_context(authority, "elsewhere.example"))
    right = await serve(hello, tls=server_context(authority, "127.0.0.1"))
    async with Context(authorities=bundle, transport=transport) as context:
        assert await stream(context, right) == b"hello"
        error = await failure(context, wrong)
    assert isinstance(error, InsecureConnection)
    assert "127.0.0.1" in str(error)


async def test_a_bundle_that_is_none_is_a_setting_to_mend(tmp_path, closed_port):
    bundle = tmp_path / "ca.pem"
    bundle.write_text("nothing")
    async with Context(authorities=bundle) as context:
        with pytest.raises(ConfigError, match="bundle"):
            await stream(context, f"https://127.0.0.1:{closed_port}")


async def test_a_handshake_that_hangs_ends_with_the_connect_timeout(context, serve_raw):
    async def silent(reader, writer):
        await asyncio.sleep(3)

    base = (await serve_raw(silent)).replace("http:", "https:")
    started = time.monotonic()
    assert isinstance(await failure(context, base), DeadlineExceeded)
    assert time.monotonic() - started < 2.5


async def test_an_upload_that_nobody_reads_is_given_up(serve_raw):
    async def deaf(reader, writer):
        writer.get_extra_info("socket").setsockopt(1, 8, 4096)
        reader._limit = 1024
        await asyncio.sleep(3)

    from penstock._net.timeouts import Timeouts

    base = await serve_raw(deaf)
    async with Context(timeout=Timeouts(connect=1, stall=0.3, answer=0.3)) as context:
        client = context.http(base, platform="test")
        with no_backoff(), pytest.raises(DeadlineExceeded):
            await client.request("POST", "/", content=b"x" * (64 << 20))


async def test_a_failing_server_is_asked_again_until_it_answers(context, serve):
    statuses = iter([500, 502, 200])

    async def handler(request):
        return web.Response(status=next(statuses), body=b"hello")

    base = await serve(handler)
    with no_backoff():
        response = await context.http(base, platform="test").request("GET", "/")
    assert response.content == b"hello"


async def test_the_last_error_tells_of_the_earlier_ones(context, serve):
    async def handler(request):
        return web.Response(status=500)

    base = await serve(handler)
    with no_backoff(), pytest.raises(ServerFailure) as caught:
        await context.http(base, platform="test").request("GET", "/")
    assert [attempt["code"] for attempt in caught.value.context["attempts"]] == ["server-failure"] * 4


async def test_what_may_have_taken_effect_is_not_repeated(context, serve):
    asked = []

    async def handler(request):
        asked.append(request.method)
        return web.Response(status=500)

    client = context.http(await serve(handler), platform="test")
    with no_backoff():
        with pytest.raises(ServerFailure):
            await client.request("POST", "/", json={})
        assert asked == ["POST"]
        with pytest.raises(ServerFailure):
            await client.request("POST", "/", json={}, idempotent=True)
    assert len(asked) == 6


async def test_a_deadline_covers_retries_and_all(context, serve):
    async def handler(request):
        await asyncio.sleep(0.2)
        return web.Response(status=500)

    client = context.http(await serve(handler), platform="test")
    with pytest.raises(DeadlineExceeded, match=r"0\.3 seconds"):
        await client.request("GET", "/", deadline=0.3)
