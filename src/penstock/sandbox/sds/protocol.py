"""What every route of the gateway has in common: who may ask, in which form, and how refusals look."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from aiohttp import web

if TYPE_CHECKING:
    from penstock.sandbox.sds.store import Account, Store

View: TypeAlias = Callable[["Call"], Awaitable[web.StreamResponse]]
Methods: TypeAlias = Mapping[str, View]


class Refusal(Exception):
    """An error that the service answers with JSON."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


class Breakdown(Exception):
    """The service falls over this request, as the real one does: 500 with a page of HTML."""


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request."""

    request: web.Request
    store: Store
    account: Account
    id: str = ""

    @property
    def query(self) -> Mapping[str, str]:
        """The query's parameters."""
        return self.request.query

    @property
    def uuid(self) -> UUID:
        """The id in the path; a malformed one breaks the service."""
        return uuid_of(self.id)

    async def fields(self) -> dict[str, Any]:
        """Parse the body: form or JSON, whatever its type says."""
        if self.request.content_type == "application/json":
            values = await self.request.json()
            return values if isinstance(values, dict) else {}
        return {name: value for name, value in (await self.request.post()).items() if isinstance(value, str)}


def refuse(detail: str, status: int = 400) -> Refusal:
    """Make the commonest refusal."""
    return Refusal(status, {"detail": detail})


def no_such(kind: str) -> Refusal:
    """Make the refusal for an id that matches nothing."""
    return refuse(f"No {kind} matches the given query.", 404)


def uuid_of(text: str) -> UUID:
    """Parse an id, with or without dashes."""
    try:
        return UUID(text)
    except ValueError:
        raise Breakdown(f"{text!r} is not a valid UUID.") from None


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer with JSON."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=text, status=status, headers=headers, content_type="application/json", charset=None)


def page(status: int, title: str, detail: str = "") -> web.Response:
    """Answer with HTML, as Django does for unknown routes and for its own failures."""
    head = f'<!doctype html>\n<html lang="en">\n<head>\n  <title>{escape(title)}</title>\n</head>\n'
    body = f"<body>\n  <h1>{escape(title)}</h1><p>{escape(detail)}</p>\n</body>\n</html>\n"
    return web.Response(text=head + body, status=status, content_type="text/html")


def wants_html(request: web.Request) -> bool:
    """Choose the form of the answer.

    Raises:
        Refusal: Accept allows neither JSON nor HTML.
    """
    accepted = [part.partition(";")[0].strip() for part in request.headers.get("Accept", "*/*").split(",")]
    if "application/json" in accepted:
        return False
    if "text/html" in accepted:
        return True
    if not {"application/*", "*/*", "text/*"} & set(accepted):
        raise refuse("Could not satisfy the request Accept header.", 406)
    return not {"application/*", "*/*"} & set(accepted)


def authenticate(request: web.Request, store: Store) -> Account:
    """Find who asks: the text behind the colon is the key, whatever stands before it.

    Raises:
        Refusal: No key, two colons, or nobody's key.
    """
    given = request.headers.get("Authorization")
    if given is None:
        raise _unauthorised("Authentication credentials were not provided.")
    pieces = given.split(":")
    if len(pieces) > 2:
        raise _unauthorised("Expected format: 'Api-Key: <key>'")
    account = store.account(pieces[-1].strip())
    if account is None:
        raise _unauthorised("API key not found")
    return account


def _unauthorised(detail: str) -> Refusal:
    return Refusal(401, {"detail": detail}, {"WWW-Authenticate": "Api-Key"})
