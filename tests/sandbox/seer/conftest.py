"""A plain HTTP client against the emulated Seer: nothing of penstock's own clients takes part."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from yarl import URL

from penstock.sandbox import Sandbox
from penstock.sandbox.seer import EMAIL, PASSWORD, SLEEP

BASE_URLS = "query { studyChannelGroupSegments(segmentIds: [%s]) { id baseDataChunkUrl } }"
CHUNK_URLS = "query { studyChannelGroupDataChunkUrls(chunkKeys: [%s], s3Urls: %s) }"
GROUPS = "query ($id: String!) { study(id: $id) { channelGroups { id name segments { id startTime duration } } } }"


@dataclass
class Clock:
    """A clock that tests move."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Seer:
    """The service, and a client that keeps no cookies by itself."""

    sandbox: Sandbox
    session: aiohttp.ClientSession
    clock: Clock
    cookie: str = ""

    @property
    def base(self) -> str:
        return self.sandbox.env["PENSTOCK_SEER_URL"]

    async def log_in(self, email: str = EMAIL, password: str = PASSWORD, prefix: str = "") -> aiohttp.ClientResponse:
        url = self.base.replace("/api", f"{prefix}/api")
        answer = await self.session.post(f"{url}/auth/login", data={"email": email, "password": password})
        self.cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
        return answer

    async def verify(self) -> int:
        answer = await self.session.get(f"{self.base}/auth/verify", headers={"Cookie": self.cookie})
        return answer.status

    async def post(self, query: Any, variables: Any = None, headers: Any = None, party: str = "") -> tuple[int, Any]:
        body = {"query": query} if variables is None else {"query": query, "variables": variables}
        answer = await self.session.post(
            f"{self.base}/graphql",
            json=body,
            headers=headers if headers is not None else {"Cookie": self.cookie},
            params={"partyId": party} if party else {},
        )
        return answer.status, await answer.json(content_type=None)

    async def ask(self, query: str, variables: Any = None, party: str = "") -> Any:
        _, document = await self.post(query, variables, party=party)
        assert "errors" not in document, document
        return document["data"]

    async def get(self, url: str, **headers: str) -> tuple[int, bytes, Any]:
        answer = await self.session.get(URL(url, encoded=True), headers=headers)
        return answer.status, await answer.read(), answer.headers

    async def put(self, url: str, body: bytes) -> tuple[int, bytes]:
        answer = await self.session.put(URL(url, encoded=True), data=body)
        return answer.status, await answer.read()

    async def controls(self, **values: Any) -> int:
        answer = await self.session.post(f"{self.sandbox.urls['seer']}/sandbox/controls", json=values)
        return answer.status

    async def segment(self, study: str = SLEEP, group: str = "EEG", number: int = 0) -> str:
        found = await self.ask(GROUPS, {"id": study})
        groups = {entry["name"]: entry for entry in found["study"]["channelGroups"]}
        return groups[group]["segments"][number]["id"]

    async def base_url(self, segment: str) -> str:
        found = await self.ask(BASE_URLS % json.dumps(segment))
        return found["studyChannelGroupSegments"][0]["baseDataChunkUrl"]

    async def chunk_urls(self, *keys: tuple[str, int], s3: bool = True) -> list[str | None]:
        spelled = ", ".join(f"{{segmentId: {json.dumps(segment)}, chunkIndex: {index}}}" for segment, index in keys)
        found = await self.ask(CHUNK_URLS % (spelled, str(s3).lower()))
        return found["studyChannelGroupDataChunkUrls"]


@pytest.fixture
async def stranger() -> AsyncIterator[Seer]:
    clock = Clock(time.time())
    async with (
        Sandbox(platforms=("seer",), clock=clock) as sandbox,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        yield Seer(sandbox, session, clock)


@pytest.fixture
async def seer(stranger: Seer) -> Seer:
    assert (await stranger.log_in()).status == 200
    return stranger
