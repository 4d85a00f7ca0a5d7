"""What the gateway's refusals mean: JSON of several shapes, and pages of HTML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from penstock._net.redact import scrub
from penstock.errors import Conflict, InvalidRequest, NotFound, PenstockError, PermissionDenied, RejectedCredential

if TYPE_CHECKING:
    from penstock._net.response import Response

_TAKEN = ("already exists in the tree", "already in use by another capture")
_QUOTED = re.compile(r"""\(\s*(["'])(?P<text>.*?)\1\s*,""", re.DOTALL)
_LONGEST = 300


def classify(response: Response) -> PenstockError | None:
    """Turn an answer of 400 and above into an error; None leaves it to the rules that hold for every service."""
    place, body = response.url.partition("?")[0], _body(response)
    said = scrub(_said(body))[:_LONGEST]
    if response.status == 401:
        return RejectedCredential(
            f"the API key is not accepted by {'/'.join(place.split('/')[:3])}",
            hint="Make a new key in the web interface and store it with `penstock login sds`.",
            status=401,
        )
    if response.status == 403:
        return PermissionDenied(f"the account may not do this at {place}: {said or 'no reason given'}", status=403)
    if response.status == 404 and body is None:
        return NotFound(
            f"the gateway has no {place}", hint="It may be older than this operation.", status=404, url=place
        )
    if response.status == 400 and any(mark in said for mark in _TAKEN):
        return Conflict(f"{place}: {said}", status=400, url=place)
    if response.status in {400, 405, 406, 415}:
        return InvalidRequest(
            f"{place} refuses the request: {said or response.status}", status=response.status, url=place
        )
    return None


def _body(response: Response) -> Any:
    """Decode a JSON body; None for pages and empty bodies."""
    if "json" not in response.headers.get("content-type", ""):
        return None
    try:
        return response.json()
    except (PenstockError, ValueError):
        return None


def _said(body: Any) -> str:
    """Find the sentence in a body of any of the shapes that the gateway uses."""
    if isinstance(body, dict):
        reason = body.get("detail", body.get("error"))
        return _said(reason) if reason is not None else "; ".join(f"{key}: {_said(text)}" for key, text in body.items())
    if isinstance(body, list):
        return " ".join(_said(text) for text in body)
    if not isinstance(body, str):
        return ""
    quoted = _QUOTED.match(body)  # a protected object is reported as the text of a tuple
    return quoted["text"] if quoted else body
