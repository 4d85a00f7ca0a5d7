"""The TIFF sink: planes as ndpull names them, readable by others, in bounded memory."""

from __future__ import annotations

import json
import random
import tracemalloc

import numpy as np
import pytest
import tifffile

from penstock.errors import FormatError
from penstock.formats import cuboid_tiff, sink
from penstock.formats.cuboid import encode
from penstock.formats.files import file_digest
from penstock.formats.grid import Box, tiles
from penstock.types import Item

BOX = Box((100, 1700), (300, 1000), (94, 99))


def layout_of(box=BOX, dtype="uint8", budget=1 << 20, voxel=(4, 4, 35)):
    return {
        "dtype": dtype,
        "box": {"x": list(box.x), "y": list(box.y), "z": list(box.z)},
        "tiles": [tile.flat() for tile in tiles(box, np.dtype(dtype).itemsize, budget)],
        "stem": f"coll_exp_chan_x{box.x[0]}-{box.x[1]}_y{box.y[0]}-{box.y[1]}",
        "digits": 3,
        "voxel": voxel and list(voxel),
    }


def item_of(layout, target="stack"):
    return Item("key", target, "identity", "cuboid-tiff", parts=len(layout["tiles"]), layout=layout)


def volume(box=BOX, dtype="uint8"):
    z, y, x = np.ogrid[slice(*box.z), slice(*box.y), slice(*box.x)]
    return ((3 * x + 5 * y + 7 * z + x * y // 300) % 251 + 1).astype(dtype)


def frames(layout, voxels, box=BOX):
    return [encode(voxels[Box.from_flat(tile).within(box)], typesize_bits=True) for tile in layout["tiles"]]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint64"])
def test_planes_equal_the_volume(opened, dtype):
    layout, voxels = layout_of(dtype=dtype), volume(dtype=dtype)
    target = opened(item_of(layout))
    for part, frame in enumerate(frames(layout, voxels)):
        assert target.write(part, 0, frame) is None
    target.sync()
    outputs = target.finish({})
    assert len(layout["tiles"]) > 1
    assert [output.target for output in outputs] == sink("cuboid-tiff").targets(item_of(layout))
    assert outputs[0].target == "stack/coll_exp_chan_x100-1700_y300-1000_z094.tif"
    for z, output in enumerate(outputs):
        np.testing.assert_array_equal(tifffile.imread(output.temporary), voxels[z])
        assert (output.level, output.size) == ("frame", output.temporary.stat().st_size)
        assert output.digest == file_digest(output.temporary)


def test_others_read_it_too(opened):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    layout, voxels = layout_of(), volume()
    target = opened(item_of(layout))
    for part, frame in enumerate(frames(layout, voxels)):
        target.write(part, 0, frame)
    with image.open(target.finish({})[1].temporary) as opened_image:
        np.testing.assert_array_equal(np.asarray(opened_image), voxels[1])


def test_tags(opened):
    layout = layout_of()
    target = opened(item_of(layout, target=""))
    for part, frame in enumerate(frames(layout, volume())):
        target.write(part, 0, frame)
    output = target.finish({})[0]
    assert output.target == "coll_exp_chan_x100-1700_y300-1000_z094.tif"
    with tifffile.TiffFile(output.temporary) as tiff:
        tags = {tag.name: tag.value for tag in tiff.pages[0].tags}
        assert (tiff.byteorder, tiff.is_bigtiff, len(tiff.pages)) == ("<", False, 1)
    assert json.loads(tags["ImageDescription"]) == {"DocumentName": output.target, "shape": [700, 1600]}
    assert (tags["Compression"], tags["PhotometricInterpretation"], tags["Software"]) == (8, 1, "penstock")
    assert (tags["XResolution"], tags["YResolution"], tags["ResolutionUnit"]) == ((2_500_000, 1), (2_500_000, 1), 3)
    assert tags["RowsPerStrip"] * 1600 <= cuboid_tiff.STRIP_BYTES
    assert "DateTime" not in tags


@pytest.mark.parametrize(("voxel", "ratio"), [((4.5, 4.5, 40), 1e7 / 4.5), ((0.001, 0.001, 1), 2**32 - 1), (None, 1)])
def test_voxel_sizes_fit_the_resolution_tags(opened, voxel, ratio):
    box = Box((0, 5), (0, 4), (0, 1))
    layout = layout_of(box, voxel=voxel)
    target = opened(item_of(layout))
    target.write(0, 0, encode(volume(box)))
    with tifffile.TiffFile(target.finish({})[0].temporary) as tiff:
        over, under = tiff.pages[0].tags["XResolution"].value
    assert over / under == pytest.approx(ratio)


def test_any_order_and_interruption_give_the_same_bytes(opened):
    layout, voxels = layout_of(budget=1 << 18), volume()
    item, bodies = item_of(layout), frames(layout, voxels)
    order = random.Random(3).sample(range(len(bodies)), len(bodies))
    target = opened(item)
    for part in order[:4]:
        target.write(part, 0, bodies[part])
    target.sync()
    target.close()
    target = opened(item, resume=True)
    for part in order[4:]:
        target.write(part, 0, bodies[part])
    straight = opened(item, name="straight")
    for part, body in enumerate(bodies):
        straight.write(part, 0, body)
    assert [o.digest for o in target.finish({})] == [o.digest for o in straight.finish({})]


def test_planes_above_four_gigabytes_would_be_big(opened, monkeypatch):
    monkeypatch.setattr(cuboid_tiff, "CLASSIC_BYTES", 1000)
    layout, voxels = layout_of(), volume()
    target = opened(item_of(layout))
    for part, frame in enumerate(frames(layout, voxels)):
        target.write(part, 0, frame)
    with tifffile.TiffFile(target.finish({})[0].temporary) as tiff:
        assert tiff.is_bigtiff
        np.testing.assert_array_equal(tiff.asarray(), voxels[0])


def test_memory_does_not_grow_with_the_frame(opened, monkeypatch):
    """A plane of 64 MiB is encoded in a fraction of it."""
    monkeypatch.setattr(cuboid_tiff, "_ENCODERS", 1)
    box = Box((0, 16384), (0, 4096), (0, 1))
    layout = layout_of(box, budget=1 << 21)
    target = opened(item_of(layout))
    for part, tile in enumerate(layout["tiles"]):
        target.write(part, 0, encode(np.full(Box.from_flat(tile).shape, part % 251, "u1")))
    tracemalloc.start()
    try:
        (output,) = target.finish({})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * cuboid_tiff.BAND_BYTES
    plane = tifffile.imread(output.temporary)
    for part, tile in enumerate(layout["tiles"]):
        x0, x1, y0, y1, _, _ = tile
        assert (plane[y0:y1, x0:x1] == part % 251).all()


def test_gap_is_black(opened):
    layout, voxels = layout_of(), volume()
    target = opened(item_of(layout))
    for part, frame in enumerate(frames(layout, voxels)):
        target.gap(part) if part == 1 else target.write(part, 0, frame)
    hole = Box.from_flat(layout["tiles"][1]).within(BOX)
    voxels[hole] = 0
    np.testing.assert_array_equal(tifffile.imread(target.finish({})[2].temporary), voxels[2])


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "quaternion"},
        {"box": {"x": [0, 1]}},
        {"tiles": [[0, 1, 0, 1, 0, 1]]},
        {"tiles": [[0, 1]]},
        {"digits": "x"},
    ],
)
def test_impossible_layouts_are_refused(tmp_path, change):
    with pytest.raises(FormatError):
        sink("cuboid-tiff")(item_of({**layout_of(), **change}), tmp_path)


def test_frame_of_another_tile_is_refused(opened):
    layout = layout_of()
    with pytest.raises(FormatError):
        opened(item_of(layout)).write(0, 0, encode(np.zeros((1, 2, 3), "u1")))
