"""One request as it will be sent, and sent again if need be; showing it shows no secret."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import httpx

from penstock._net.headers import Headers
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
    headers: Headers
    content: Content | None = None

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
            moved = replace(moved, headers=_kept(self.headers, lambda name: name in _ACROSS_ORIGINS))
            if self.content is not None:
                raise UnexpectedResponse(f"{self.what} is redirected to another host, which must not get its body")
        if status == 303 and self.method not in _SAFE:
            return replace(
                moved,
                method="GET",
                content=None,
                headers=_kept(moved.headers, lambda name: not name.startswith("content-")),
            )
        if status in {301, 302} and self.method not in _SAFE:
            raise UnexpectedResponse(
                f"{self.what} is redirected to {redact_url(target)}", hint="Give that address as the service's URL."
            )
        return moved


def _kept(headers: Headers, wanted: Callable[[str], bool]) -> Headers:
    return Headers((name, value) for name, value in headers.items() if wanted(name))


@dataclass(frozen=True)
class Payload:
    """A request's body, encoded; showing it does not show its content, which may be a password.

    Attributes:
        content: The bytes, or what makes them anew for each attempt.
        kind: Their media type, when penstock encoded them.
    """

    content: Content | None = None
    kind: str | None = None

    def __repr__(self) -> str:
        return f"<Payload of {self.kind or 'bytes'}>"

    @classmethod
    def encode(cls, *, json: Any = None, data: Any = None, content: Content | None = None) -> Payload:
        """Encode a body given as JSON, as a form, or as it is."""
        if json is None and data is None:
            return cls(content)
        request = httpx.Request("POST", "http://nowhere.invalid/", json=json, data=data)
        return cls(request.content, request.headers["content-type"])


def make_call(method: str, url: str, headers: Headers, *, params: Params | None, payload: Payload) -> Call:
    """Make a request.

    Args:
        method: HTTP method.
        url: Whole URL; one that has its query already keeps it to the letter.
        headers: What to send besides the body's own headers.
        params: For the query, beside what the URL has; None values are left away, lists repeat the name.
        payload: The body.

    Raises:
        ConfigError: A header holds characters that cannot be sent.
        InvalidRequest: The URL is malformed.
    """
    if (name := _unsendable(headers)) is not None:
        hint = "Copy the secret again, without line ends."
        raise ConfigError(f"the header {name} holds characters that cannot be sent", hint=hint)
    if payload.kind is not None and "content-type" not in headers:
        headers = Headers([*headers.items(), ("content-type", payload.kind)])
    try:
        whole = str(httpx.URL(url).copy_merge_params(_flat(params))) if params else url
    except httpx.InvalidURL:
        whole = None
    if whole is None:
        raise InvalidRequest(f"{method} {redact_url(url)}: the URL is malformed")
    return Call(method.upper(), whole, headers, payload.content)


def _unsendable(headers: Headers) -> str | None:
    """Return the name of a header that cannot be sent; its value stays in here."""
    return next((name for name, value in headers.items() if not _VALUE.fullmatch(value)), None)


def _flat(params: Params) -> list[tuple[str, Any]]:
    """Spread lists over several parameters of one name, and leave away what has no value."""
    pairs: list[tuple[str, Any]] = []
    for name, given in params.items() if isinstance(params, Mapping) else params:
        values = given if isinstance(given, (list, tuple)) else (given,)
        pairs += [(name, value) for value in values if value is not None]
    return pairs
