"""No secret turns up in a message, a traceback, a pickle or a log, whatever goes wrong."""

from __future__ import annotations

import base64
import io
import logging
import pickle
import traceback

import pytest
from aiohttp import web

from penstock._net.context import Context
from penstock._net.redact import redact_third_party_logs, redact_url, scrub
from penstock._net.retry import no_backoff
from penstock.errors import ConfigError, PenstockError

pytestmark = pytest.mark.anyio
CANARY = "canary0123456789canary"
HEADERS = {"Authorization": f"Bearer {CANARY}", "Cookie": f"connect.sid={CANARY}; other=1"}
FORMS = [
    CANARY,
    CANARY[::-1],
    CANARY.upper(),
    base64.b64encode(CANARY.encode()).decode().rstrip("="),
    CANARY.encode().hex(),
]


def assert_clean(text: str) -> None:
    for form in FORMS:
        assert form not in text


def everything_said_by(error: BaseException) -> str:
    said = io.StringIO()
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        said.write(f"{current} {current!r} {getattr(current, 'context', '')!r} {getattr(current, 'hint', '')}\n")
        current = current.__cause__ or current.__context__
    said.write("".join(traceback.format_exception(error)))
    if isinstance(error, PenstockError):
        said.write(repr(pickle.dumps(error)))
    return said.getvalue()


async def refused(request):
    return web.json_response(
        {"detail": f"bad token {CANARY} at https://x/?sig={CANARY}", "errors": [CANARY]}, status=401
    )


async def broken(request):
    return web.Response(status=500, headers={"X-Echo": CANARY})


async def looping(request):
    return web.Response(status=302, headers={"Location": str(request.url)})


async def cut(request):
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await answer.write(b"x")
    request.transport.abort()
    return answer


@pytest.mark.parametrize("handler", [refused, broken, looping, cut])
@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
async def test_failures_say_nothing_of_who_asked(serve, handler, transport, caplog):
    caplog.set_level(logging.DEBUG)
    base = await serve(handler)
    async with Context(transport=transport) as context:
        client = context.http(base, platform="test", headers=HEADERS)
        with no_backoff():
            for ask in (
                lambda: client.request("GET", f"/x?X-Amz-Signature={CANARY}"),
                lambda: client.request("POST", "/x", data={"password": CANARY}),
                lambda: _drain(client.stream("GET", f"{base}/x?sig={CANARY}")),
            ):
                with pytest.raises(PenstockError) as caught:
                    await ask()
                assert_clean(everything_said_by(caught.value))
        assert_clean(repr(client) + repr(context) + str(client))
    assert_clean("\n".join(record.getMessage() for record in caplog.records if record.name.startswith("penstock")))


async def _drain(stream):
    async with stream as body:
        assert_clean(repr(body))
        await body.read(1000)


@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
async def test_unreachable_hosts_say_nothing_either(closed_port, transport, caplog):
    caplog.set_level(logging.DEBUG)
    async with Context(transport=transport) as context:
        for base in (f"http://127.0.0.1:{closed_port}", "https://no-such-host.invalid"):
            client = context.http(base, platform="test", headers=HEADERS)
            with no_backoff(), pytest.raises(PenstockError) as caught:
                await client.request("GET", f"/x?sig={CANARY}")
            assert_clean(everything_said_by(caught.value))


async def ask_and_fail(client, path, **options) -> PenstockError:
    try:
        await client.request("POST", path, **options)
    except PenstockError as error:
        return error
    raise AssertionError


async def test_a_traceback_with_locals_shows_no_secret_of_ours(context, serve, closed_port):
    """Our frames are walked, each local variable shown as pretty-printers show it."""
    from rich.console import Console
    from rich.traceback import Traceback

    client = context.http(await serve(refused), platform="test", headers=lambda: HEADERS)
    away = context.http(f"http://127.0.0.1:{closed_port}", platform="test", headers=HEADERS)
    evil = context.http(client.base_url, platform="test", headers={"X-Api-Key": f"{CANARY}\n"})
    with no_backoff():
        errors = [
            await ask_and_fail(client, "/x", json={"password": CANARY}),
            await ask_and_fail(away, "/x", data={"password": CANARY}),
            await ask_and_fail(evil, "/x"),
        ]
    for error in errors:
        console = Console(file=io.StringIO(), width=200)
        # The outermost frame is the test's own, which knows the password on purpose.
        trace = error.__traceback__.tb_next
        console.print(Traceback.from_exception(type(error), error, trace, show_locals=True, locals_max_string=2000))
        shown = console.file.getvalue()
        assert "locals" in shown
        assert_clean(shown)


@pytest.mark.parametrize("value", [f"{CANARY}\r\nX-Evil: 1", f"{CANARY}\u0444", f"{CANARY}\0"])
async def test_headers_that_cannot_be_sent_are_named_not_quoted(context, serve, value):
    client = context.http(await serve(broken), platform="test", headers={"Authorization": value})
    with pytest.raises(ConfigError, match="authorization") as caught:
        await client.request("GET", "/")
    assert_clean(everything_said_by(caught.value))


async def test_cookies_are_not_kept_for_later_requests(context, serve):
    cookies = []

    async def handler(request):
        cookies.append(request.headers.get("Cookie"))
        return web.Response(headers={"Set-Cookie": "sid=1; Path=/"})

    client = context.http(await serve(handler), platform="test")
    await client.request("GET", "/")
    await client.request("GET", "/")
    assert cookies == [None, None]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pw@host:8443/a/b?x=1#f", "https://host:8443/a/b?…"),
        ("http://host/a", "http://host/a"),
        ("https://[::1]:80/a", "https://[::1]:80/a"),
        ("http://host:port/", "a malformed URL"),
        ("https://[broken", "a malformed URL"),
    ],
)
def test_urls_are_cut_down(url, shown):
    assert redact_url(url) == shown


def test_texts_are_scrubbed():
    text = scrub(f"GET https://host/x?sig={CANARY} failed for {CANARY}", [CANARY])
    assert text == "GET https://host/x?… failed for …"


def test_third_party_logs_can_be_redacted():
    logger = logging.getLogger("botocore.auth")
    seen = io.StringIO()
    handler = logging.StreamHandler(seen)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        redact_third_party_logs()
        redact_third_party_logs()
        logger.debug("headers {'Authorization': '%s', 'X': 1}", CANARY)
        logger.debug("GET %s", f"https://bucket/key?X-Amz-Signature={CANARY}")
        logger.debug("cookie: a=%s", CANARY)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert_clean(seen.getvalue())
    assert "https://bucket/key?…" in seen.getvalue()
