"""One request as it will be sent, and sent again if need be; showing it shows no secret."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import httpx

from penstock._net.redact import redact_url
from penstock._net.urls import check_foreign, origin_of, redirected
from penstock.errors import ConfigError, InvalidRequest, UnexpectedResponse

Content: TypeAlias = bytes | Callable[[], AsyncIterator[bytes]]
"""A body, or what makes it anew for each attempt."""
Params: TypeAlias = Mapping[str, Any] | Sequence[tuple[str, Any]]

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_ACROSS_ORIGINS = frozenset({"accept", "accept-encoding", "range", "if-match", "if-range", "user-agent"})
_PLAIN = _ACROSS_ORIGINS | {"content-type", "content-length", "if-none-match"}
_SIGNATURE = re.compile(r"sig|token|credential|key|secret|policy|password", re.IGNORECASE)
_SAFE = frozenset({"GET", "HEAD"})
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_LONG_ENOUGH = 8


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes:
        method: In upper case.
        url: Where to, query and all.
        headers: Everything that is sent, names in lower case.
        content: The body.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: Content | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"<Call {self.what}>"

    @cached_property
    def what(self) -> str:
        """Method and redacted URL, for messages."""
        return f"{self.method} {redact_url(self.url)}"

    @cached_property
    def origin(self) -> str:
        """`scheme://host:port`."""
        return origin_of(self.url)

    def secrets(self) -> set[str]:
        """Every value in it that must not turn up in a message: of headers that we vary, and of signatures."""
        values = [value for name, value in self.headers.items() if name not in _PLAIN]
        values += [value for name, value in httpx.URL(self.url).params.multi_items() if _SIGNATURE.search(name)]
        pieces = {piece for value in values for piece in re.split(r"[\s;,=]+", value)} | set(values)
        return {piece for piece in pieces if len(piece) >= _LONG_ENOUGH}

    def follow(self, status: int, location: str) -> Call:
        """Return the request that a redirect asks for.

        Another origin gets none of the headers that say who we are, and never a body.

        Raises:
            UnexpectedResponse: The redirect is malformed, or would turn a change into a mere look.
            InsecureConnection: It leads from https to http.
        """
        target = redirected(self.url, location)
        check_foreign(target, self.origin)
        moved = replace(self, url=target)
        if moved.origin != self.origin:
            kept = {name: value for name, value in self.headers.items() if name in _ACROSS_ORIGINS}
            moved = replace(moved, headers=kept)
            if self.content is not None:
                raise UnexpectedResponse(f"{self.what} is redirected to another host, which must not get its body")
        if status == 303 and self.method not in _SAFE:
            return replace(moved, method="GET", content=None, headers=_without_body(moved.headers))
        if status in {301, 302} and self.method not in _SAFE:
            raise UnexpectedResponse(
                f"{self.what} is redirected to {redact_url(target)}", hint="Give that address as the service's URL."
            )
        return moved


def _without_body(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith("content-")}


def encode(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    params: Params | None = None,
    json: Any = None,
    data: Any = None,
    content: Content | None = None,
) -> Call:
    """Make a request, its body encoded once for all attempts.

    Args:
        method: HTTP method.
        url: Whole URL; one that has its query already keeps it to the letter.
        headers: What to send besides the body's own headers.
        params: For the query, beside what the URL has; None values are left away.
        json: Body as JSON.
        data: Body as a form.
        content: Body as it is.

    Raises:
        ConfigError: A header holds characters that cannot be sent.
        InvalidRequest: The URL is malformed.
    """
    try:
        if params:
            pairs = params.items() if isinstance(params, Mapping) else params
            url = str(
                httpx.URL(url).copy_merge_params([(name, value) for name, value in _flat(pairs) if value is not None])
            )
        own = {name.lower(): _checked(name, value) for name, value in headers.items()}
        if json is not None or data is not None:
            encoded = httpx.Request(method, url, json=json, data=data)
            own.setdefault("content-type", encoded.headers["content-type"])
            content = encoded.content
    except httpx.InvalidURL:
        raise InvalidRequest(f"{method} {redact_url(url)}: the URL is malformed") from None
    return Call(method.upper(), url, own, content)


def _flat(pairs: Any) -> list[tuple[str, Any]]:
    """Spread lists over several parameters of one name."""
    return [
        (name, value)
        for name, values in pairs
        for value in (values if isinstance(values, (list, tuple)) else (values,))
    ]


def _checked(name: str, value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise ConfigError(
            f"the header {name} holds characters that cannot be sent", hint="Copy the secret again, without line ends."
        )
    return value
