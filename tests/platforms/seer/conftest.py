"""A small Seer of our own, each of whose answers a test can see and change."""

from __future__ import annotations

import gzip
import math
import time
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import graphql
import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import penstock
from penstock._net.retry import no_backoff

T0 = 1_577_836_800_000.0
SCHEMA = Path(penstock.__file__).parent / "sandbox" / "seer" / "schema.graphql"
EMAIL, PASSWORD = "someone@example.invalid", "correct horse"


def group(name, channels, *, key=None, starts=(T0,), duration=25_000.0, **changes):
    """Describe a channel group of 4 Hz, stored in chunks of 10 s, as the service does."""
    key = key or f"g-{name}"
    return {
        "id": key,
        "name": name,
        "sampleRate": 4.0,
        "samplesPerRecord": 4,
        "recordLength": 1.0,
        "recordsPerChunk": 10,
        "chunkPeriod": 10.0,
        "sampleEncoding": "float32",
        "compression": "gzip",
        "signalMin": 0.0,
        "signalMax": 0.0,
        "units": "V",
        "exponent": 0.0,
        "timestamped": False,
        "channelGroupType": None,
        "channels": [{"id": f"{key}-c{n}", "name": channel, "channelType": None} for n, channel in enumerate(channels)],
        "segments": [
            {"id": f"{key}-s{n}", "startTime": start, "duration": duration, "timezone": 10.0}
            for n, start in enumerate(starts)
        ],
        **changes,
    }


def study(key, *groups, name=None):
    return {
        "id": key,
        "name": name or f"Study {key}",
        "description": None,
        "startTime": T0,
        "duration": 25_000.0,
        "patient": None,
        "channelGroups": list(groups),
    }


def ramp(chunk, channels, rows=40):
    """Values that tell where they belong: 1000·channel + row within the segment."""
    rows = np.arange(chunk * 40, chunk * 40 + rows, dtype="<f4")
    return np.stack([1000 * channel + rows for channel in range(channels)])


class FakeSeer:
    """State and log of the fake; everything in it may be changed by a test."""

    def __init__(self):
        self.studies = []
        self.sessions = set()
        self.logins = 0
        self.verified = 0
        self.refused_logins = 0
        self.cookie = "seer.sid"
        self.session_active = True
        self.login_delay = 0.0
        self.page_cap = 10_000
        self.link_life = None
        self.void_links = set()
        self.signed = 0
        self.base_urls = True
        self.queries = []
        self.parties = []
        self.chunks_served = []
        self.missing = set()
        self.errors = []
        self.authorise = None
        self.instance = "fake-seer"
        self.schema = graphql.build_schema(SCHEMA.read_text())

    def expire_sessions(self):
        self.sessions.clear()

    # The account.

    async def login(self, request):
        form = await request.post()
        await anyio.sleep(self.login_delay)
        if (form["email"], form["password"]) != (EMAIL, PASSWORD):
            self.refused_logins += 1
            return web.json_response({"message": "wrong"}, status=401)
        self.logins += 1
        token = f"session-{self.logins}"
        self.sessions.add(token)
        answer = web.Response(text="ok")
        if self.cookie:
            answer.set_cookie("other", "x")
            answer.set_cookie(self.cookie, token, httponly=True)
        return answer

    async def verify(self, request):
        self.verified += 1
        if not self.known(request):
            return web.Response(status=401)
        return web.json_response({"session": "active"} if self.session_active else {})

    def known(self, request):
        if self.authorise is not None:
            return self.authorise(request)
        return request.cookies.get(self.cookie) in self.sessions

    # Queries.

    async def graphql(self, request):
        document = await request.json()
        self.queries.append(document)
        self.parties.append(request.query.get("partyId"))
        headers = {"X-Service-Instance": self.instance}
        await anyio.sleep(0.001)
        if not self.known(request):
            error = {"statusCode": 401, "errorCode": "NOT_AUTHENTICATED", "message": "log in"}
            return web.json_response({"errors": [error]}, headers=headers)
        if self.errors:
            status, error = self.errors.pop(0)
            return web.json_response({"errors": [error], "data": None}, status=status, headers=headers)
        result = graphql.graphql_sync(
            self.schema, document["query"], self.root(), variable_values=document.get("variables")
        )
        if result.errors:
            error = {"statusCode": 400, "errorCode": "INVALID_PARAMETERS", "message": str(result.errors[0])}
            return web.json_response({"errors": [error]}, status=400, headers=headers)
        return web.json_response({"data": result.data}, headers=headers)

    def root(self):
        return {
            "studies": self.list_studies,
            "study": self.one_study,
            "studyChannelGroupSegments": lambda info, segmentIds: [self.base_url(key) for key in segmentIds],
            "studyChannelGroupDataChunkUrls": self.chunk_urls,
            "resource": {"channelGroupSegment": {"list": self.list_segments}},
        }

    def one_study(self, info, **wanted):
        return next((self.shown(s) for s in self.studies if s["id"] == wanted["id"]), None)

    def list_studies(self, info, limit, offset, searchTerm=""):
        hits = [s for s in self.studies if searchTerm.lower() in s["name"].lower()]
        return hits[offset : offset + min(limit, self.page_cap)]

    def shown(self, study):
        def page(segments):
            return lambda info, limit, offset: segments[offset : offset + min(limit, self.page_cap)]

        groups = [{**g, "segments": page(g["segments"])} for g in study["channelGroups"]]
        return {**study, "channelGroups": groups}

    def list_segments(self, info, filter, pagination):
        [key] = filter["studyChannelGroup"]["studyId"]["in"]
        [one] = [s for s in self.studies if s["id"] == key]
        rows = [{**s, "studyChannelGroup": g} for g in one["channelGroups"] for s in g["segments"]]
        first = int(pagination["after"] or 0)
        last = first + min(pagination["limit"], self.page_cap)
        return {"pageInfo": {"endCursor": str(last), "hasNextPage": last < len(rows)}, "items": rows[first:last]}

    # Chunks.

    def base_url(self, segment):
        if self.group_of(segment) is None:
            return None
        url = f"{self.cdn}/{segment}_00000000000.dat?{self.signature()}" if self.base_urls else None
        return {"id": segment, "baseDataChunkUrl": url}

    def chunk_urls(self, info, chunkKeys, s3Urls):
        return [
            None
            if (key["segmentId"], key["chunkIndex"]) in self.missing
            else f"{self.cdn}/{key['segmentId']}_{key['chunkIndex']:011d}.dat?{self.signature()}"
            for key in chunkKeys
        ]

    def signature(self):
        self.signed += 1
        expiry = "" if self.link_life is None else f"&Expires={time.time() + self.link_life}"
        return f"Signature=secret-signature-{self.signed}{expiry}"

    def group_of(self, segment):
        groups = (g for s in self.studies for g in s["channelGroups"])
        return next((g for g in groups if segment in {s["id"] for s in g["segments"]}), None)

    async def chunk(self, request):
        assert "Cookie" not in request.headers
        assert "Authorization" not in request.headers
        segment, _, number = request.match_info["name"].removesuffix(".dat").rpartition("_")
        index = int(number)
        signature = request.query.get("Signature", "")
        self.chunks_served.append((segment, index, signature))
        if signature in self.void_links or float(request.query.get("Expires", math.inf)) < time.time():
            return web.Response(status=403, text="<Code>AccessDenied</Code>")
        if (segment, index) in self.missing:
            return web.Response(status=404)
        return web.Response(body=self.body(self.group_of(segment), segment, index))

    def body(self, group, segment, index):
        values = ramp(index, len(group["channels"]))
        if group["timestamped"]:
            offsets = np.arange(40, dtype="<f4") * 250
            plain = np.concatenate([offsets[None], values]).T
        else:
            plain = values.reshape(len(values), 10, 4).transpose(1, 0, 2)
        body = np.ascontiguousarray(plain, "<f4").tobytes()
        return gzip.compress(body, mtime=0) if group["compression"] == "gzip" else body


@pytest.fixture
async def fake():
    """Serve a fake Seer; its chunks come from another origin than its answers."""
    seer = FakeSeer()
    api, cdn = web.Application(), web.Application()
    api.router.add_post("/api/auth/login", seer.login)
    api.router.add_get("/api/auth/verify", seer.verify)
    api.router.add_post("/api/graphql", seer.graphql)
    cdn.router.add_get("/{name}", seer.chunk)
    async with TestServer(api) as api_server, TestServer(cdn) as cdn_server:
        seer.url = f"http://127.0.0.1:{api_server.port}/api"
        seer.cdn = f"http://127.0.0.1:{cdn_server.port}"
        yield seer


@pytest.fixture
def connect(fake):
    """Make clients of the fake."""

    @asynccontextmanager
    async def connected(**options):
        options = {"url": fake.url, "email": EMAIL, "password": PASSWORD, **options}
        with no_backoff():
            async with penstock.Seer(**options) as seer:
                yield seer

    return connected


@pytest.fixture
def make():
    """Describe groups and studies."""

    class Make:
        group = staticmethod(group)
        study = staticmethod(study)
        ramp = staticmethod(ramp)
        t0 = T0
        email, password = EMAIL, PASSWORD

    return Make
