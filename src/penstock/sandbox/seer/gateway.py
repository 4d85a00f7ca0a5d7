"""The first service: login, sessions and queries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from aiohttp import web
from graphql import execute_sync

from penstock.sandbox.seer.accounts import COOKIE, DEVELOPMENT_COOKIE
from penstock.sandbox.seer.cdn import misfortune
from penstock.sandbox.seer.mutations import Root
from penstock.sandbox.seer.refusals import described, envelope, formatted, not_authenticated
from penstock.sandbox.seer.schema import checked, resolved, seer_schema

if TYPE_CHECKING:
    from penstock.sandbox.seer.accounts import Accounts
    from penstock.sandbox.seer.backend import Backend
    from penstock.sandbox.seer.controls import Fault

REGIONS = ("au", "de", "uk", "us")
DEVELOPMENT = "dev"
BODY_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Gateway:
    """The emulated API.

    The real regions differ by host name, and any host name of this machine is answered here; where that does not do,
    `/de/api` is the same as `/api`, and `/dev/api` uses the cookie of the vendor's development servers.
    """

    backend: Backend
    accounts: Accounts
    limiter: anyio.CapacityLimiter

    def application(self) -> web.Application:
        """Build the web application."""
        app = web.Application(client_max_size=BODY_BYTES)
        for prefix in ("", *(f"/{name}" for name in (*REGIONS, DEVELOPMENT))):
            app.router.add_post(f"{prefix}/api/auth/login", self._log_in)
            app.router.add_get(f"{prefix}/api/auth/verify", self._verify)
            app.router.add_post(f"{prefix}/api/graphql", self._query)
        app.router.add_get("/sandbox/controls", self._show_controls)
        app.router.add_post("/sandbox/controls", self._adjust_controls)
        return app

    async def _log_in(self, request: web.Request) -> web.Response:
        if (fault := self.backend.controls.strike("login")) is not None:
            return await misfortune(fault)
        form = await request.post()
        session = self.accounts.log_in(str(form.get("email", "")), str(form.get("password", "")))
        if session is None:
            return web.json_response({"message": "Invalid email or password"}, status=401)
        answer = web.json_response({"session": "active"})
        name = DEVELOPMENT_COOKIE if request.path.startswith(f"/{DEVELOPMENT}/") else COOKIE
        answer.set_cookie(name, session, httponly=True, samesite="Lax")
        return answer

    async def _verify(self, request: web.Request) -> web.Response:
        if self.accounts.admits(request.headers, request.cookies):
            return web.json_response({"session": "active"})
        return web.json_response({"session": "inactive"}, status=401)

    async def _query(self, request: web.Request) -> web.Response:
        fault = self.backend.controls.strike("graphql")
        if fault is not None:
            return await _unlucky(fault)
        if not self.accounts.admits(request.headers, request.cookies):
            return not_authenticated()
        try:
            document = json.loads(await request.read())
            query, variables = document["query"], document.get("variables")
        except (ValueError, LookupError, TypeError, AttributeError):
            return envelope([described("INVALID_PARAMETERS", "The body must be JSON with a query")], 400)
        if not isinstance(query, str) or not isinstance(variables, dict | None):
            return envelope([described("INVALID_PARAMETERS", "The query must be text, variables an object")], 400)
        root = Root(self.backend, request.query.get("partyId", ""))
        name = document.get("operationName")
        return await anyio.to_thread.run_sync(_execute, root, query, variables, name, limiter=self.limiter)

    async def _show_controls(self, _: web.Request) -> web.Response:
        return web.json_response(self.backend.controls.values())

    async def _adjust_controls(self, request: web.Request) -> web.Response:
        try:
            self.backend.controls.adjust(await request.json())
        except ValueError as error:
            return web.json_response({"message": str(error)}, status=400)
        return web.json_response(self.backend.controls.values())


async def _unlucky(fault: Fault) -> web.Response:
    if fault.kind == "not_authenticated":
        return not_authenticated()
    if fault.kind == "server_error":
        return envelope([described("SERVER_ERROR", "Internal server error")], 500)
    return await misfortune(fault)


def _execute(root: Root, query: str, variables: dict[str, Any] | None, name: str | None) -> web.Response:
    """Answer a query; what is wrong with the request itself comes alone, what goes wrong in it beside the data."""
    found = checked(query)
    if found.document is None or found.errors:
        return envelope([formatted(error) for error in found.errors], 400)
    result = execute_sync(
        seer_schema(),
        found.document,
        root_value=root,
        variable_values=variables,
        operation_name=name,
        field_resolver=resolved,
    )
    errors = [formatted(error) for error in result.errors or ()]
    if result.data is None:
        return envelope(errors, 400 if all(error["statusCode"] == 400 for error in errors) else 200)
    return web.json_response({"data": result.data, **({"errors": errors} if errors else {})})
