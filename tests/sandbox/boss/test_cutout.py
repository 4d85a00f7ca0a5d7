"""Reading and writing boxes of voxels."""

from __future__ import annotations

import gzip
import importlib.util
import pickle
import zlib
from io import BytesIO
from typing import Any

import blosc
import numpy as np
import pytest

pytestmark = pytest.mark.anyio
Boss = Any  # the client of conftest.py
Formula = Any
EM = "kharris15/apical/em"


async def test_the_formula_volume_across_cuboids(boss: Boss, formula: Formula) -> None:
    block = await boss.voxels(f"{EM}/0/500:530/505:520/10:20/", (10, 15, 30))
    assert (block == formula(range(500, 530), range(505, 520), range(10, 20))).all()


async def test_the_formula_volume_at_the_coarsest_level(boss: Boss, formula: Formula) -> None:
    block = await boss.voxels(f"{EM}/4/505:512/0:3/192:194", (2, 3, 7))
    assert (block == formula(range(505, 512), range(3), range(192, 194), 4)).all()


async def test_the_readme_job_has_its_two_slabs(boss: Boss, formula: Formula) -> None:
    """The example that users of ndpull know: 512 x 512 x 10 in the middle of nowhere."""
    top = await boss.voxels(f"{EM}/0/4096:4608/4608:5120/90:96/", (6, 512, 512))
    rest = await boss.voxels(f"{EM}/0/4096:4608/4608:5120/96:100/", (4, 512, 512))
    expected = formula(range(4096, 4100), range(4608, 4612), range(90, 100))
    assert (np.concatenate([top, rest])[:, :4, :4] == expected).all()


async def test_beyond_the_extent_of_a_level_are_zeros(boss: Boss, formula: Formula) -> None:
    """Ranges are checked against level 0 alone."""
    block = await boss.voxels(f"{EM}/3/1020:1030/0:2/0:1/", (1, 2, 10))
    assert (block[..., :4] == formula(range(1020, 1024), range(2), range(1), 3)).all()
    assert not block[..., 4:].any()
    assert not (await boss.voxels(f"{EM}/4/8000:8192/8000:8192/0:1/", (1, 192, 192))).any()


async def test_equal_boxes_inside_and_across_the_edge_are_not_confused(boss: Boss, formula: Formula) -> None:
    """The emulator keeps packed answers by content: 251 voxels further on the formula is the same, but for the edge."""
    inside, across = [
        await boss.voxels(f"{EM}/1/{start}:{start + 8}/0:1/0:1/", (1, 1, 8)) for start in (4092 - 251, 4092)
    ]
    assert (inside[..., :4] == across[..., :4]).all()
    assert inside.all()
    assert not across[..., 4:].any()


@pytest.mark.parametrize(
    ("box", "code"),
    [
        ("5/0:4/0:4/0:1/", 1002),
        ("0/0:8193/0:4/0:1/", 1001),
        ("0/4:4/0:4/0:1/", 1001),
        ("0/5:4/0:4/0:1/", 1001),
        ("0/0:4/0:4/0:195/", 1001),
        ("0/0:4/0:4/0:1/2:3/", 1001),
        ("0/0:4/0:4/0:1/1:0/", 1001),
        ("0/0:4/0:4/0:1/?filter=1", 2003),
    ],
)
async def test_senseless_boxes_have_codes(boss: Boss, box: str, code: int) -> None:
    assert await boss.code(f"/v1/cutout/{EM}/{box}", accept="application/blosc") == (400, code)


@pytest.mark.parametrize(
    "box",
    ["12/0:4/0:4/0:1/", "0/-4:4/0:4/0:1/", "0/0-4/0:4/0:1/", "0/0:4/0:4/1/", "0/0:4/0:4/0:1/0/", "0/0:4/0:4/"],
)
async def test_malformed_boxes_match_no_page(boss: Boss, box: str) -> None:
    assert (await boss.ask(f"/v1/cutout/{EM}/{box}", accept="application/blosc"))[:2] == (404, "text/html")


@pytest.mark.parametrize(
    "query",
    ["access-mode=fast", "no-cache=maybe", "access-mode=raw&no-cache=true"],
)
async def test_unknown_cache_modes_break_the_server(boss: Boss, query: str) -> None:
    assert await boss.broken(f"/v1/cutout/{EM}/0/0:4/0:4/0:1/?{query}", accept="application/blosc")


@pytest.mark.parametrize("query", ["access-mode=no-cache", "access-mode=raw", "access-mode=cache", "no-cache=true"])
async def test_known_cache_modes_change_nothing(boss: Boss, query: str) -> None:
    assert (await boss.voxels(f"{EM}/0/0:2/0:1/0:1/?{query}", (1, 1, 2))).tolist() == [[[1, 4]]]


@pytest.mark.parametrize("accept", ["application/json", "application/xml"])
async def test_media_types_that_break_the_server(boss: Boss, accept: str) -> None:
    assert await boss.broken(f"/v1/cutout/{EM}/0/0:4/0:4/0:1/", accept=accept)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_verbs_that_break_the_server(boss: Boss, method: str) -> None:
    assert await boss.broken(f"/v1/cutout/{EM}/0/0:4/0:4/0:1/", method=method)


async def test_blosc_is_the_answer_to_anything(boss: Boss) -> None:
    for accept in ("*/*", "text/plain;q=0.5, */*;q=0.1", "application/blosc;q=0.9, application/npygz;q=0.1"):
        assert (await boss.ask(f"/v1/cutout/{EM}/0/0:4/0:4/0:1/", accept=accept))[1] == "application/blosc"


async def test_frames_give_the_size_of_a_voxel_in_bits(boss: Boss) -> None:
    """As the real server does: blosclz, shuffled, and every length in the header right."""
    for channel, bits in (("em", 8), ("em16", 16), ("labels", 64)):
        path = f"/v1/cutout/demo/cortex/{channel}/0/0:64/0:64/0:16/"
        _, _, frame = await boss.ask(path, accept="application/blosc")
        assert (frame[0], frame[1], frame[2] >> 5, frame[2] & 1, frame[3]) == (2, 1, 0, 1, bits)
        lengths = np.frombuffer(frame[4:16], "<u4")
        assert (lengths[0], lengths[2]) == (64 * 64 * 16 * bits // 8, len(frame))


async def test_npygz_is_a_zlib_stream_of_an_array(boss: Boss, formula: Formula) -> None:
    _, kind, body = await boss.ask(f"/v1/cutout/{EM}/0/3:7/2:5/1:3/", accept="application/npygz")
    assert (kind, body[:2]) == ("application/npygz", b"\x78\x9c")
    assert (np.load(BytesIO(zlib.decompress(body))) == formula(range(3, 7), range(2, 5), range(1, 3))).all()


async def test_jpegs_are_of_8_bits_and_three_axes(boss: Boss) -> None:
    path, accept = "/v1/cutout/demo/cortex/em16/0/0:8/0:8/0:1/", "image/jpeg"
    assert await boss.code(path, accept=accept) == (400, 2001)
    assert await boss.code(f"/v1/cutout/{EM}/0/0:8/0:8/0:1/0:1/", accept=accept) == (400, 2005)
    status, kind, body = await boss.ask(f"/v1/cutout/{EM}/0/0:8/0:8/0:2/", accept=accept)
    if importlib.util.find_spec("PIL"):
        assert (status, kind, body[:2]) == (200, "image/jpeg", b"\xff\xd8")
    else:
        assert (status, kind) == (501, "application/json")


async def test_a_time_range_adds_an_axis(boss: Boss) -> None:
    await boss.create("c/e/im", num_time_samples=3)
    values = np.arange(1, 49).reshape(2, 2, 3, 4)
    assert await boss.post("c/e/im/0/0:4/0:3/0:2/1:3/", values) == (201, b"")
    assert (await boss.voxels("c/e/im/0/0:4/0:3/0:2/1:3/", (2, 2, 3, 4)) == values).all()
    assert not (await boss.voxels("c/e/im/0/0:4/0:3/0:2/", (2, 3, 4))).any()
    _, _, body = await boss.ask("/v1/cutout/c/e/im/0/0:4/0:3/0:2/2:3/", accept="application/npygz")
    assert np.load(BytesIO(zlib.decompress(body))).shape == (1, 2, 3, 4)


async def test_time_ranges_may_be_empty_or_one_too_long(boss: Boss) -> None:
    assert (await boss.voxels(f"{EM}/0/0:2/0:1/0:1/0:0/", (0, 1, 1, 2))).size == 0
    assert (await boss.voxels(f"{EM}/0/0:2/0:1/0:1/0:2/", (2, 1, 1, 2))).tolist() == [[[[1, 4]]], [[[0, 0]]]]


async def test_zeros_are_transparent_and_blackening_is_not(boss: Boss) -> None:
    await boss.create("c/e/im")
    path = "c/e/im/0/10:14/0:1/0:1/"
    await boss.post(path, [[[1, 2, 3, 4]]])
    await boss.post(path, [[[0, 9, 0, 9]]])
    assert (await boss.voxels(path, (1, 1, 4))).tolist() == [[[1, 9, 3, 9]]]
    status, _, body = await boss.ask("/v1/cutout/to_black/c/e/im/0/10:12/0:1/0:1/", method="PUT")
    assert (status, body) == (200, b"")
    assert (await boss.voxels(path, (1, 1, 4))).tolist() == [[[0, 0, 3, 9]]]


async def test_writing_over_synthetic_voxels_keeps_the_others(boss: Boss, formula: Formula) -> None:
    assert (await boss.post(f"{EM}/0/511:513/0:1/15:17/", np.full((2, 1, 2), 255)))[0] == 201
    block = await boss.voxels(f"{EM}/0/510:514/0:2/14:18/", (4, 2, 4))
    expected = formula(range(510, 514), range(2), range(14, 18))
    expected[1:3, 0, 1:3] = 255
    assert (block == expected).all()


async def test_only_the_base_level_and_the_one_above_take_writes(boss: Boss) -> None:
    await boss.create("c/e/im")
    assert [(await boss.post(f"c/e/im/{res}/0:1/0:1/0:1/", [[[1]]]))[0] for res in range(3)] == [201, 201, 400]
    path = "/v1/cutout/c/e/im/2/0:1/0:1/0:1/"
    frame = blosc.compress(b"\x01", typesize=8)
    assert await boss.code(path, method="POST", kind="application/blosc", body=frame) == (400, 9001)


async def test_a_write_outdates_the_other_levels(boss: Boss) -> None:
    channel = "/v1/collection/demo/experiment/cortex/channel/em"
    assert (await boss.json(channel))["downsample_status"] == "DOWNSAMPLED"
    await boss.post("demo/cortex/em/0/0:1/0:1/0:1/", [[[1]]])
    assert (await boss.json(channel))["downsample_status"] == "NOT_DOWNSAMPLED"
    assert (await boss.json("/v1/downsample/demo/cortex/em"))["status"] == "NOT_DOWNSAMPLED"


async def test_bodies_must_fit_the_box(boss: Boss) -> None:
    await boss.create("c/e/im")
    path, options = "/v1/cutout/c/e/im/0/0:4/0:1/0:1/", {"method": "POST", "accept": None}
    short = blosc.compress(b"\x01\x02\x03", typesize=1)
    assert await boss.code(path, kind="application/blosc", body=short, **options) == (400, 2002)
    for array, code in ((np.ones((1, 1, 4), "u2"), 2001), (np.ones((1, 4, 1), "u1"), 2002)):
        file = BytesIO()
        np.save(file, array)
        packed = zlib.compress(file.getvalue())
        assert await boss.code(path, kind="application/npygz", body=packed, **options) == (400, code)


def corrupt_frame() -> bytes:
    """Make a frame whose header announces four bytes and whose content does not decode."""
    frame = bytearray(blosc.compress(bytes(4096), typesize=8))
    frame[4:8] = (4).to_bytes(4, "little")
    frame[20:] = b"\xff" * (len(frame) - 20)
    return bytes(frame)


async def test_bodies_that_break_the_server(boss: Boss) -> None:
    await boss.create("c/e/im")
    path, options = "/v1/cutout/c/e/im/0/0:4/0:1/0:1/", {"method": "POST", "accept": None}
    file = BytesIO()
    np.save(file, np.ones((1, 1, 4), "u1"))
    frame = blosc.compress(b"\x01\x02\x03\x04", typesize=1)
    assert await boss.broken(path, kind="application/octet-stream", body=frame, **options)
    assert await boss.broken(path, kind="application/blosc", body=b"", **options)
    assert await boss.broken(path, kind="application/blosc", body=frame[:-1], **options)
    assert await boss.broken(path, kind="application/blosc", body=corrupt_frame(), **options)
    assert await boss.broken(path, kind="application/npygz", body=gzip.compress(file.getvalue()), **options)


async def test_one_time_sample_passes_for_none(boss: Boss) -> None:
    await boss.create("c/e/im")
    file = BytesIO()
    np.save(file, np.full((1, 1, 1, 4), 6, "u1"))
    options = {"method": "POST", "accept": None, "kind": "application/npygz", "body": zlib.compress(file.getvalue())}
    assert (await boss.ask("/v1/cutout/c/e/im/0/0:4/0:1/0:1/", **options))[0] == 201
    assert (await boss.voxels("c/e/im/0/0:4/0:1/0:1/", (1, 1, 4))).tolist() == [[[6, 6, 6, 6]]]


async def test_pickled_arrays_go_both_ways_but_run_nothing(boss: Boss) -> None:
    await boss.create("c/e/im")
    path, options = "/v1/cutout/c/e/im/0/0:4/0:1/0:1/", {"method": "POST", "kind": "application/blosc-python"}
    array = np.arange(1, 5, dtype="u1").reshape(1, 1, 4)
    assert (await boss.ask(path, accept=None, body=blosc.pack_array(array), **options))[0] == 201
    _, _, body = await boss.ask(path, accept="application/blosc-python")
    assert (blosc.unpack_array(body) == array).all()

    class Trap:
        def __reduce__(self) -> Any:
            return print, ("sprung",)

    trap = blosc.compress(pickle.dumps(Trap()), typesize=1)
    assert await boss.broken(path, accept=None, body=trap, **options)


async def test_too_much_at_once(boss: Boss) -> None:
    """545259520 bytes, and four times as many for 64-bit voxels; writes have the same limit."""
    path, accept = "/v1/cutout/kharris15/apical/em/0/0:8192/0:8192/0:9/", "application/blosc"
    assert await boss.code(path, accept=accept) == (413, 2000)
    labels = "/v1/cutout/demo/cortex/labels/0/0:2048/0:2048/0:64/"
    assert await boss.broken(labels, accept=accept), "the allowance lets it pass, but Blosc has no frames of 2 GiB"
    options = {"method": "POST", "kind": "application/blosc", "body": b"x", "accept": None}
    assert await boss.code(path, **options) == (413, 2000)


async def test_32_bit_channels_can_be_made_but_not_served(boss: Boss) -> None:
    await boss.create("c/e/im", datatype="uint32")
    assert await boss.broken("/v1/cutout/c/e/im/0/0:4/0:1/0:1/", accept="application/blosc")


async def test_labels_can_be_filtered(boss: Boss) -> None:
    await boss.create("c/e/seg", type="annotation", datatype="uint64")
    path = "c/e/seg/0/0:4/0:1/0:1/"
    await boss.post(path, [[[1, 2, 3, 2**60]]], "u8")
    assert (await boss.voxels(path, (1, 1, 4), "u8")).tolist() == [[[1, 2, 3, 2**60]]]
    kept = await boss.voxels(f"{path}?filter=1,{2**60}", (1, 1, 4), "u8")
    assert kept.tolist() == [[[1, 0, 0, 2**60]]]
    for garbled in ("", "a,b"):
        assert not (await boss.voxels(f"{path}?filter={garbled}", (1, 1, 4), "u8")).any()


async def test_the_isotropic_pyramid_is_another_volume(boss: Boss) -> None:
    await boss.create("c/e/im", frame={"z_voxel_size": 4}, num_hierarchy_levels=2)
    await boss.post("c/e/im/1/0:1/0:1/0:1/?iso=true", [[[5]]])
    assert (await boss.voxels("c/e/im/1/0:1/0:1/0:1/?iso=True", (1, 1, 1))).tolist() == [[[5]]]
    assert (await boss.voxels("c/e/im/1/0:1/0:1/0:1/", (1, 1, 1))).tolist() == [[[0]]]


async def test_frames_need_not_start_at_zero(boss: Boss) -> None:
    await boss.create("c/e/im", frame={"x_start": 7})
    assert await boss.code("/v1/cutout/c/e/im/0/6:9/0:1/0:1/", accept="application/blosc") == (400, 1001)
    await boss.post("c/e/im/0/7:9/0:1/0:1/", [[[3, 4]]])
    assert (await boss.voxels("c/e/im/0/7:9/0:1/0:1/", (1, 1, 2))).tolist() == [[[3, 4]]]
