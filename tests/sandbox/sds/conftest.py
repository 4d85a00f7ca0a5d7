"""A plain HTTP client against the emulated gateway: nothing of penstock's own clients takes part."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from penstock.sandbox import Sandbox

TOKEN = "sandbox-sds-token"


@dataclass(frozen=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_html(self) -> bool:
        return self.headers["Content-Type"].startswith("text/html")


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class Browser:
    """Sends single requests to the sandbox as its researcher."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock) -> None:
        self.sandbox = sandbox
        self.session = session
        self.clock = clock

    async def ask(self, method: str, path: str, *, token: str | None = TOKEN, **options: Any) -> Answer:
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers.setdefault("Authorization", f"Api-Key: {token}")
        url = path if path.startswith("http") else f"{self.sandbox.urls['sds']}/api/v1{path}"
        options.setdefault("allow_redirects", False)
        async with self.session.request(method, url, headers=headers, **options) as response:
            return Answer(response.status, response.headers.copy(), await response.read())

    async def get(self, path: str, /, **params: Any) -> Answer:
        return await self.ask("GET", path, params=params)

    async def listed(self, path: str, /, **params: Any) -> list[dict[str, Any]]:
        answer = await self.get("/assets/files/", path=path, page_size=100, **params)
        assert answer.status == 200, answer.body
        return answer.json["results"]

    async def upload(self, directory: str, name: str, data: bytes, **fields: str) -> Answer:
        form = aiohttp.FormData(default_to_multipart=True)
        for key, value in {"name": name, "directory": directory, "media_type": "text/plain", **fields}.items():
            form.add_field(key, value)
        form.add_field("file", io.BytesIO(data), filename=name)
        return await self.ask("POST", "/assets/files/", data=form)


@pytest.fixture
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    """A sandbox with synthetic data, and who asks it."""
    clock = Clock()
    async with Sandbox(platforms=["sds"], clock=clock) as sandbox, aiohttp.ClientSession() as session:
        yield Browser(sandbox, session, clock)
