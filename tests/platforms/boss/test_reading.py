"""Reading boxes from the emulated service: the right voxels, in the right place, or the right refusal."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

import penstock
from penstock.errors import NotFound, RejectedCredential, SelectionError

if TYPE_CHECKING:
    from penstock.sandbox import Sandbox

pytestmark = pytest.mark.anyio

EM = "kharris15/apical/em"


async def test_names_are_listed_at_every_depth(boss: penstock.Boss) -> None:
    assert "kharris15" in await boss.collections().collect()
    assert "apical" in await boss.experiments("kharris15")
    assert [name async for name in boss.channels("kharris15/apical")] == ["em"]


async def test_a_channel_knows_what_it_is(boss: penstock.Boss) -> None:
    channel = await boss.channel(EM)
    assert (channel.path, channel.dtype, channel.type) == (EM, np.uint8, "image")
    assert channel.base_resolution == 0
    assert channel.downsample_status == "DOWNSAMPLED"
    assert channel.voxel_size == (2.0, 2.0, 50.0)
    assert list(channel.levels) == [0, 1, 2, 3, 4]
    assert channel.frame.stop == (8192, 8192, 194)
    assert channel.raw["datatype"] == "uint8"
    assert EM in repr(channel)


async def test_records_of_collections_and_experiments(boss: penstock.Boss) -> None:
    assert (await boss.collection("kharris15")).experiments == ("apical",)
    assert (await boss.experiment("kharris15/apical")).num_hierarchy_levels == 5


async def test_extents_follow_the_services_table(boss: penstock.Boss) -> None:
    channel = await boss.channel(f"boss://{EM}")
    assert channel.extent() == ((0, 8192), (0, 8192), (0, 194))
    assert channel.extent(3) == ((0, 1024), (0, 1024), (0, 194))


async def test_random_boxes_follow_the_formula(boss: penstock.Boss, formula) -> None:
    channel = await boss.channel(EM)
    dice = random.Random(7)
    for _ in range(12):
        res = dice.randrange(5)
        box = []
        for (start, stop), longest in zip(channel.extent(res), (700, 700, 40), strict=True):
            at = dice.randrange(start, stop)
            box.append((at, min(stop, at + dice.randint(1, longest))))
        x, y, z = box
        block = await channel.read(x=x, y=y, z=z, res=res)
        assert block.dtype == np.uint8
        np.testing.assert_array_equal(block, formula(x, y, z, res))


async def test_a_box_of_many_tiles_is_put_together(boss: penstock.Boss, formula) -> None:
    channel = await boss.channel(EM)
    x, y, z = (500, 1600), (900, 1600), (10, 40)
    np.testing.assert_array_equal(await channel.read(x=x, y=y, z=z), formula(x, y, z))


async def test_tiles_meet_on_the_storage_grid(boss: penstock.Boss, sandbox: Sandbox) -> None:
    channel = await boss.channel(EM)
    await channel.read(x=(100, 3000), y=(0, 600), z=(15, 33))
    requests = [each["path"] for each in sandbox.requests() if "/cutout/" in each["path"]]
    edges = [tuple(int(n) for span in path.split("/")[7:10] for n in span.split(":")) for path in requests]
    assert len(edges) > 1
    for x0, x1, y0, y1, z0, z1 in edges:
        assert x0 == 100 or x0 % 512 == 0
        assert x1 == 3000 or x1 % 512 == 0
        assert y0 % 512 == 0
        assert y1 == 600 or y1 % 512 == 0
        assert z0 == 15 or z0 % 16 == 0
        assert z1 == 33 or z1 % 16 == 0


async def test_a_range_of_times_is_the_first_axis(boss: penstock.Boss, formula) -> None:
    channel = await boss.channel(EM)
    block = await channel.read(x=(0, 8), y=(0, 6), z=(0, 4), time=(0, 1))
    assert block.shape == (1, 4, 6, 8)
    np.testing.assert_array_equal(block[0], formula((0, 8), (0, 6), (0, 4)))


@pytest.mark.parametrize(
    "selection",
    [
        {"x": (0, 8193)},
        {"x": (-1, 4)},
        {"y": (5, 5)},
        {"z": (9, 3)},
        {"res": 5},
        {"res": -1},
        {"res": 1, "x": (4090, 4097)},
        {"time": (0, 2)},
        {"time": (1, 1)},
    ],
)
async def test_selections_that_make_no_sense_ask_for_nothing(boss: penstock.Boss, sandbox: Sandbox, selection) -> None:
    channel = await boss.channel(EM)
    with pytest.raises(SelectionError):
        await channel.read(**{"x": (0, 4), "y": (0, 4), "z": (0, 4), **selection})
    assert not [each for each in sandbox.requests() if "/cutout/" in each["path"]]


@pytest.mark.parametrize(
    ("path", "kind", "hint"),
    [
        ("nobody/apical/em", "collection", "kharris15"),
        ("kharris15/basal/em", "experiment", "apical"),
        ("kharris15/apical/lm", "channel", "em"),
    ],
)
async def test_what_is_missing_is_named_with_what_is_there(
    boss: penstock.Boss, path: str, kind: str, hint: str
) -> None:
    with pytest.raises(NotFound, match=f"no {kind}") as caught:
        await boss.channel(path)
    assert hint in (caught.value.hint or "")


async def test_lists_below_what_is_missing_say_so(boss: penstock.Boss) -> None:
    with pytest.raises(NotFound, match="no collection nobody"):
        await boss.experiments("nobody")
    with pytest.raises(NotFound, match="no experiment kharris15/basal"):
        await boss.channels("kharris15/basal")


async def test_a_bad_token_is_told_from_a_broken_service(sandbox: Sandbox) -> None:
    async with penstock.Boss(url=sandbox.urls["boss"], token="nope") as boss:
        with pytest.raises(RejectedCredential) as caught:
            await boss.channel(EM)
    assert "nope" not in f"{caught.value!r} {caught.value}"


async def test_a_token_that_is_withdrawn_meanwhile_shows_in_the_next_cutout(sandbox: Sandbox) -> None:
    async with (
        penstock.Boss(url=sandbox.urls["boss"], token="public") as good,
        penstock.Boss(url=sandbox.urls["boss"], token="nope") as bad,
    ):
        channel = await good.channel(EM)
        channel._wire = bad._wire
        with pytest.raises(RejectedCredential):
            await channel.read(x=(0, 4), y=(0, 4), z=(0, 4))
    cutouts = [each for each in sandbox.requests() if "/cutout/" in each["path"]]
    assert [each["status"] for each in cutouts] == [500]
