"""From a network library's exception to an error of ours.

The libraries use one class for many causes and often leave the text empty, so the chain of causes is walked and
the message is worded here: what, where, after how many bytes. Nothing of the original's text is repeated unless
it is known to hold no header and no URL.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from typing import TYPE_CHECKING

import aiohttp
import httpx

from penstock._net.resolver import PrivateAddress
from penstock.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    InsecureConnection,
    InvalidRequest,
    PenstockError,
    Recovery,
    Truncated,
    UnexpectedResponse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

FOREIGN = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, aiohttp.ClientError, asyncio.TimeoutError, OSError)
"""What may come out of a transport."""

_CAUSES = 12


def translate(
    error: BaseException, what: str, *, received: int | None = None, size: int | None = None
) -> PenstockError:
    """Word what went wrong with a request.

    Args:
        error: What the network library raised.
        what: Method and redacted URL.
        received: Bytes of the body that had arrived; None before the answer's head.
        size: Bytes that the body should have had, when announced.
    """
    if isinstance(error, (httpx.TimeoutException, asyncio.TimeoutError)):
        return _too_slow(error, what, received)
    chain = list(_chain(error))
    if isinstance(error, httpx.ProxyError):
        return _proxy_failed(chain, what)
    for cause in chain:
        if (known := _by_cause(cause, what)) is not None:
            return known
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)):
        return InvalidRequest(f"{what}: the URL or a header is malformed")
    if received is not None:
        return _broken_body(chain, what, received, size)
    return _broken_head(error, chain, what)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Walk an exception and its causes, outermost first."""
    current: BaseException | None = error
    for _ in range(_CAUSES):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__ or getattr(current, "os_error", None)


def _by_cause(cause: BaseException, what: str) -> PenstockError | None:
    """Recognise the causes that mean the same wherever they stand in the chain."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        # aiohttp's own class of this kind has the original beside it, not as its cause.
        original = getattr(cause, "certificate_error", cause)
        problem = getattr(original, "verify_message", None) or "verification failed"
        return InsecureConnection(
            f"{what}: the server's certificate was not accepted: {problem}",
            hint="Check the host name and this machine's clock; a private authority goes into SSL_CERT_FILE.",
        )
    if isinstance(cause, ssl.SSLError):
        return ConnectionFailed(f"{what}: TLS failed ({cause.reason or 'no reason given'})", kind="tls")
    if isinstance(cause, PrivateAddress):
        return UnexpectedResponse(f"{what}: the service points into a private network")
    if isinstance(cause, socket.gaierror):
        return ConnectionFailed(
            f"{what}: the host name cannot be resolved", kind="dns", hint="Check the spelling and the network."
        )
    if isinstance(cause, OSError) and cause.errno in {errno.EMFILE, errno.ENFILE}:
        return ConnectionFailed(
            f"{what}: no file descriptor is left for a connection",
            kind="descriptors",
            hint="Raise the limit (`ulimit -n`) or lower `connections`.",
        )
    if isinstance(cause, OSError) and cause.errno in _UNREACHABLE:
        return ConnectionFailed(f"{what}: {_UNREACHABLE[cause.errno]}", kind="connect", hint=_IS_IT_UP)
    return None


_IS_IT_UP = "Check the address, and that the service is up."
_UNREACHABLE = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.EHOSTUNREACH: "the host cannot be reached",
    errno.ENETUNREACH: "the network cannot be reached",
    errno.EADDRNOTAVAIL: "no local address is free",
}


def _too_slow(error: BaseException, what: str, received: int | None) -> PenstockError:
    if isinstance(error, httpx.ConnectTimeout):
        failure = DeadlineExceeded(f"{what}: no connection within the time allowed", kind="connect", hint=_IS_IT_UP)
    elif received is None:
        failure = DeadlineExceeded(f"{what}: no answer within the time allowed", kind="stall")
    else:
        failure = DeadlineExceeded(f"{what}: stalled after {received} bytes", kind="stall", received=received)
    return failure


def _proxy_failed(chain: list[BaseException], what: str) -> ConnectionFailed:
    hint = "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and the proxy's password."
    if any(isinstance(cause, aiohttp.ClientProxyConnectionError) for cause in chain):
        return ConnectionFailed(f"{what}: the proxy cannot be reached", kind="connect", hint=hint)
    status = next((f" ({cause.status})" for cause in chain if isinstance(cause, aiohttp.ClientHttpProxyError)), "")
    failure = ConnectionFailed(f"{what}: the proxy refused{status}", kind="proxy", hint=hint)
    failure.recovery = Recovery.NEVER
    return failure


def _broken_body(chain: list[BaseException], what: str, received: int, size: int | None) -> PenstockError:
    if any(isinstance(cause, OSError) and cause.errno in {errno.ECONNRESET, errno.EPIPE} for cause in chain):
        return ConnectionFailed(
            f"{what}: the connection was reset after {received} bytes", kind="reset", received=received
        )
    return truncated(what, received, size)


def truncated(what: str, received: int, size: int | None) -> Truncated:
    """Word that a body ended early, or went on for too long."""
    promised = "before its end" if size is None else f"of {size}"
    return Truncated(f"{what}: the body has {received} bytes {promised}", received=received, size=size)


def _broken_head(error: BaseException, chain: list[BaseException], what: str) -> PenstockError:
    if any(isinstance(cause, aiohttp.ClientResponseError) for cause in chain):
        return UnexpectedResponse(f"{what}: the answer is not HTTP")
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return UnexpectedResponse(f"{what}: the answer is not HTTP")
    number = next((cause.errno for cause in chain if isinstance(cause, OSError) and cause.errno), None)
    reason = f" ({os.strerror(number)})" if number else ""
    return ConnectionFailed(f"{what}: the connection broke before an answer came{reason}", kind="reset")
