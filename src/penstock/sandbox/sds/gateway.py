"""The gateway's routes, dispatched in the order in which the real service looks at a request."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from aiohttp import web

from penstock.sandbox.sds import captures, datasets, files, uploads
from penstock.sandbox.sds.protocol import (
    Breakdown,
    Call,
    Methods,
    Refusal,
    authenticate,
    page,
    refuse,
    reply,
    wants_html,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from penstock.sandbox.sds.store import Store

MAX_FORM = 100 << 20


async def _auth(call: Call) -> web.Response:
    return reply({"message": f"API key is valid for {call.account.email}"})


async def _me(call: Call) -> web.Response:
    url = f"{call.request.url.origin()}/api/v1/users/{call.account.id}/"
    return reply({"name": call.account.name, "email": call.account.email, "url": url})


ROUTES: tuple[tuple[str, Methods], ...] = (
    ("auth", {"GET": _auth}),
    ("users/me", {"GET": _me}),
    ("assets/utils/check_contents_exist", {"POST": uploads.check}),
    ("assets/files", {"GET": files.listing, "POST": uploads.create}),
    ("assets/files/ID", {"GET": files.record, "PUT": files.update, "DELETE": files.delete}),
    ("assets/files/ID/download", {"GET": files.download}),
    ("assets/files/ID/detach-from-datasets", {"PUT": files.detach}),
    ("assets/captures", {"GET": captures.listing, "POST": captures.create}),
    (
        "assets/captures/ID",
        {"GET": captures.record, "PUT": captures.update, "PATCH": captures.rename, "DELETE": captures.delete},
    ),
    ("assets/captures/ID/revoke-share-permissions", {"PUT": captures.revoke}),
    ("assets/captures/ID/detach-from-datasets", {"PUT": captures.detach}),
    ("assets/datasets/ID", {"GET": datasets.record, "DELETE": datasets.delete}),
    ("assets/datasets/ID/files", {"GET": datasets.manifest}),
    ("assets/datasets/ID/revoke-share-permissions", {"PUT": datasets.revoke}),
)


class Gateway:
    """Answers requests out of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._routes = [
            (re.compile(r"/api/(?:v1|latest)/" + pattern.replace("ID", "(?P<id>[^/]+)") + "/"), methods)
            for pattern, methods in ROUTES
        ]

    def application(self) -> web.Application:
        """Build the web application."""
        app = web.Application(client_max_size=MAX_FORM)
        app.cleanup_ctx.append(self._upload_folder)
        app.router.add_route("*", "/{path:.*}", self._dispatch)
        return app

    async def _upload_folder(self, _: web.Application) -> AsyncIterator[None]:
        """Keep large uploads in a folder that goes when the sandbox does."""
        with TemporaryDirectory(prefix="penstock-sandbox-") as folder:
            self._store.uploads = Path(folder)
            yield

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        found = self._match(request.path)
        if found is None:
            return self._unknown(request)
        methods, uuid = found
        try:
            return await self._answer(request, methods, uuid)
        except Refusal as refusal:
            return reply(refusal.body, refusal.status, refusal.headers)
        except Breakdown as breakdown:
            return page(500, f"{request.path} fails", str(breakdown))

    async def _answer(self, request: web.Request, methods: Methods, uuid: str) -> web.StreamResponse:
        html = wants_html(request)
        account = authenticate(request, self._store)
        view = methods.get("GET" if request.method == "HEAD" else request.method)
        if view is None:
            raise refuse(f'Method "{request.method}" not allowed.', 405)
        response = await view(Call(request, self._store, account, uuid))
        if html and isinstance(response, web.Response) and response.content_type == "application/json":
            return page(response.status, "SDS gateway", response.text or "")
        return response

    def _unknown(self, request: web.Request) -> web.Response:
        """Answer a path that no route has; one that lacks only its last slash is sent there, if it can be."""
        if self._match(request.path + "/") is None:
            return page(404, "Page not found at " + request.path)
        if request.method not in {"GET", "HEAD"}:
            return page(
                500, f"RuntimeError at {request.path}", "The URL does not end in a slash; the body would be lost."
            )
        query = f"?{request.query_string}" if request.query_string else ""
        return web.Response(status=301, headers={"Location": f"{request.rel_url.raw_path}/{query}"})

    def _match(self, path: str) -> tuple[Methods, str] | None:
        for pattern, methods in self._routes:
            match = pattern.fullmatch(path)
            if match:
                return methods, match.groupdict().get("id", "")
        return None
