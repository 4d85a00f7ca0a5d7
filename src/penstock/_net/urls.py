"""Addresses: who is asked, and whom a server may send us to."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from penstock._net.redact import redact_url
from penstock.errors import ConfigError, InsecureConnection, UnexpectedResponse

_PORTS = {"http": 80, "https": 443}
_START = re.compile(r"[a-z]+://[^/?#\\]*")


def parse_base(url: str) -> SplitResult:
    """Check the address of a service.

    Raises:
        ConfigError: It is not an http or https URL with a host and without a user.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ConfigError(f"{redact_url(url)!r} is not a URL") from None
    if not usable:
        raise ConfigError(
            f"{redact_url(url)!r} is not the address of a service", hint="Write https://host or http://host:port."
        )
    if parts.username is not None:
        raise ConfigError(
            f"{redact_url(url)!r} has a user or password in it", hint="Give secrets as settings, not in the address."
        )
    return parts


def origin_of(url: str) -> str:
    """Return `scheme://host:port`, the port always spelt out."""
    start = _START.match(url)
    return _origin(start[0] if start else url)


@lru_cache(maxsize=1024)
def _origin(url: str) -> str:
    parts = parse_base(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or _PORTS[parts.scheme]}"


def absolute(base: str, path_or_url: str) -> str:
    """Put a path behind the address of a service; a whole URL stays what it is."""
    if path_or_url.startswith(("http://", "https://")):
        return path_or_url
    return f"{base.rstrip('/')}/{path_or_url.lstrip('/')}" if path_or_url else base


def check_foreign(url: str, own: str) -> None:
    """Refuse an address that a server handed us and that no honest one would.

    Args:
        url: The address.
        own: Origin of the service that is asked; what it is itself (without TLS, or within a private network) the
            address may be too.

    Raises:
        InsecureConnection: It leads from https to http.
        UnexpectedResponse: It is no http address, names a user, or leads into this machine or a private network.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        usable = parts.scheme in _PORTS and host and parts.username is None and parts.port != 0
    except ValueError:
        host, usable = None, False
    if not usable or host is None:
        raise UnexpectedResponse(f"the service points to an address that is not allowed: {redact_url(url)}")
    if url.lower().startswith("http:") and own.startswith("https:"):
        raise InsecureConnection(f"the service points from https to plain http: {redact_url(url)}")
    if is_private(host) and not is_private(urlsplit(own).hostname or ""):
        raise UnexpectedResponse(f"the service points into a private network: {redact_url(url)}")


def is_loopback(host: str) -> bool:
    """Tell whether a name or address is this machine."""
    address = _address(host)
    return address.is_loopback if address else _is_local_name(host)


def is_private(host: str) -> bool:
    """Tell whether a name or address is known, without asking anybody, not to be on the public internet."""
    address = _address(host)
    return not address.is_global if address else _is_local_name(host)


def _is_local_name(host: str) -> bool:
    return host.lower().rstrip(".") == "localhost" or host.lower().rstrip(".").endswith(".localhost")


@lru_cache(maxsize=1024)
def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def redirected(url: str, location: str) -> str:
    """Resolve the address in a `Location` header."""
    try:
        return urljoin(url, location)
    except ValueError:
        raise UnexpectedResponse(f"{redact_url(url)} redirects to a malformed address") from None
