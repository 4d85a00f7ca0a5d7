"""Refusals and breakdowns of the service, and what the client makes of them."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import blosc
import numpy as np
import pytest
from aiohttp import web

import penstock
from penstock._net.retry import no_backoff
from penstock.errors import (
    Conflict,
    FormatError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    Recovery,
    RejectedCredential,
    RequestTooLarge,
    SelectionError,
    ServerFailure,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

BOX = {"x": (0, 4), "y": (0, 3), "z": (0, 2)}


class Service:
    """A service of one channel; the test decides what cutouts answer."""

    def __init__(self) -> None:
        self.channel = {
            "name": "h", "experiment": "e", "type": "image", "datatype": "uint8", "downsample_status": "DOWNSAMPLED",
        }  # fmt: skip
        self.experiment: dict[str, Any] = {
            "name": "e", "collection": "c", "coord_frame": "f", "num_hierarchy_levels": 3, "channels": ["h"],
        }  # fmt: skip
        self.frame: dict[str, Any] = {"name": "f", "voxel_unit": "nanometers"}
        for axis, stop, size in (("x", 101, 4.0), ("y", 51, 4.0), ("z", 33, 8.0)):
            self.frame |= {f"{axis}_start": 0, f"{axis}_stop": stop, f"{axis}_voxel_size": size}
        self.refusals: list[web.Response] = []
        self.denied: web.Response | None = None
        self.requests: list[web.Request] = []
        self.running = self.peak = 0
        self.delay = 0.0

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/collection/c/experiment/e/channel/h/", self.record)
        app.router.add_get("/v1/collection/c/experiment/e/", self.answer(lambda: self.experiment))
        app.router.add_get("/v1/coord/f/", self.answer(lambda: self.frame))
        app.router.add_get("/v1/downsample/c/e/h/", self.no_table)
        app.router.add_get("/v1/cutout/{path:.*}", self.cutout)
        return app

    def answer(self, values: Any) -> Any:
        async def handler(request: web.Request) -> web.Response:
            return web.json_response(values())

        return handler

    async def record(self, request: web.Request) -> web.Response:
        return self.denied or web.json_response(self.channel)

    async def no_table(self, request: web.Request) -> web.Response:
        return refusal(400, 9001)

    async def cutout(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        self.running += 1
        self.peak = max(self.peak, self.running)
        await anyio.sleep(self.delay)
        self.running -= 1
        if self.refusals:
            return self.refusals.pop(0)
        spans = [tuple(map(int, span.split(":"))) for span in request.match_info["path"].strip("/").split("/")[4:]]
        shape = [stop - start for start, stop in (*spans[3:], *spans[2::-1])]
        voxels = np.arange(np.prod(shape)).astype(self.channel["datatype"])
        frame = blosc.compress(voxels.tobytes(), typesize=8 * voxels.itemsize, cname="blosclz")
        return web.Response(body=frame, content_type="application/blosc")


def refusal(status: int, code: int, **headers: str) -> web.Response:
    body = json.dumps({"status": status, "code": code, "message": "words that change"})
    return web.Response(text=body, status=status, content_type="application/json", headers=headers)


def page(status: int) -> web.Response:
    return web.Response(text=f"<h1>Server Error ({status})</h1>", status=status, content_type="text/html")


@asynccontextmanager
async def serving(service: Service, context: penstock.Context | None = None) -> AsyncIterator[penstock.Boss]:
    runner = web.AppRunner(service.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with penstock.Boss(url=url, token="t", context=context) as boss:
            yield boss
    finally:
        await runner.cleanup()


@pytest.fixture
async def opened() -> AsyncIterator[tuple[Service, Any]]:
    service = Service()
    async with serving(service) as boss:
        with no_backoff():
            yield service, await boss.channel("c/e/h")


async def test_a_service_without_a_table_of_levels_is_helped_out(opened) -> None:
    _, channel = opened
    assert channel.extent(2) == ((0, 26), (0, 13), (0, 33))
    assert channel.extent(2, iso=True) == ((0, 26), (0, 13), (0, 17))


@pytest.mark.parametrize("datatype", ["uint8", "uint16", "uint64"])
async def test_every_type_of_voxel_arrives_in_order(datatype: str) -> None:
    service = Service()
    service.channel["datatype"] = datatype
    async with serving(service) as boss:
        channel = await boss.channel("c/e/h")
        block = await channel.read(**BOX)
    assert block.dtype == datatype
    np.testing.assert_array_equal(block, np.arange(24).reshape(2, 3, 4))


async def test_times_make_a_first_axis() -> None:
    service = Service()
    service.experiment["num_time_samples"] = 5
    async with serving(service) as boss:
        channel = await boss.channel("c/e/h")
        block = await channel.read(**BOX, time=(2, 5))
    assert block.shape == (3, 2, 3, 4)
    np.testing.assert_array_equal(block, np.broadcast_to(np.arange(24).reshape(2, 3, 4), (3, 2, 3, 4)))
    assert sorted(request.path.split("/")[-2] for request in service.requests) == ["2:3", "3:4", "4:5"]


@pytest.mark.parametrize(("per_host", "expected"), [(2, 2), (8, 8), (30, 8)])
async def test_the_service_is_never_asked_by_more_than_eight_at_once(per_host: int, expected: int) -> None:
    service = Service()
    service.experiment["num_time_samples"] = 30
    service.delay = 0.02
    async with penstock.Context(per_host=per_host) as context, serving(service, context) as boss:
        channel = await boss.channel("c/e/h")
        await channel.read(**BOX, time=(0, 30))
    assert service.peak == expected


async def test_a_passing_breakdown_is_repeated(opened) -> None:
    service, channel = opened
    service.refusals = [page(500), page(502)]
    assert (await channel.read(**BOX)).shape == (2, 3, 4)
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(401, None, RejectedCredential), (403, 3001, PermissionDenied), (404, 4005, NotFound)],
)
async def test_a_breakdown_is_explained_by_the_channels_record(opened, status: int, code: int | None, kind) -> None:
    service, channel = opened
    service.refusals = [page(500)]
    service.denied = (
        web.json_response({"detail": "Invalid token."}, status=401) if code is None else refusal(status, code)
    )
    with pytest.raises(kind):
        await channel.read(**BOX)
    assert len(service.requests) == 1


async def test_a_breakdown_that_lasts_is_the_services_own(opened) -> None:
    service, channel = opened
    service.refusals = [page(500) for _ in range(9)]
    with pytest.raises(ServerFailure):
        await channel.read(**BOX)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 1001, InvalidRequest),
        (400, 1002, InvalidRequest),
        (400, 9001, InvalidRequest),
        (403, 3001, PermissionDenied),
        (404, 4000, NotFound),
        (404, 6002, Conflict),
        (404, 2004, InvalidRequest),
        (409, 2006, Conflict),
        (413, 2000, RequestTooLarge),
    ],
)
async def test_codes_decide_and_are_never_asked_twice(opened, status: int, code: int, kind) -> None:
    service, channel = opened
    service.refusals = [refusal(status, code)]
    with pytest.raises(kind) as caught:
        await channel.read(**BOX)
    assert len(service.requests) == 1
    assert "words that change" not in str(caught.value)


async def test_a_spent_allowance_ends_it_at_once(opened, tmp_path: Path) -> None:
    service, channel = opened
    service.refusals = [refusal(429, 3004)]
    with pytest.raises(RateLimited) as caught:
        await channel.read(**BOX)
    assert caught.value.recovery is Recovery.NEVER
    assert len(service.requests) == 1


async def test_a_pause_that_is_asked_for_is_made(opened) -> None:
    service, channel = opened
    service.refusals = [refusal(429, 3004, **{"Retry-After": "0"})]
    assert (await channel.read(**BOX)).shape == (2, 3, 4)
    assert len(service.requests) == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b"\x02\x01\x13\x08" + b"\x00" * 12])
async def test_what_is_no_frame_is_refused(opened, body: bytes) -> None:
    service, channel = opened
    service.refusals = [web.Response(body=body, content_type="application/blosc") for _ in range(9)]
    with pytest.raises((FormatError, penstock.errors.Truncated)):
        await channel.read(**BOX)


async def test_requests_say_what_they_want(opened) -> None:
    service, channel = opened
    await channel.read(**BOX, iso=True)
    (request,) = service.requests
    assert request.headers["Accept"] == "application/blosc"
    assert request.headers["Authorization"] == "Token t"
    assert dict(request.query) == {"access-mode": "no-cache", "iso": "true"}


async def test_a_level_that_was_never_built_is_not_read_as_zeros() -> None:
    service = Service()
    service.channel["downsample_status"] = "IN_PROGRESS"
    async with serving(service) as boss:
        channel = await boss.channel("c/e/h")
        assert (await channel.read(**BOX)).any()
        with pytest.raises(SelectionError, match="IN_PROGRESS"):
            await channel.read(**BOX, res=1)


async def test_a_type_that_the_service_cannot_cut_out_is_refused() -> None:
    service = Service()
    service.channel["datatype"] = "uint32"
    async with serving(service) as boss:
        channel = await boss.channel("c/e/h")
        with pytest.raises(SelectionError, match="uint32"):
            await channel.read(**BOX)
