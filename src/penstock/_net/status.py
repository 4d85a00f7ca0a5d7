"""From an HTTP status to an error, where the platform has nothing more precise to say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from penstock.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    PenstockError,
    PermissionDenied,
    RateLimited,
    RejectedCredential,
    RemoteChanged,
    RequestTooLarge,
    ServerFailure,
    UnexpectedResponse,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock._net.response import Response

_DETAIL = 200
_WORDED = ("detail", "message", "error", "error_description", "title")
_PASSING = frozenset({408, 425})


def error_for(response: Response, what: str) -> PenstockError:
    """Map a status of 400 or above; the message quotes what the service says about it.

    Args:
        response: The answer, its text already free of secrets.
        what: Method and redacted URL.
    """
    status = response.status
    message = f"{what}: {status}{_detail(response)}"
    about: dict[str, Any] = {"status": status, "url": response.url}
    if status == 429 or (status == 503 and "retry-after" in response.headers):
        return RateLimited(message, retry_after=retry_after(response.headers), **about)
    if status >= 500 or status in _PASSING:
        return ServerFailure(message, **about)
    if status == 407:
        return UnexpectedResponse(message, hint="Check the proxy's user and password.", **about)
    if status == 416:
        return InvalidRequest(message, size=_total(response.headers.get("content-range", "")), **about)
    kind = _KINDS.get(status, InvalidRequest)
    return kind(message, **about)


_KINDS: Mapping[int, type[PenstockError]] = {
    401: RejectedCredential,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    412: RemoteChanged,
    413: RequestTooLarge,
}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After`, in seconds or as one of HTTP's date formats; garbage and negative values count as absent.

    A date is compared with the answer's own `Date`, so that a wrong clock on this machine does not matter.
    """
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        return float(text)
    moment = _http_date(text)
    if moment is None:
        return None
    now = _http_date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (moment - now).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _total(content_range: str) -> int | None:
    match = re.fullmatch(r"bytes \*/(\d+)", content_range.strip())
    return int(match[1]) if match else None


def _detail(response: Response) -> str:
    """Quote the service, in one line."""
    try:
        document = response.json()
    except UnexpectedResponse:
        return ""
    if isinstance(document, dict):
        document = next((document[name] for name in _WORDED if document.get(name)), None)
    text = " ".join(str(document).split()) if isinstance(document, (str, dict, list)) and document else ""
    printable = "".join(character for character in text if character.isprintable())
    return f": {printable[:_DETAIL]}" if printable else ""
