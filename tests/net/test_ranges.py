"""Asking for the rest of something, and what servers make of it."""

from __future__ import annotations

import pytest
from aiohttp import web

from penstock.errors import InvalidRequest, Recovery, UnexpectedResponse

pytestmark = pytest.mark.anyio
DATA = bytes(range(100))


def answering(status: int, body: bytes, **headers: str):
    async def handler(request):
        return web.Response(status=status, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return handler


async def fetch(context, base, offset):
    async with context.http(base, platform="test").stream("GET", "/", offset=offset) as body:
        return body.start, body.total, await body.read(1000)


async def test_the_rest_is_asked_for_and_checked(context, serve):
    async def handler(request):
        assert request.headers["Range"] == "bytes=40-"
        return web.Response(status=206, body=DATA[40:], headers={"Content-Range": "bytes 40-99/100"})

    assert await fetch(context, await serve(handler), 40) == (40, 100, DATA[40:])


async def test_a_range_that_is_ignored_starts_at_zero(context, serve):
    assert await fetch(context, await serve(answering(200, DATA)), 40) == (0, 100, DATA)


async def test_200_with_a_content_range_is_a_part(context, serve):
    base = await serve(answering(200, DATA[40:], Content_Range="bytes 40-99/*"))
    assert await fetch(context, base, 40) == (40, None, DATA[40:])


@pytest.mark.parametrize(
    ("body", "content_range"),
    [
        (DATA[41:], "bytes 41-99/100"),
        (DATA[40:], "bytes 40-98/100"),
        (DATA[40:], "lines 40-99/100"),
        (DATA[40:], None),
    ],
)
async def test_a_wrong_range_is_refused_and_asked_for_once_more(context, serve, body, content_range):
    headers = {"Content_Range": content_range} if content_range else {}
    with pytest.raises(UnexpectedResponse) as caught:
        await fetch(context, await serve(answering(206, body, **headers)), 40)
    assert caught.value.recovery is Recovery.INTEGRITY


async def test_more_than_the_part_asked_for_is_refused(context, serve):
    base = await serve(answering(206, DATA[10:50], Content_Range="bytes 10-49/100"))
    with pytest.raises(UnexpectedResponse):
        async with context.http(base, platform="test").stream("GET", "/", headers={"Range": "bytes=10-19"}):
            pass


async def test_a_range_nobody_asked_for_is_refused(context, serve):
    base = await serve(answering(206, DATA[10:50], Content_Range="bytes 10-49/100"))
    with pytest.raises(UnexpectedResponse):
        await fetch(context, base, 0)


async def test_a_range_beyond_the_end_tells_the_size(context, serve):
    with pytest.raises(InvalidRequest) as caught:
        await fetch(context, await serve(answering(416, b"", Content_Range="bytes */100")), 100)
    assert caught.value.context["size"] == 100


async def test_a_head_request_has_no_body_to_wait_for(context, serve):
    base = await serve(answering(200, DATA))
    response = await context.http(base, platform="test").request("HEAD", "/")
    assert response.headers["Content-Length"] == "100"
    assert response.content == b""
