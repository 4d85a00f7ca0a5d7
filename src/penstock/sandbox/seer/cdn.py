"""The second service: chunks and documents behind signed links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from hashlib import md5
from html import escape
from typing import TYPE_CHECKING

import anyio
from aiohttp import web

from penstock.sandbox.seer.links import BUCKET, CHUNKS

if TYPE_CHECKING:
    from penstock.sandbox.seer.controls import Controls, Fault
    from penstock.sandbox.seer.documents import Documents
    from penstock.sandbox.seer.links import Denial, Links
    from penstock.sandbox.seer.recorder import Recorder

LAST_MODIFIED = formatdate(1_714_521_600, usegmt=True)
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
WORKERS = 2
TRICKLE_BYTES = 64
TRICKLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Cdn:
    """Serves what was recorded to whoever holds a link."""

    recorder: Recorder
    documents: Documents
    links: Links
    controls: Controls
    limiter: anyio.CapacityLimiter

    def application(self) -> web.Application:
        """Build the web application."""
        app = web.Application(client_max_size=256 << 20)
        for folder in (CHUNKS, BUCKET):
            app.router.add_get(f"{folder}/{{name}}", self._chunk)
        app.router.add_get("/documents/{name}", self._document)
        app.router.add_put("/documents/{name}", self._put_document)
        app.router.add_route("*", "/{rest:.*}", self._nothing)
        return app

    async def _chunk(self, request: web.Request) -> web.StreamResponse:
        fault = self.controls.strike("chunk")
        if fault is not None and fault.kind not in {"truncate", "trickle"}:
            return await misfortune(fault)
        if (denial := self.links.denial(request.method, request.path, request.query)) is not None:
            return refusal(403, denial)
        name = request.match_info["name"]
        body = self.recorder.ready(name)
        if body is None:
            body = await anyio.to_thread.run_sync(self.recorder.body, name, limiter=self.limiter)
        if body is None:
            return missing()
        return await damaged(request, body, fault) if fault is not None else part(request, body)

    async def _document(self, request: web.Request) -> web.StreamResponse:
        if (denial := self.links.denial(request.method, request.path, request.query)) is not None:
            return refusal(403, denial)
        body = self.documents.body(request.match_info["name"])
        return part(request, body) if body is not None else missing()

    async def _put_document(self, request: web.Request) -> web.Response:
        if (denial := self.links.denial(request.method, request.path, request.query)) is not None:
            return refusal(403, denial)
        self.documents.put(request.match_info["name"], await request.read())
        return web.Response(status=200)

    async def _nothing(self, _: web.Request) -> web.Response:
        return failure(403, "AccessDenied", "Access Denied")


def part(request: web.Request, body: bytes) -> web.Response:
    """Answer all of a body or the one range that was asked for."""
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Type": "binary/octet-stream",
        "ETag": etag(body),
        "Last-Modified": LAST_MODIFIED,
    }
    wanted = request.headers.get("Range")
    match = RANGE.fullmatch(wanted or "")
    if match is None or not any(match.groups()) or request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
        return web.Response(body=body, headers=headers)
    start, stop = _span(match[1], match[2], len(body))
    if start >= stop:
        return failure(416, "InvalidRange", "The requested range is not satisfiable")
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
    return web.Response(status=206, body=body[start:stop], headers=headers)


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1, size) if last else size


@lru_cache(maxsize=64)
def etag(body: bytes) -> str:
    """Tag a body as object stores do."""
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


async def misfortune(fault: Fault) -> web.Response:
    """Fail a request for a chunk or a login without looking at it."""
    if fault.kind == "stall":
        await anyio.sleep_forever()
    status = int(fault.kind) if fault.kind.isdigit() else 500
    answer = failure(status, {403: "AccessDenied", 503: "SlowDown"}.get(status, "InternalError"), "Please try again.")
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = f"{fault.retry_after:g}"
    return answer


async def damaged(request: web.Request, body: bytes, fault: Fault) -> web.StreamResponse:
    """Send a body cut short, or very slowly."""
    answer = web.StreamResponse(headers={"Content-Length": str(len(body)), "ETag": etag(body)})
    await answer.prepare(request)
    if fault.kind == "truncate":
        await answer.write(body[: len(body) // 2])
        if request.transport is not None:
            request.transport.close()
        return answer
    for start in range(0, len(body), TRICKLE_BYTES):
        await answer.write(body[start : start + TRICKLE_BYTES])
        await anyio.sleep(TRICKLE_SECONDS)
    return answer


def missing() -> web.Response:
    """Answer for a key that holds nothing."""
    return failure(404, "NoSuchKey", "The specified key does not exist.")


def refusal(status: int, denial: Denial) -> web.Response:
    """Answer a link that is not honoured."""
    return failure(status, denial.code, denial.message, denial.details)


def failure(status: int, code: str, message: str, details: tuple[tuple[str, str], ...] = ()) -> web.Response:
    """Answer with the XML of object stores."""
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in details)
    text = (
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{inner}<RequestId>SANDBOX</RequestId></Error>"
    )
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'
    return web.Response(status=status, text=document, content_type="application/xml")
