"""The object store behind the gateway: signed GETs alone, with ranges."""

from __future__ import annotations

import re
from email.utils import formatdate
from html import escape
from typing import TYPE_CHECKING

from aiohttp import web

from penstock.sandbox.sds.serving import send
from penstock.sandbox.sds.signing import is_expired, is_signed

if TYPE_CHECKING:
    from penstock.sandbox.sds.store import Store

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
LAST_MODIFIED = formatdate(1_768_478_400, usegmt=True)


class ObjectStore:
    """Serves what the gateway has published."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def application(self) -> web.Application:
        """Build the web application."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._get)
        return app

    async def _get(self, request: web.Request) -> web.StreamResponse:
        world = self._store.world
        if request.method != "GET" or not is_signed(world, request.path, request.query):
            return failure(403, "SignatureDoesNotMatch", "The request signature does not match the one provided.")
        if is_expired(world, request.query):
            return failure(403, "AccessDenied", "Request has expired")
        content = self._store.objects.get(request.path)
        if content is None:
            return failure(404, "NoSuchKey", "The specified key does not exist.")
        etag = f'"{content.digest[:32]}"'
        if request.headers.get("If-Match", etag) not in {etag, "*"}:
            return failure(412, "PreconditionFailed", "At least one of the preconditions did not hold.")
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Type": "binary/octet-stream",
            "ETag": etag,
            "Last-Modified": LAST_MODIFIED,
        }
        asked = request.headers.get("Range") if request.headers.get("If-Range", etag) == etag else None
        span = requested(asked, content.size)
        if span is None:
            return await send(request, content, 0, content.size, 200, headers)
        start, stop = span
        if start >= stop:
            return failure(416, "InvalidRange", "The requested range is not satisfiable.")
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{content.size}"
        return await send(request, content, start, stop, 206, headers)


def requested(header: str | None, size: int) -> tuple[int, int] | None:
    """Read a Range header of one span.

    Returns:
        `[start, stop)`, empty if it cannot be satisfied; None to send everything.
    """
    match = RANGE.fullmatch(header or "")
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1, size) if last else size


def failure(status: int, code: str, message: str) -> web.Response:
    """Answer with the XML that object stores use for errors."""
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message><RequestId>sandbox</RequestId></Error>"
    return web.Response(
        status=status, text=f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', content_type="application/xml"
    )
