"""Misfortunes on demand."""

from __future__ import annotations

import aiohttp
import anyio
import pytest

pytestmark = pytest.mark.anyio


async def test_faults_strike_when_armed_and_as_often(seer) -> None:
    await seer.controls(
        faults=[
            {"place": "graphql", "kind": "server_error"},
            {"place": "graphql", "kind": "not_authenticated", "after": 1},
            {"place": "graphql", "kind": "503", "retry_after": 7},
        ]
    )
    codes = []
    for _ in range(5):
        answer = await seer.session.post(
            f"{seer.base}/graphql", json={"query": "{ labelTags { id } }"}, headers={"Cookie": seer.cookie}
        )
        codes.append((answer.status, answer.headers.get("Retry-After")))
    assert sorted(codes) == sorted([(500, None), (503, "7"), (401, None), (200, None), (200, None)])


async def test_chunk_faults_leave_other_requests_alone(seer) -> None:
    url = await seer.base_url(await seer.segment())
    whole = (await seer.get(url))[1]
    await seer.controls(faults=[{"place": "chunk", "kind": "403", "after": 2, "count": 1}])
    assert [(await seer.get(url))[0] for _ in range(4)] == [200, 200, 403, 200]
    await seer.controls(faults=[{"place": "chunk", "kind": "truncate"}])
    with pytest.raises(aiohttp.ClientPayloadError):
        await seer.get(url)
    assert (await seer.get(url))[1] == whole
    await seer.controls(faults=[{"place": "chunk", "kind": "stall"}])
    with anyio.move_on_after(0.2) as scope:
        await seer.get(url)
    assert scope.cancelled_caught


async def test_unknown_controls_are_refused(seer) -> None:
    assert await seer.controls(nonsense=1) == 400
    assert await seer.controls(faults=[{"place": "moon", "kind": "503"}]) == 400
    assert await seer.controls(faults=[{"colour": "red"}]) == 400
