"""A client of the emulated gateway, and a tiny gateway whose listing a test decides."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from aiohttp import web

import penstock
from penstock.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

OWNER = {"id": 1, "email": "alice@example.org", "name": "Alice"}


def _row(number: int, directory: str, name: str, content: bytes = b"x", **more: Any) -> dict[str, Any]:
    return {
        "uuid": str(UUID(int=number + 1, version=4)),
        "owner": OWNER,
        "directory": f"/files/alice@example.org{directory}",
        "name": name,
        "size": len(content),
        "sum_blake3": hashlib.sha256(content).hexdigest(),
        "created_at": "2026-01-15 12:00:00",
        "updated_at": "2026-01-15 12:00:00",
        **more,
    }


@pytest.fixture
def row() -> Callable[..., dict[str, Any]]:
    """Make a row of a listing."""
    return _row


class Gateway:
    """Serves pages of a list that the test may change at any time, and notes what it was asked."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.queries: list[dict[str, str]] = []
        self.before_page: Callable[[int], None] = lambda number: None

    async def files(self, request: web.Request) -> web.Response:
        self.queries.append(dict(request.query))
        number, size = int(request.query["page"]), int(request.query["page_size"])
        self.before_page(number)
        at = (number - 1) * size
        if number > 1 and at >= len(self.rows):
            return web.json_response({"detail": "Invalid page."}, status=404)
        more = at + size < len(self.rows)
        return web.json_response(
            {
                "count": len(self.rows),
                "next": "http://gateway/next" if more else None,
                "previous": None,
                "results": self.rows[at : at + size],
                "warnings": [],
            }
        )

    async def account(self, request: web.Request) -> web.Response:
        return web.json_response({"message": "API key is valid for alice@example.org"})


@asynccontextmanager
async def _serving(gateway: Gateway) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/api/v1/assets/files/", gateway.files)
    app.router.add_get("/api/v1/auth/", gateway.account)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[Gateway, penstock.Sds]]:
    """Run the tiny gateway with a client of it."""
    gateway = Gateway()
    async with _serving(gateway) as url, penstock.Sds(url=url, token="prefix00.secret") as sds:
        yield gateway, sds


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """Run the emulated gateway for one test."""
    async with Sandbox(platforms=["sds"], log=tmp_path / "requests.jsonl") as sandbox:
        yield sandbox


@pytest.fixture
async def sds(sandbox: Sandbox) -> AsyncIterator[penstock.Sds]:
    """Open a client with the emulator's key."""
    async with penstock.Sds(url=sandbox.urls["sds"], token=sandbox.env["SDS_SECRET_TOKEN"]) as sds:
        yield sds
