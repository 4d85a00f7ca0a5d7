"""Proxies as the environment names them: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, and `NO_PROXY` for exceptions."""

from __future__ import annotations

from urllib.request import getproxies_environment, proxy_bypass

from penstock._net.urls import is_loopback


class Proxies:
    """The proxies of one context, read once; loopback is never proxied, and netrc is never read."""

    def __init__(self) -> None:
        self._proxies = getproxies_environment()
        self._known: dict[tuple[str, str], str | None] = {}

    def for_host(self, scheme: str, host: str) -> str | None:
        """Return the proxy's URL for a host, or None."""
        if (scheme, host) not in self._known:
            self._known[scheme, host] = self._find(scheme, host)
        return self._known[scheme, host]

    def _find(self, scheme: str, host: str) -> str | None:
        proxy = self._proxies.get(scheme) or self._proxies.get("all")
        if not proxy or is_loopback(host) or proxy_bypass(host):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"
