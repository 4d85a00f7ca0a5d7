"""How Seer says no: error objects that carry a status and a code of their own, beside the usual message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web
from graphql import GraphQLError

if TYPE_CHECKING:
    from collections.abc import Sequence

STATUS = {"INVALID_PARAMETERS": 400, "NOT_AUTHENTICATED": 401, "NOT_FOUND": 404, "SERVER_ERROR": 500}


class Refusal(Exception):
    """A resolver declines, with one of the service's codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def envelope(errors: Sequence[dict[str, Any]], status: int) -> web.Response:
    """Answer errors alone."""
    return web.json_response({"errors": list(errors)}, status=status)


def not_authenticated() -> web.Response:
    """Answer a query without a session."""
    return envelope([described("NOT_AUTHENTICATED", "You must be logged in to perform this action")], 401)


def described(code: str, message: str) -> dict[str, Any]:
    """Spell one error the way the service does."""
    return {"statusCode": STATUS[code], "errorCode": code, "message": message}


def formatted(error: GraphQLError) -> dict[str, Any]:
    """Spell an error of the GraphQL engine; what no resolver meant to raise is the server's own fault."""
    cause = error.original_error
    if isinstance(cause, Refusal):
        found = described(cause.code, str(cause))
    elif cause is not None and not isinstance(cause, GraphQLError):
        found = described("SERVER_ERROR", "Internal server error")
    else:
        found = described("INVALID_PARAMETERS", error.message)
    if error.locations:
        found["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        found["path"] = error.path
    return found
