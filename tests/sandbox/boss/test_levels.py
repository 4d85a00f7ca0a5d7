"""Extents and voxel sizes of every level, against the table that the real server gave and four more frames."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio
Boss = Any  # the client of conftest.py


def frame(stop: tuple[int, int, int], voxel: tuple[float, float, float], start: tuple[int, int, int]) -> dict[str, Any]:
    """Spell a coordinate frame."""
    return {
        f"{axis}_{what}": value
        for what, triple in (("start", start), ("stop", stop), ("voxel_size", voxel))
        for axis, value in zip("xyz", triple, strict=True)
    }


ZEBRAFISH = [[1406, 621, 138], [703, 311, 138], [352, 156, 138], [176, 78, 138], [88, 39, 138], [44, 20, 138]]
CASES = {
    "anisotropic": ((1406, 621, 138), (4, 4, 35), "anisotropic", "", ZEBRAFISH),
    "its isotropic pyramid": (
        (1406, 621, 138),
        (4, 4, 35),
        "anisotropic",
        "?iso=true",
        [*ZEBRAFISH[:4], [88, 39, 69], [44, 20, 35]],
    ),
    "isotropic": ((101, 50, 9), (8, 8, 8), "isotropic", "", [[101, 50, 9], [51, 25, 5], [26, 13, 3]]),
    "isotropic, asked for so": ((101, 50, 9), (8, 8, 8), "isotropic", "?iso=True", [[101, 50, 9], [51, 25, 5]]),
    "thick sections": (
        (8192, 8192, 194),
        (2, 2, 50),
        "anisotropic",
        "?iso=true",
        [[8192, 8192, 194], [4096, 4096, 194]],
    ),
    "nearly cubes": ((100, 100, 100), (4, 4, 4), "anisotropic", "?iso=true", [[100, 100, 100], [50, 50, 50]]),
    "origin elsewhere": ((105, 50, 9), (4, 4, 40), "anisotropic", "", [[105, 50, 9], [53, 25, 9]]),
}


@pytest.mark.parametrize("case", CASES)
async def test_extents_are_halved_and_rounded_up(boss: Boss, case: str) -> None:
    stop, voxel, method, query, extents = CASES[case]
    start = (5, 2, 1) if case == "origin elsewhere" else (0, 0, 0)
    levels = {"num_hierarchy_levels": len(extents), "hierarchy_method": method}
    await boss.create("c/e/im", frame=frame(stop, voxel, start), **levels)
    table = await boss.json(f"/v1/downsample/c/e/im{query}")
    assert table["extent"] == {str(res): extent for res, extent in enumerate(extents)}
    assert table["cuboid_size"] == {str(res): [512, 512, 16] for res in range(len(extents))}


async def test_voxels_grow_as_extents_shrink(boss: Boss) -> None:
    levels = {"num_hierarchy_levels": 6}
    await boss.create("c/e/im", frame=frame((1406, 621, 138), (4, 4, 35), (0, 0, 0)), **levels)
    plain, iso = [await boss.json(f"/v1/downsample/c/e/im?iso={iso}") for iso in ("false", "true")]
    assert plain["voxel_size"]["5"] == [128, 128, 35]
    assert [iso["voxel_size"][res] for res in "345"] == [[32, 32, 35], [64, 64, 70], [128, 128, 140]]


async def test_oblong_voxels_defeat_the_server(boss: Boss) -> None:
    await boss.create("c/e/im", frame=frame((100, 80, 40), (4, 5, 40), (0, 0, 0)))
    assert await boss.code("/v1/downsample/c/e/im") == (400, 9001)


async def test_a_downsample_job_goes_through_its_states(boss: Boss) -> None:
    await boss.create("c/e/im")
    path = "/v1/downsample/c/e/im"
    assert (await boss.ask(path, method="DELETE"))[0] == 409
    assert (await boss.ask(path, method="POST"))[0] == 201
    assert await boss.code(path, method="POST") == (409, 2006)
    seen = []
    for boss.clock.now in (0.1, 0.3, 1.0):
        seen.append((await boss.json(path))["status"])
    assert seen == ["QUEUED", "IN_PROGRESS", "DOWNSAMPLED"]
    assert await boss.code(path, method="DELETE") == (409, 2006)


async def test_a_queued_job_can_be_cancelled(boss: Boss) -> None:
    await boss.create("c/e/im")
    path = "/v1/downsample/c/e/im"
    await boss.ask(path, method="POST")
    assert (await boss.ask(path, method="DELETE"))[0] == 204
    assert (await boss.json(path))["status"] == "NOT_DOWNSAMPLED"


async def test_a_job_samples_what_was_written(boss: Boss) -> None:
    """A voxel of level 1 is the one of level 0 at twice its coordinates."""
    await boss.create("c/e/im")
    await boss.post("c/e/im/0/0:4/0:4/0:1/", [[[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]])
    assert not (await boss.voxels("c/e/im/1/0:2/0:2/0:1/", (1, 2, 2))).any()
    await boss.ask("/v1/downsample/c/e/im", method="POST")
    assert (await boss.voxels("c/e/im/1/0:2/0:2/0:1/", (1, 2, 2))).tolist() == [[[1, 3], [9, 11]]]
    assert (await boss.voxels("c/e/im/2/0:1/0:1/0:1/", (1, 1, 1))).tolist() == [[[1]]]
