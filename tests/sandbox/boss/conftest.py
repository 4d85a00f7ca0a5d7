"""A running emulator and a small client that knows nothing of penstock's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import blosc
import numpy as np
import numpy.typing as npt
import pytest
from aiohttp.test_utils import TestClient, TestServer

from penstock.sandbox.boss import TOKEN, applications
from penstock.sandbox.world import World

CORTEX_VOXELS = (2048, 2048, 64)


class Clock:
    """A clock that tests move."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Boss:
    """Asks the emulator, with the owner's token unless told otherwise."""

    def __init__(self, http: TestClient[Any, Any], clock: Clock) -> None:
        self.http = http
        self.clock = clock

    async def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        token: str | None = TOKEN,
        accept: str | None = "application/json",
        kind: str | None = None,
        body: bytes | None = None,
        fields: dict[str, Any] | None = None,
    ) -> tuple[int, str, bytes]:
        """Send a request; give status, media type and body."""
        headers = {"Authorization": f"Token {token}"} if token else {}
        headers |= {"Accept": accept} if accept else {}
        headers |= {"Content-Type": kind} if kind else {}
        response = await self.http.request(method, path, headers=headers, data=body, json=fields)
        return response.status, response.headers["Content-Type"], await response.read()

    async def json(self, path: str, **options: Any) -> Any:
        """Send a request that succeeds; give its JSON."""
        status, kind, body = await self.ask(path, **options)
        assert (status, kind) in ((200, "application/json"), (201, "application/json")), (status, body)
        return json.loads(body)

    async def code(self, path: str, **options: Any) -> tuple[int, int]:
        """Send a request that is refused; give status and code."""
        status, kind, body = await self.ask(path, **options)
        assert kind == "application/json", (status, body)
        answer = json.loads(body)
        assert answer["status"] == status
        return status, answer["code"]

    async def broken(self, path: str, **options: Any) -> bool:
        """Tell whether a request ends in the HTML page of an unhandled exception."""
        status, kind, body = await self.ask(path, **options)
        return (status, kind, body) == (500, "text/html", b"<h1>Server Error (500)</h1>")

    async def voxels(self, path: str, shape: tuple[int, ...], dtype: str = "u1", **options: Any) -> npt.NDArray[Any]:
        """Read a cutout, unpacked by the public Blosc library."""
        status, kind, body = await self.ask(f"/v1/cutout/{path}", **{"accept": "application/blosc", **options})
        assert (status, kind) == (200, "application/blosc"), (status, body[:300])
        return np.frombuffer(blosc.decompress(body), np.dtype(dtype).newbyteorder("<")).reshape(shape)

    async def post(self, path: str, values: npt.ArrayLike, dtype: str = "u1", **options: Any) -> tuple[int, bytes]:
        """Write a cutout."""
        raw = np.asarray(values, np.dtype(dtype)).tobytes()
        packed = blosc.compress(raw, typesize=np.dtype(dtype).itemsize)
        options = {"method": "POST", "kind": "application/blosc", "accept": None, "body": packed, **options}
        status, _, answer = await self.ask(f"/v1/cutout/{path}", **options)
        return status, answer

    async def create(self, path: str, *, frame: dict[str, Any] | None = None, **channel: Any) -> None:
        """Create a channel `collection/experiment/channel` and what it needs, with a frame of 100 x 80 x 40."""
        collection, experiment, name = path.split("/")
        values = {f"{axis}_start": 0 for axis in "xyz"} | {"x_stop": 100, "y_stop": 80, "z_stop": 40}
        values |= {f"{axis}_voxel_size": 4 for axis in "xyz"} | {"voxel_unit": "nanometers"}
        where = f"/v1/collection/{collection}"
        hierarchy = {
            key: channel.pop(key)
            for key in ("num_hierarchy_levels", "hierarchy_method", "num_time_samples")
            if key in channel
        }
        await self.ask(f"/v1/coord/{collection}-{experiment}", method="POST", fields={**values, **(frame or {})})
        await self.ask(where, method="POST", fields={})
        fields = {"coord_frame": f"{collection}-{experiment}", "num_hierarchy_levels": 3, **hierarchy}
        await self.ask(f"{where}/experiment/{experiment}", method="POST", fields=fields)
        fields = {"type": "image", "datatype": "uint8", **channel}
        await self.json(f"{where}/experiment/{experiment}/channel/{name}", method="POST", fields=fields)


@pytest.fixture
async def boss() -> AsyncIterator[Boss]:
    """An emulator of scale tiny."""
    clock = Clock()
    app = applications(World(seed=7, clock=clock))["boss"]
    async with TestClient(TestServer(app)) as http:
        yield Boss(http, clock)


@pytest.fixture
def formula() -> Callable[..., npt.NDArray[np.uint8]]:
    """The formula volume, computed voxel by voxel."""

    def compute(x: range, y: range, z: range, res: int = 0) -> npt.NDArray[np.uint8]:
        values = [[[(3 * i + 5 * j + 7 * k + 11 * res) % 251 + 1 for i in x] for j in y] for k in z]
        return np.array(values, np.uint8)

    return compute
