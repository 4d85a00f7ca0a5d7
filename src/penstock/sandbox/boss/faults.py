"""How the BOSS says no: JSON with a code, Django's bare HTML pages, or the token answer of its own shape."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any

from aiohttp import web


class Code(IntEnum):
    """The server's error codes that the emulator can produce."""

    INVALID_CUTOUT_ARGS = 1001
    TYPE_ERROR = 1002
    INVALID_POST_ARGUMENT = 1003
    INVALID_ARGUMENT = 1005
    REQUEST_TOO_LARGE = 2000
    DATATYPE_DOES_NOT_MATCH = 2001
    DATA_DIMENSION_MISMATCH = 2002
    DATATYPE_NOT_SUPPORTED = 2003
    UNSUPPORTED_4D = 2005
    INVALID_STATE = 2006
    MISSING_ROLE = 3000
    MISSING_PERMISSION = 3001
    RESOURCE_NOT_FOUND = 4000
    INTEGRITY_ERROR = 4003
    OBJECT_NOT_FOUND = 4004
    RESOURCE_MARKED_FOR_DELETION = 4005
    FUTURE = 9000
    BOSS_SYSTEM_ERROR = 9001
    UNSUPPORTED_VERSION = 9003


STATUS = {
    Code.REQUEST_TOO_LARGE: 413,
    Code.INVALID_STATE: 409,
    Code.MISSING_ROLE: 403,
    Code.MISSING_PERMISSION: 403,
    Code.RESOURCE_NOT_FOUND: 404,
    Code.OBJECT_NOT_FOUND: 404,
    Code.RESOURCE_MARKED_FOR_DELETION: 404,
    Code.FUTURE: 501,
}
"""HTTP status of a code; every other code travels with 400."""


class Refusal(Exception):
    """A request that the server turns down with a code."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = STATUS.get(code, 400)


class InvalidToken(Exception):
    """The Authorization header holds a token that nobody owns."""


class NoSuchPage(Exception):
    """No URL pattern matches."""


class Breakdown(Exception):
    """The real server would stumble over an unhandled exception here."""


def json_answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Answer JSON under the bare media type that Django REST framework uses."""
    return web.Response(
        body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json", **(headers or {})}
    )


def page(title: str, status: int, text: str = "") -> web.Response:
    """Answer one of Django's minimal error pages."""
    body = f"<h1>{title}</h1>" + (f"<p>{text}</p>" if text else "")
    return web.Response(body=body.encode(), status=status, headers={"Content-Type": "text/html"})


def empty(status: int) -> web.Response:
    """Answer without a body, as creations of voxels and metadata do."""
    return web.Response(body=b"", status=status, headers={"Content-Type": "text/html; charset=utf-8"})


def answer_for(error: Exception) -> web.Response:
    """Turn whatever a handler raised into the answer the real server would send."""
    match error:
        case Refusal():
            return json_answer({"status": error.status, "code": int(error.code), "message": str(error)}, error.status)
        case InvalidToken():
            return json_answer({"detail": "Invalid token."}, 401, {"WWW-Authenticate": 'Bearer realm="api"'})
        case NoSuchPage():
            return page("Not Found", 404, "The requested resource was not found on this server.")
        case web.HTTPRequestEntityTooLarge():
            return page("413 Request Entity Too Large", 413)
    return page("Server Error (500)", 500)
