"""An httpx transport that moves its bytes with aiohttp.

httpx's own stack costs several times the CPU per request and per byte. The transport keeps one aiohttp session for
all origins, adds nothing to a request that was not asked for, decodes nothing, follows nothing, and raises httpx's
errors with aiohttp's as their cause.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import aiohttp
import httpx
from yarl import URL

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Generator

    from aiohttp.abc import AbstractResolver

    from penstock._net.proxies import Proxies

_READ_BUFFER = 1 << 18
_PIECE = 1 << 18
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})
_LEFT_TO_US = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Send httpx requests through an aiohttp session.

    Args:
        tls: Makes the TLS context when a request first needs it.
        proxies: Knows which hosts are behind one.
        resolver: Turns names into addresses.
    """

    def __init__(self, tls: Callable[[], ssl.SSLContext], proxies: Proxies, resolver: AbstractResolver) -> None:
        self._tls = tls
        self._proxies = proxies
        self._resolver = resolver
        self._tls_context: ssl.SSLContext | None = None
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and return its answer with the body still on the wire."""
        try:
            return await self._exchange(request)
        except httpx.RemoteProtocolError:
            # What a kept connection says may be the rest of an earlier answer; a fresh one does not lie.
            if request.method not in _REPEATABLE:
                raise
        return await self._exchange(request)

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        timeout = request.extensions.get("timeout", {})
        tls = self._trusting() if request.url.scheme == "https" else True
        with _as_httpx_errors(request):
            answer = await self._open_session().request(
                request.method,
                URL(request.extensions.get("url") or str(request.url), encoded=True),
                headers=[pair for pair in request.headers.multi_items() if pair[0] != "transfer-encoding"],
                data=_payload(request),
                allow_redirects=False,
                ssl=tls,
                proxy=self._proxies.for_host(request.url.scheme, request.url.host),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=timeout.get("connect"),
                    sock_connect=timeout.get("connect"),
                    sock_read=timeout.get("read"),
                ),
            )
        return httpx.Response(
            answer.status, headers=answer.raw_headers, stream=_Incoming(answer, request), request=request
        )

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, resolver=self._resolver, keepalive_timeout=30.0),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_LEFT_TO_US,
                read_bufsize=_READ_BUFFER,
            )
        return self._session

    def _trusting(self) -> ssl.SSLContext:
        if self._tls_context is None:
            self._tls_context = self._tls()
        return self._tls_context

    async def aclose(self) -> None:
        """Close every connection, and let the loop see TLS connections off."""
        if self._session is not None:
            await self._session.close()
            self._session = None


class _Incoming(httpx.AsyncByteStream):
    """A body on its way; closing it early closes its connection, since the rest would be in the way."""

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx_errors(self._request):
            read = self._answer.content.readany
            while block := await read():
                yield block

    async def aclose(self) -> None:
        if self._answer.content.is_eof() and self._answer.content.exception() is None:
            self._answer.release()
        else:
            self._answer.close()


def _payload(request: httpx.Request) -> bytes | AsyncIterator[bytes] | None:
    """Return the body as aiohttp takes it; a large one goes out in pieces, so that its progress can be seen."""
    stream = request.stream
    if isinstance(stream, httpx.ByteStream):
        content = b"".join(stream)
        return content or None
    assert isinstance(stream, httpx.AsyncByteStream)
    return aiter(stream)


@contextmanager
def _as_httpx_errors(request: httpx.Request) -> Generator[None, None, None]:
    """Raise what went wrong as httpx would; the texts are empty because the originals may quote headers."""
    try:
        yield
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise _httpx_kind(error)("", request=request) from error


def _httpx_kind(error: BaseException) -> type[httpx.TransportError]:
    for kinds, counterpart in _COUNTERPARTS:
        if isinstance(error, kinds):
            return counterpart
    return httpx.NetworkError


_COUNTERPARTS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.SocketTimeoutError, httpx.ReadTimeout),
    (asyncio.TimeoutError, httpx.ConnectTimeout),
    ((aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), httpx.ProxyError),
    ((aiohttp.ClientConnectorError, aiohttp.ClientSSLError), httpx.ConnectError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ServerDisconnectedError, httpx.ReadError),
    (aiohttp.ClientOSError, httpx.ReadError),
    (aiohttp.ClientPayloadError, httpx.ReadError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (ValueError, httpx.LocalProtocolError),
    (OSError, httpx.ReadError),
)
