"""From statuses to errors, and what `Retry-After` may look like."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from penstock._net.content import decoded
from penstock._net.context import Context
from penstock._net.headers import Headers
from penstock._net.response import Response
from penstock._net.retry import RetryPolicy, no_backoff
from penstock._net.status import retry_after
from penstock.errors import (
    Conflict,
    InvalidRequest,
    LinkExpired,
    NotFound,
    PenstockError,
    PermissionDenied,
    RateLimited,
    RejectedCredential,
    RemoteChanged,
    RequestTooLarge,
    ServerFailure,
    UnexpectedResponse,
)

pytestmark = pytest.mark.anyio

EXPECTED = {
    400: InvalidRequest,
    401: RejectedCredential,
    403: PermissionDenied,
    404: NotFound,
    405: InvalidRequest,
    406: InvalidRequest,
    408: ServerFailure,
    409: Conflict,
    410: NotFound,
    412: RemoteChanged,
    413: RequestTooLarge,
    415: InvalidRequest,
    416: InvalidRequest,
    422: InvalidRequest,
    425: ServerFailure,
    429: RateLimited,
    500: ServerFailure,
    502: ServerFailure,
    503: ServerFailure,
    504: ServerFailure,
    304: UnexpectedResponse,
}


def a_policy() -> RetryPolicy:
    return RetryPolicy(attempts=1)


@pytest.mark.parametrize(("status", "kind"), EXPECTED.items())
async def test_every_status_has_its_error(serve, status, kind):
    async def handler(request):
        return web.Response(status=status)

    async with Context(retry=a_policy()) as context:
        client = context.http(await serve(handler), platform="test")
        with no_backoff(), pytest.raises(PenstockError) as whole:
            await client.request("GET", "/thing")
        with pytest.raises(PenstockError) as streamed:
            async with client.stream("GET", "/thing"):
                pass
    assert type(whole.value) is type(streamed.value) is kind
    assert str(status) in str(whole.value)
    assert "/thing" in str(whole.value)


async def test_503_with_retry_after_is_a_throttle(serve):
    async def handler(request):
        return web.Response(status=503, headers={"Retry-After": "17"})

    async with Context(retry=a_policy()) as context:
        with pytest.raises(RateLimited) as caught:
            async with context.http(await serve(handler), platform="test").stream("GET", "/"):
                pass
    assert caught.value.retry_after == 17


@pytest.mark.parametrize(
    "body",
    [
        {"detail": "no such capture"},
        {"message": "no such capture"},
        {"error": {"reason": "no such capture"}},
        ["no such capture"],
    ],
)
async def test_what_the_service_says_is_in_the_message(context, serve, body):
    async def handler(request):
        return web.json_response(body, status=404)

    with pytest.raises(NotFound, match="no such capture"):
        await context.http(await serve(handler), platform="test").request("GET", "/")


async def test_a_page_of_html_is_not(context, serve):
    async def handler(request):
        return web.Response(text="<html>boom</html>", status=404)

    with pytest.raises(NotFound) as caught:
        await context.http(await serve(handler), platform="test").request("GET", "/")
    assert "html" not in str(caught.value)


async def test_a_broken_text_does_not_hide_the_refusal(context, serve):
    async def handler(request):
        answer = web.Response(status=404, body=b"x" * 1_000_000 if request.path == "/long" else b"no gzip")
        if request.path == "/damaged":
            answer.headers["Content-Encoding"] = "gzip"
        return answer

    client = context.http(await serve(handler), platform="test")
    for path in ("/long", "/damaged"):
        with pytest.raises(NotFound):
            await client.request("GET", path)
        with pytest.raises(NotFound):
            async with client.stream("GET", path):
                pass


async def test_a_platform_may_know_better(context, serve):
    async def handler(request):
        return web.Response(status=403, text="Request has expired")

    def classify(response: Response) -> PenstockError | None:
        return LinkExpired("expired", status=403) if "expired" in response.text else None

    client = context.http(await serve(handler), platform="test", classify=classify)
    with pytest.raises(LinkExpired):
        async with client.stream("GET", "/"):
            pass


async def test_a_caller_may_look_into_good_answers_too(context, serve):
    async def handler(request):
        return web.Response(text="<Error>SlowDown</Error>")

    def examine(response: Response) -> PenstockError | None:
        return InvalidRequest("an error in disguise") if "<Error>" in response.text else None

    with pytest.raises(InvalidRequest, match="disguise"):
        await context.http(await serve(handler), platform="test").request("GET", "/", examine=examine)


NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        (format_datetime(LATER, usegmt=True), 90),
        (LATER.strftime("%A, %d-%b-%y %H:%M:%S GMT"), 90),
        (LATER.strftime("%a %b %d %H:%M:%S %Y"), 90),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0),
        ("1000000000", 1e9),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1e9", None),
        ("9" * 400, None),
        ("Thu, 99 Foo 2026", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(text, seconds):
    headers = Headers([("Retry-After", text), ("Date", format_datetime(NOW, usegmt=True))])
    assert retry_after(headers) == seconds


async def test_json_is_parsed_and_garbage_refused(context, serve):
    bodies = iter([b'{"a": [1, null]}', b"<html>", b"[" * 200_000])

    async def handler(request):
        return web.Response(body=next(bodies))

    client = context.http(await serve(handler), platform="test")
    assert await client.json("GET", "/") == {"a": [1, None]}
    with pytest.raises(UnexpectedResponse, match="not JSON"):
        await client.json("GET", "/")
    with pytest.raises(UnexpectedResponse, match="deep"):
        await client.json("GET", "/")


async def test_an_endless_answer_is_cut_off(context, serve, monkeypatch):
    monkeypatch.setattr("penstock._net.http.CEILING", 1 << 20)

    async def handler(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(1000):
            await answer.write(b" " * 65536)
        return answer

    with pytest.raises(UnexpectedResponse, match="more than"):
        await context.http(await serve(handler), platform="test").json("GET", "/")


async def test_an_announced_excess_is_not_even_read(context, serve, monkeypatch):
    monkeypatch.setattr("penstock._net.http.CEILING", 10)

    async def handler(request):
        return web.Response(body=b"x" * 11)

    with pytest.raises(UnexpectedResponse, match="more than 10 bytes"):
        await context.http(await serve(handler), platform="test").json("GET", "/")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_packed_answer_is_unpacked(context, serve, encoding):
    async def handler(request):
        assert request.headers["Accept-Encoding"] == "identity"
        answer = web.Response(body=json.dumps({"a": 1}).encode())
        answer.enable_compression(web.ContentCoding(encoding))
        return answer

    assert await context.http(await serve(handler), platform="test").json("GET", "/") == {"a": 1}


def test_a_bomb_does_not_go_off():
    import gzip

    bomb = gzip.compress(b"\0" * (8 << 20))
    with pytest.raises(UnexpectedResponse, match="more than"):
        decoded(bomb, "gzip", 1 << 20, "http://x/")
    with pytest.raises(UnexpectedResponse, match="end is missing"):
        decoded(gzip.compress(b"hello")[:-4], "gzip", 1 << 20, "http://x/")
    with pytest.raises(UnexpectedResponse, match="does not unpack"):
        decoded(b"garbage", "gzip", 1 << 20, "http://x/")
    with pytest.raises(UnexpectedResponse, match="not asked for"):
        decoded(b"garbage", "br", 1 << 20, "http://x/")


async def test_a_stream_is_never_unpacked(context, serve):
    import gzip

    packed = gzip.compress(b"hello" * 100)

    async def handler(request):
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with context.http(await serve(handler), platform="test").stream("GET", "/") as body:
        assert await body.read(10_000) == packed


async def test_the_service_may_say_what_it_is_called(context, serve):
    async def handler(request):
        return web.Response(headers={"X-Service-Instance": "sandbox-0-tiny-boss"})

    client = context.http(await serve(handler), platform="test")
    assert client.instance == client.origin
    await client.request("GET", "/")
    assert client.instance == "sandbox-0-tiny-boss"


def test_headers_know_no_case_and_show_no_values():
    headers = Headers([("Set-Cookie", "a=secret"), ("set-cookie", "b=2"), ("ETag", '"x"')])
    assert headers["etag"] == headers["ETAG"] == '"x"'
    assert headers["Set-Cookie"] == "a=secret, b=2"
    assert "Etag" in headers
    assert "secret" not in repr(headers)
    assert len(headers) == 2
