"""The synthetic tissue: the same from every side, at every level, and worth looking at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from penstock.sandbox.boss.accounts import SANDBOX_ACCOUNTS
from penstock.sandbox.boss.catalog import Channel
from penstock.sandbox.boss.dataset import catalog_for
from penstock.sandbox.boss.levels import level_of
from penstock.sandbox.boss.shelf import Shelf
from penstock.sandbox.boss.voxels import Box
from penstock.sandbox.world import Scale, World

Boss = Any  # the client of conftest.py


def cortex(name: str = "em", *, seed: int = 7, scale: Scale = "tiny") -> Channel:
    """Build a world and give a channel of its neuropil."""
    return catalog_for(World(seed=seed, scale=scale)).channel("demo", "cortex", name)


def read(channel: Channel, x: tuple[int, int], y: tuple[int, int], z: tuple[int, int], res: int = 0) -> Any:
    """Read a box without the service in between."""
    return channel.volume.read(level_of(channel.experiment, res, iso=False), Box(x, y, z), range(1), 1)[0]


def picture() -> npt.NDArray[Any]:
    """Read one cuboid and a bit."""
    return read(cortex(), (0, 576), (0, 512), (8, 24))


def test_the_seed_decides() -> None:
    first = read(cortex(), (0, 128), (0, 128), (0, 16))
    assert (first == read(cortex(), (0, 128), (0, 128), (0, 16))).all()
    assert (first != read(cortex(seed=8), (0, 128), (0, 128), (0, 16))).mean() > 0.5


@pytest.mark.parametrize("name", ["em", "em16", "labels"])
def test_any_box_is_a_part_of_the_whole(name: str) -> None:
    channel = cortex(name)
    whole = read(channel, (448, 640), (500, 530), (10, 22))
    assert whole.dtype == channel.datatype
    assert (whole[3:7, 5:9, 50:150] == read(channel, (498, 598), (505, 509), (13, 17))).all()


@pytest.mark.parametrize("name", ["em", "labels"])
@pytest.mark.parametrize("res", [1, 2])
def test_a_level_samples_the_one_below(name: str, res: int) -> None:
    channel, step = cortex(name), 2**res
    fine = read(channel, (0, 256), (256, 384), (4, 12))
    coarse = read(channel, (0, 256 // step), (256 // step, 384 // step), (4, 12), res)
    assert (coarse == fine[:, ::step, ::step]).all()


def test_pictures_have_bright_cells_and_dark_membranes() -> None:
    """Three quarters are cytoplasm of mid grey, a tenth or so is darkly stained, and nothing is a flat zero."""
    image = picture()
    assert image.min() >= 1
    assert 140 < np.median(image) < 180
    assert 0.04 < (image < 100).mean() < 0.25
    assert 10 < image.std() < 50


def test_neighbouring_sections_resemble_each_other() -> None:
    image = picture().astype(float)
    smooth = image.reshape(16, 64, 8, 72, 8).mean(axis=(2, 4))
    near = np.corrcoef(smooth[0].ravel(), smooth[1].ravel())[0, 1]
    far = np.corrcoef(smooth[0].ravel(), smooth[15].ravel())[0, 1]
    assert near > 0.7 > far


def test_labels_are_large_connected_cells_in_the_bright_parts() -> None:
    labels, image = read(cortex("labels"), (0, 512), (0, 512), (8, 9)), read(cortex(), (0, 512), (0, 512), (8, 9))
    names, counts = np.unique(labels, return_counts=True)
    assert 12 < names.size < 200
    assert names[0] == 0
    assert 0.03 < counts[0] / labels.size < 0.25
    assert image[labels == 0].mean() < image[labels > 0].mean() - 30


def test_the_16_bit_picture_shows_the_same() -> None:
    wide, narrow = read(cortex("em16"), (0, 64), (0, 64), (0, 4)), read(cortex(), (0, 64), (0, 64), (0, 4))
    assert wide.max() > 255
    assert np.corrcoef(wide.ravel(), narrow.ravel())[0, 1] > 0.98


def test_the_large_world_repeats_without_a_seam() -> None:
    channel = cortex(scale="large")
    frame = channel.experiment.frame
    assert np.prod([int(stop) for stop in frame.stop]) >= 4 << 30
    here, there = (read(channel, (start, start + 96), (1000, 1100), (60, 70)) for start in (960, 960 + 1024))
    assert (here == there).all()
    level = level_of(channel.experiment, 0, iso=False)
    phases = {channel.volume.phase(level, Box((x, x + 512), (0, 512), (0, 16))) for x in range(0, 8192, 512)}
    assert len(phases) == 2


@pytest.mark.anyio
async def test_labels_can_be_found_again(boss: Boss) -> None:
    box = "0/600:640/300:340/20:24"
    ids = [int(label) for label in (await boss.json(f"/v1/ids/demo/cortex/labels/{box}/"))["ids"]]
    block = await boss.voxels(f"demo/cortex/labels/{box}/", (4, 40, 40), "u8")
    assert sorted(ids) == sorted(set(np.unique(block).tolist()) - {0})
    path = f"/v1/boundingbox/demo/cortex/labels/0/{ids[0]}/"
    tight, loose = [await boss.json(path + query) for query in ("?type=tight", "")]
    assert tight["t_range"] == loose["t_range"] == [0, 1]
    for axis, size in (("x", 512), ("y", 512), ("z", 16)):
        (a, b), (low, high) = tight[f"{axis}_range"], loose[f"{axis}_range"]
        assert (low, high) == (a // size * size, -(-b // size) * size)
    (x0, x1), (y0, y1), (z0, z1) = (tight[f"{axis}_range"] for axis in "xyz")
    spot = f"demo/cortex/labels/0/{x0}:{x1}/{y0}:{y1}/{z0}:{z1}/?filter={ids[0]}"
    cell = await boss.voxels(spot, (z1 - z0, y1 - y0, x1 - x0), "u8") > 0
    for axis in range(3):
        assert cell.take(0, axis).any()
        assert cell.take(-1, axis).any()


@pytest.mark.anyio
async def test_written_labels_are_bounded_too(boss: Boss) -> None:
    await boss.create("c/e/seg", type="annotation", datatype="uint64")
    await boss.post("c/e/seg/0/10:13/20:21/3:4/", [[[5, 0, 5]]], "u8")
    found = await boss.json("/v1/boundingbox/c/e/seg/0/5?type=tight")
    assert [found[f"{axis}_range"] for axis in "xyz"] == [[10, 13], [20, 21], [3, 4]]
    assert await boss.code("/v1/boundingbox/c/e/seg/0/6") == (404, 4004)
    assert await boss.code("/v1/boundingbox/c/e/seg/0/5?type=round") == (400, 1005)


@pytest.mark.anyio
async def test_reserved_labels_are_new(boss: Boss) -> None:
    await boss.create("c/e/seg", type="annotation", datatype="uint64")
    assert await boss.json("/v1/reserve/c/e/seg/20") == {"start_id": 1, "count": "20"}
    assert await boss.json("/v1/reserve/c/e/seg/5/") == {"start_id": 21, "count": "5"}
    assert (await boss.json("/v1/reserve/demo/cortex/labels/1"))["start_id"] > 10_000
    assert await boss.broken("/v1/reserve/demo/cortex/em/1")


@pytest.mark.anyio
async def test_planes_can_be_drawn(boss: Boss) -> None:
    for path in (
        "image/demo/cortex/em/xy/0/0:64/0:32/5/",
        "image/demo/cortex/em16/xz/0/0:64/7/0:32",
        "image/demo/cortex/labels/yz/0/7/0:64/0:32/0/",
        "tile/demo/cortex/em/xy/64/1/3/2/5/",
    ):
        status, kind, body = await boss.ask(f"/v1/{path}", accept=None)
        assert (status, kind, body[:8]) == (200, "image/png", b"\x89PNG\r\n\x1a\n")
        assert int.from_bytes(body[16:20], "big") == 64
    assert await boss.code("/v1/tile/demo/cortex/em/xy/512/0/4/0/0/") == (400, 1001)


def test_a_shelf_forgets_what_was_used_longest_ago() -> None:
    shelf: Shelf[str] = Shelf(100)
    for name in "abcd":
        shelf.put(name, name, 25)
    shelf.get("a")
    shelf.put("e", "e", 25)
    shelf.put("huge", "huge", 26)
    assert [shelf.get(name) for name in ("a", "b", "c", "d", "e", "huge")] == ["a", None, "c", "d", "e", None]


def test_the_fakes_cannot_be_mistaken_for_credentials() -> None:
    assert all("sandbox" in token or token == "public" for token in SANDBOX_ACCOUNTS)
