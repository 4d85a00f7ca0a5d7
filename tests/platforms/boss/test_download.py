"""Downloads of boxes: what is planned, and the planes that land on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

import penstock
from penstock.errors import SelectionError
from penstock.formats.grid import Box

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.sandbox import Sandbox

pytestmark = pytest.mark.anyio

EM = "kharris15/apical/em"


async def test_a_plan_has_an_item_for_every_slab_of_the_grid(boss: penstock.Boss, tmp_path: Path) -> None:
    channel = await boss.channel(EM)
    plan = await channel.plan(x=(100, 1300), y=(0, 600), z=(10, 40), to=tmp_path / "stack")
    async with plan:
        items = [operation.item async for operation in plan]
    assert [item.layout["box"]["z"] for item in items] == [[10, 16], [16, 32], [32, 40]]
    for item in items:
        assert (item.format, item.target, item.layout["digits"]) == ("cuboid-tiff", "", 2)
        assert item.layout["stem"] == "kharris15_apical_em_x100-1300_y0-600"
        assert item.layout["voxel"] == [2.0, 2.0, 50.0]
        tiles = [Box.from_flat(tile) for tile in item.layout["tiles"]]
        assert len(tiles) == item.parts
        assert sum(tile.voxels for tile in tiles) == 1200 * 600 * (tiles[0].z[1] - tiles[0].z[0])
        assert item.part_bytes >= 2 * max(tile.voxels for tile in tiles)
    assert not (tmp_path / "stack").exists()


async def test_a_plan_without_ranges_covers_the_level(boss: penstock.Boss, tmp_path: Path) -> None:
    channel = await boss.channel(EM)
    plan = await channel.plan(res=4, to=tmp_path)
    async with plan:
        items = [operation.item async for operation in plan]
    assert len(items) == 13
    assert items[-1].layout["box"] == {"x": [0, 512], "y": [0, 512], "z": [192, 194]}
    assert plan.selection["url"] == f"boss://{EM}"


async def test_identity_and_key_change_with_whatever_shapes_the_files(boss: penstock.Boss, tmp_path: Path) -> None:
    channel = await boss.channel(EM)
    box = {"x": (0, 8), "y": (0, 8), "z": (0, 8)}
    seen = set()
    for selection in (box, {**box, "x": (0, 9)}, {**box, "res": 1}, {**box, "iso": True}):
        async with await channel.plan(**selection, to=tmp_path) as plan:
            seen |= {(operation.item.key, operation.item.identity) async for operation in plan}
    assert len({key for key, _ in seen}) == len({identity for _, identity in seen}) == 4


async def test_planes_land_under_ndpulls_names_and_follow_the_formula(
    boss: penstock.Boss, tmp_path: Path, formula
) -> None:
    channel = await boss.channel(EM)
    x, y, z = (500, 1100), (30, 90), (10, 35)
    report = await channel.download(x=x, y=y, z=z, res=1, to=tmp_path)
    report.raise_for_failures()
    names = [f"kharris15_apical_em_x500-1100_y30-90_z{plane:02d}.tif" for plane in range(*z)]
    assert sorted(path.name for path in tmp_path.glob("*.tif")) == names
    expected = formula(x, y, z, 1)
    for plane, name in enumerate(names):
        np.testing.assert_array_equal(tifffile.imread(tmp_path / name), expected[plane])


async def test_a_second_run_downloads_nothing(boss: penstock.Boss, sandbox: Sandbox, tmp_path: Path) -> None:
    channel = await boss.channel(EM)
    for _ in range(2):
        (await channel.download(x=(0, 64), y=(0, 64), z=(0, 20), to=tmp_path)).raise_for_failures()
    cutouts = [each["path"] for each in sandbox.requests() if "/cutout/" in each["path"]]
    assert len(cutouts) == len(set(cutouts)) == 2


@pytest.mark.parametrize("selection", [{"format": "jpeg"}, {"z": (190, 195)}, {"x": (3, 3)}, {"res": 9}])
async def test_plans_that_make_no_sense_are_refused(boss: penstock.Boss, tmp_path: Path, selection) -> None:
    channel = await boss.channel(EM)
    with pytest.raises(SelectionError):
        await channel.plan(**selection, to=tmp_path)
