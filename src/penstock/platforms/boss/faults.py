"""What the service's refusals mean. Its codes decide, never its wording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from penstock.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    PenstockError,
    PermissionDenied,
    RateLimited,
    Recovery,
    RejectedCredential,
    RequestTooLarge,
    ServerFailure,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock._net.response import Response


class AllowanceSpent(RateLimited):
    """The account's traffic allowance is used up; it is renewed by the month, so waiting minutes is no use."""

    recovery = Recovery.NEVER
    fatal: ClassVar[bool] = True


_NOT_THERE = frozenset({4000, 4001, 4002, 4004})
_NOT_ALLOWED = frozenset({3000, 3001, 3003, 7002})
_TAKEN = frozenset({2006, 6001, 6002})
_BROKEN = frozenset({5000, 5001, 5002, 5003, 7001, 9002})


def classify(response: Response) -> PenstockError | None:
    """Turn an answer of 400 and above into an error; None leaves it to the rules that hold for every service."""
    if response.status == 401:
        return RejectedCredential(
            f"the token is not accepted by {_host(response)}",
            hint="Get a new token from the service and store it with `penstock login boss`.",
            status=401,
        )
    code = _code(response)
    if response.status == 429 and code == 3004 and "retry-after" not in response.headers:
        return AllowanceSpent(
            f"the traffic allowance of this account at {_host(response)} is used up",
            hint="Run the same command again when the allowance has been renewed; it goes on from here.",
            status=429,
        )
    return _by_code(response, code)


def _by_code(response: Response, code: int | None) -> PenstockError | None:
    """Judge by the service's own code, where it gives one."""
    if code in _NOT_ALLOWED:
        return PermissionDenied(
            f"the account may not do this at {_place(response)} (code {code})",
            hint="Ask the owner of the collection for access, or use another token.",
            status=response.status,
            code=code,
        )
    if response.status == 413 or code == 2000:
        return _service(RequestTooLarge, "is more than the service gives at once", response, code)
    for codes, kind, what in _KINDS:
        if code in codes:
            return _service(kind, what, response, code)
    if response.status == 400:
        return _service(InvalidRequest, "is refused as malformed", response, code)
    return None


_KINDS: tuple[tuple[frozenset[int], Callable[..., PenstockError], str], ...] = (
    (_NOT_THERE, NotFound, "does not exist"),
    (frozenset({4005}), NotFound, "has been deleted"),
    (_TAKEN, Conflict, "exists already, or is being worked on"),
    (frozenset({2004, 3002, 9000}), InvalidRequest, "is refused as malformed"),
    (_BROKEN, ServerFailure, "made the service fail"),
)


def _service(kind: Callable[..., PenstockError], what: str, response: Response, code: int | None) -> PenstockError:
    suffix = f" (code {code})" if code is not None else ""
    return kind(f"{_place(response)} {what}{suffix}", status=response.status, url=response.url, code=code)


def _code(response: Response) -> int | None:
    """Read the service's own code; None when the body is a page, or is shaped otherwise."""
    body: Any = None
    if "json" in response.headers.get("content-type", ""):
        try:
            body = response.json()
        except (PenstockError, ValueError):
            return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None


def _place(response: Response) -> str:
    """Name what was asked for, without the query."""
    return response.url.partition("?")[0]


def _host(response: Response) -> str:
    return "/".join(response.url.split("/")[:3])
