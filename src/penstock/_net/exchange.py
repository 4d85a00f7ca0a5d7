"""Send one request, follow its redirects, and hand over a body that is watched while it comes."""

from __future__ import annotations

import re
import time
from contextlib import aclosing, asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import anyio
import httpx

from penstock._net.call import REDIRECTS, Call
from penstock._net.failures import FOREIGN, translate, truncated
from penstock._net.headers import Headers
from penstock._net.redact import redact_url
from penstock._net.response import Body
from penstock.errors import DeadlineExceeded, PenstockError, Recovery, UnexpectedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from penstock._net.pool import Pool
    from penstock._net.timeouts import Timeouts

_HOPS = 5
_PIECE = 1 << 18
_BODILESS = frozenset({204, 304})
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_PLAIN = re.compile(r"(https?://[a-z0-9.:-]+)/(?:[\w!$&'()*+,;=:@~./?-]+|%[0-9A-Fa-f]{2})*", re.ASCII)


@asynccontextmanager
async def exchange(pool: Pool, call: Call, timeouts: Timeouts) -> AsyncGenerator[tuple[Call, Body], None]:
    """Send a request and follow redirects; yields the last request and its answer, of whatever status.

    Raises:
        ConnectionFailed: No answer came.
        DeadlineExceeded: It did not come in time.
        UnexpectedResponse: It is not proper HTTP, redirects for ever, or has another range than was asked for.
    """
    last, answer = await _follow(pool.transport(), call, timeouts)
    try:
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        headers = Headers(answer.headers.multi_items())
        size = _size(last, answer.status_code, headers)
        start, total = _place(last, answer.status_code, headers, size)
        async with aclosing(_measured(answer.stream, last.what, size, timeouts)) as blocks:
            yield last, Body(answer.status_code, headers, size, start, blocks, redact_url(last.url), total)
    finally:
        with anyio.CancelScope(shield=True):
            await answer.aclose()


async def _follow(transport: httpx.AsyncBaseTransport, call: Call, timeouts: Timeouts) -> tuple[Call, httpx.Response]:
    for _ in range(_HOPS + 1):
        answer = await _send(transport, call, timeouts)
        if answer.status_code not in REDIRECTS or "location" not in answer.headers:
            return call, answer
        await answer.aclose()
        call = call.follow(answer.status_code, answer.headers["location"])
    raise UnexpectedResponse(f"{call.what}: more than {_HOPS} redirects")


async def _send(transport: httpx.AsyncBaseTransport, call: Call, timeouts: Timeouts) -> httpx.Response:
    """Send one request and wait for the head of its answer."""
    try:
        with anyio.fail_after(timeouts.connect + timeouts.answer) as watch:
            return await transport.handle_async_request(_request(call, timeouts, watch))
    except FOREIGN as error:
        failure = translate(error, call.what)
    # Raised out here, the error does not carry the original, which knows headers and whole URLs.
    raise failure


def _request(call: Call, timeouts: Timeouts, watch: anyio.CancelScope) -> httpx.Request:
    headers = dict(call.headers)
    content: bytes | AsyncIterator[bytes] | None
    if callable(call.content):
        content = _watched(call.content(), timeouts, watch)
    elif call.content is not None and len(call.content) > _PIECE:
        headers["content-length"] = str(len(call.content))
        content = _watched(_pieces(call.content), timeouts, watch)
    else:
        content = call.content
    url, extensions = _addressed(call.url)
    extensions["timeout"] = {
        "connect": timeouts.connect,
        "read": timeouts.stall,
        "write": timeouts.stall,
        "pool": None,
    }
    return httpx.Request(call.method, url, headers=headers, content=content, extensions=extensions)


def _addressed(url: str) -> tuple[httpx.URL, dict[str, Any]]:
    """Return what an httpx request is made with, and in its extensions the URL that is really meant.

    httpx looks at each character of a URL: for a signed one that takes longer than all the rest of the request.
    Where nothing has to be quoted or tidied up, it gets to see the origin only.
    """
    plain = _PLAIN.fullmatch(url)
    if plain is None or "/." in url:
        return httpx.URL(url), {"url": None}
    return _home(plain[1]), {"url": url}


@lru_cache(maxsize=256)
def _home(origin: str) -> httpx.URL:
    return httpx.URL(origin)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    """Cut a large body up, so that its progress can be seen."""
    view = memoryview(content)
    for start in range(0, len(view), _PIECE):
        yield bytes(view[start : start + _PIECE])


async def _watched(body: AsyncIterator[bytes], timeouts: Timeouts, watch: anyio.CancelScope) -> AsyncIterator[bytes]:
    """Move the deadline along with a body that goes out: it may take long, but it must not stall."""
    async for piece in body:
        watch.deadline = anyio.current_time() + timeouts.stall
        yield piece
    watch.deadline = anyio.current_time() + timeouts.answer


def _size(call: Call, status: int, headers: Headers) -> int | None:
    """Return the announced length of the body in bytes."""
    if call.method == "HEAD" or status in _BODILESS:
        return 0
    length = headers.get("content-length")
    if length is None or "transfer-encoding" in headers:
        return None
    if not re.fullmatch(r"\d{1,18}", length):
        raise UnexpectedResponse(f"{call.what}: the answer's Content-Length is not a number")
    return int(length)


def _place(call: Call, status: int, headers: Headers, size: int | None) -> tuple[int, int | None]:
    """Return the offset at which the body begins, and the size of the whole.

    Some servers answer a range with 200 and Content-Range, so the header decides.
    """
    asked = _RANGE.fullmatch(call.headers.get("range", ""))
    given = headers.get("content-range")
    if status not in {200, 206} or call.method == "HEAD":
        return 0, None
    if given is None:
        if status == 206:
            raise _wrong_range(call, "206 without Content-Range")
        return 0, size
    match = _CONTENT_RANGE.fullmatch(given.strip())
    if match is None or asked is None:
        raise _wrong_range(call, "a range that was not asked for")
    first, last = int(match[1]), int(match[2])
    if first != int(asked[1]) or (asked[2] and last > int(asked[2])):
        raise _wrong_range(call, f"bytes {first} to {last} instead of {asked[0]}")
    if size is not None and size != last - first + 1:
        raise _wrong_range(call, f"{size} bytes where its range has {last - first + 1}")
    return first, None if match[3] == "*" else int(match[3])


def _wrong_range(call: Call, answer: str) -> UnexpectedResponse:
    error = UnexpectedResponse(f"{call.what}: the service answered {answer}")
    error.recovery = Recovery.INTEGRITY
    return error


async def _measured(
    stream: httpx.AsyncByteStream, what: str, size: int | None, timeouts: Timeouts
) -> AsyncGenerator[bytes, None]:
    """Yield a body's blocks; see that it is as long as announced and does not drip.

    Only the time that is spent waiting for the wire counts against the rate: a slow consumer is no slow server.
    """
    received = fresh = 0
    waited = 0.0
    failure: PenstockError | None = None
    clock: Callable[[], float] = time.monotonic
    blocks = aiter(stream)
    while failure is None:
        since = clock()
        try:
            block = await anext(blocks)
        except StopAsyncIteration:
            break
        except FOREIGN as error:
            failure = translate(error, what, received=received, size=size)
            continue
        waited += clock() - since
        received += len(block)
        fresh += len(block)
        if waited >= timeouts.rate_window:
            if fresh < timeouts.min_rate * waited:
                failure = _too_slow(what, fresh / waited, received)
                continue
            waited, fresh = 0.0, 0
        yield block
    if failure is not None:
        raise failure
    if size is not None and received != size:
        raise truncated(what, received, size)


def _too_slow(what: str, rate: float, received: int) -> DeadlineExceeded:
    return DeadlineExceeded(
        f"{what}: {rate:.0f} bytes a second is too slow to go on, after {received} bytes",
        kind="rate",
        received=received,
    )
