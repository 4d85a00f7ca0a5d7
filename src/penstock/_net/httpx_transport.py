"""httpx's own stack with the proxies of the environment: slower, but free of aiohttp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import ssl

    from penstock._net.proxies import Proxies


class ProxiedTransport(httpx.AsyncBaseTransport):
    """Send each request directly or through the proxy that the environment names for its host."""

    def __init__(self, tls: ssl.SSLContext, proxies: Proxies) -> None:
        self._tls = tls
        self._proxies = proxies
        self._transports: dict[str | None, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and return its answer with the body still on the wire."""
        if url := request.extensions.get("url"):
            request.url = httpx.URL(url)
        proxy = self._proxies.for_host(request.url.scheme, request.url.host)
        if proxy not in self._transports:
            self._transports[proxy] = httpx.AsyncHTTPTransport(
                verify=self._tls, proxy=proxy, limits=httpx.Limits(max_connections=None, max_keepalive_connections=32)
            )
        return await self._transports[proxy].handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection."""
        for transport in self._transports.values():
            await transport.aclose()
