"""Ask the service: queries with who we are, a session that is renewed, and errors that say what happened."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from penstock._net.budget import TokenBucket
from penstock.errors import NotFound, PenstockError, PermissionDenied, QueryFailed, RejectedCredential
from penstock.platforms.seer.settings import VENDOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock._net.context import Context
    from penstock.platforms.seer.auth import Authentication

# The vendor allows 580 queries in 300 s: so many a second, and so many at once after a rest, never exceed that.
_PACE = 480 / 300
_BURST = 100

_MISSING = re.compile(r"not found|does not exist|no such|unknown (study|segment|id)", re.IGNORECASE)
_DENIED = re.compile(r"not authori[sz]ed|permission|access denied|no access|forbidden", re.IGNORECASE)
_DENIED_CODES = frozenset({"FORBIDDEN", "NOT_AUTHORISED", "NOT_AUTHORIZED", "ACCESS_DENIED", "PERMISSION_DENIED"})


class Service:
    """The GraphQL endpoint of one server, asked by one account.

    Args:
        context: Whose limits apply.
        url: Base URL.
        auth: Who asks.
        party: Organisation in whose name to ask unless a query says otherwise.
    """

    def __init__(self, context: Context, url: str, auth: Authentication, party: str | None) -> None:
        from penstock._net.graphql import GraphQLClient

        self.http = context.http(url, headers=auth.headers, platform="seer")
        self._graphql = GraphQLClient(self.http)
        self._limits = context.limits
        self._auth = auth
        self._party = party
        paced = (urlsplit(url).hostname or "").endswith(VENDOR)
        self._pace = TokenBucket(_PACE, burst=_BURST, clock=context.retry.clock) if paced else None

    async def query(
        self, document: str, variables: Mapping[str, Any] | None = None, *, party: str | None = None
    ) -> Mapping[str, Any]:
        """Run a query and return its data; a session that has ended is renewed once, for all who notice.

        Raises:
            CredentialError: The service does not accept who asks.
            NotFound: What is asked about does not exist.
            QueryFailed: The service answered with another error.
        """
        await self._hold_session(0)
        version = self._auth.version
        try:
            return await self._ask(document, variables, party)
        except RejectedCredential:
            await self._hold_session(version)
        return await self._ask(document, variables, party)

    async def _hold_session(self, stale: int) -> None:
        if self._auth.version > stale:
            return
        # Whoever logs in must hold a slot already: tasks that hold all others may be waiting for the outcome.
        async with self._limits.slot(self.http.origin):
            await self._auth.renew(stale)

    async def _ask(self, document: str, variables: Mapping[str, Any] | None, party: str | None) -> Mapping[str, Any]:
        if self._pace is not None:
            await self._pace.take(1)
        try:
            return await self._graphql.execute(document, variables, params={"partyId": party or self._party or None})
        except QueryFailed as error:
            failure = sharpened(error)
        raise failure


def sharpened(error: QueryFailed) -> PenstockError:
    """Tell a missing thing and a forbidden one from other failures of a query."""
    first = _first(error.context.get("errors"))
    code, status, text = str(first.get("errorCode")), first.get("statusCode"), str(first.get("message"))
    about = {"errors": error.context.get("errors")}
    if code in _DENIED_CODES or status == 403 or _DENIED.search(text):
        return PermissionDenied(str(error), hint="Ask its owner to share it with your account.", **about)
    if status == 404 or _MISSING.search(text):
        return NotFound(str(error), status=error.status, url=error.url, **about)
    if "Cannot query field" in text or "Unknown argument" in text:
        error.hint = "The service has changed its schema; look for a newer penstock."
    return error


def _first(errors: Any) -> Mapping[str, Any]:
    first = errors[0] if isinstance(errors, list) and errors else errors
    return first if isinstance(first, dict) else {}
