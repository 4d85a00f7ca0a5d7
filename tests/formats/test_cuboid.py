"""Cuboid frames: the service's own, ours, and broken ones."""

from __future__ import annotations

import base64
import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import blosc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from penstock.errors import FormatError, Truncated
from penstock.formats.cuboid import decode, encode

VOXELS = st.sampled_from(["<u1", "<u2", "<u4", "<u8"]).flatmap(
    lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=3, max_dims=4, min_side=1, max_side=9))
)


@pytest.fixture(scope="module")
def golden(vectors):
    pairs = json.loads((vectors / "boss" / "golden_v1.json").read_text())
    return {
        pair["name"]: base64.b64decode(pair[key])
        for pair in pairs
        for key in ("response_body_b64", "request_body_b64")
        if key in pair
    }


class TestGolden:
    """Frames that a running server sent, and what was in them."""

    COUNTED = np.arange(1, 25).reshape(2, 3, 4)
    LABELS = np.arange(24).reshape(2, 3, 4) % 5

    @pytest.mark.parametrize("verb", ["get", "post"])
    def test_bytes_and_words(self, golden, verb):
        suffix = " application/blosc" if verb == "get" else ""
        np.testing.assert_array_equal(decode(golden[f"{verb} u8{suffix}"], (2, 3, 4), "uint8"), self.COUNTED)
        words = decode(golden[f"{verb} u16{suffix}"], (2, 3, 4), "uint16")
        np.testing.assert_array_equal(words, self.COUNTED * 1000)
        assert words.dtype == np.dtype("<u2")

    def test_labels(self, golden):
        np.testing.assert_array_equal(decode(golden["get seg application/blosc"], (2, 3, 4), "uint64"), self.LABELS)
        kept = np.where(np.isin(self.LABELS, [1, 3]), self.LABELS, 0)
        np.testing.assert_array_equal(decode(golden["filter"], (2, 3, 4), "uint64"), kept)

    def test_times_are_the_first_axis(self, golden):
        four = decode(golden["get 4D"], (2, 2, 3, 4), "uint8")
        np.testing.assert_array_equal(four, np.arange(1, 49).reshape(2, 2, 3, 4))
        assert not decode(golden["get t0 of 4D block (default time sample)"], (2, 3, 4), "uint8").any()

    def test_unwritten_is_zero(self, golden):
        assert not decode(golden["unwritten region"], (16, 64, 64), "uint8").any()

    def test_another_shape_or_type_is_refused(self, golden):
        for shape, kind in (((2, 3, 5), "uint8"), ((2, 3, 4), "uint16"), ((1, 3, 4), "uint16"), ((0, 3, 4), "uint8")):
            with pytest.raises(FormatError):
                decode(golden["get u8 application/blosc"], shape, kind)


@given(array=VOXELS, bits=st.booleans(), codec=st.sampled_from(["blosclz", "lz4", "zlib", "zstd"]))
@settings(deadline=None)
def test_round_trip(array, bits, codec):
    frame = encode(array, typesize_bits=bits, codec=codec)
    assert frame[3] == array.itemsize * (8 if bits else 1)
    np.testing.assert_array_equal(decode(memoryview(bytearray(frame)), array.shape, array.dtype), array)


def test_threads_do_not_mix_their_frames():
    arrays = [np.random.default_rng(n).integers(0, 5, (16, 64, 64)).astype("<u2") for n in range(8)]
    frames = [encode(array, codec=codec) for array, codec in zip(arrays, ["blosclz", "lz4"] * 4, strict=True)]
    with ThreadPoolExecutor(4) as pool:
        decoded = pool.map(lambda n: decode(frames[n % 8], (16, 64, 64), "uint16"), range(64))
        for n, array in enumerate(decoded):
            np.testing.assert_array_equal(array, arrays[n % 8])


def test_decodes_where_it_is_told():
    array = np.arange(60, dtype="<u2").reshape(3, 4, 5)
    whole = np.zeros((9, 4, 5), "<u2")
    assert decode(encode(array), array.shape, "uint16", out=whole[3:6]).base is whole
    np.testing.assert_array_equal(whole[3:6], array)
    assert not whole[:3].any()
    assert not whole[6:].any()


@pytest.mark.parametrize(
    "out", [np.zeros((3, 4, 6), "<u2"), np.zeros((3, 4, 5), "<u4"), np.zeros((3, 4, 10), "<u2")[..., ::2]]
)
def test_unsuitable_out_is_refused(out):
    with pytest.raises(ValueError, match="out must be"):
        decode(encode(np.zeros((3, 4, 5), "<u2")), (3, 4, 5), "<u2", out=out)


def test_empty_box_is_a_frame_of_nothing():
    frame = encode(np.zeros((0, 3, 4), "u1"))
    assert decode(frame, (0, 3, 4), "uint8").shape == (0, 3, 4)


def changed(frame, at, value, size=1):
    broken = bytearray(frame)
    broken[at : at + size] = value.to_bytes(size, "little")
    return bytes(broken)


FRAME = encode(np.random.default_rng(0).integers(0, 9, (4, 32, 32)).astype("<u2"))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        FRAME[:15],
        FRAME[:-1],
        FRAME + b"\0",
        changed(FRAME, 0, 3),
        changed(FRAME, 3, 1),
        changed(FRAME, 3, 32),
        changed(FRAME, 3, 0),
        changed(FRAME, 4, 2 * 4096 + 1, 4),
        changed(FRAME, 4, 2**31, 4),
        changed(FRAME, 8, 0, 4),
        changed(FRAME, 8, 2**31, 4),
        changed(FRAME, 12, 2**31, 4),
        changed(FRAME, 2, FRAME[2] | 2),
        b"<!DOCTYPE html><html><title>Server Error (500)</title></html>",
    ],
)
def test_lying_headers_never_reach_native_code(broken, monkeypatch):
    monkeypatch.setattr(blosc, "decompress_ptr", lambda *_: pytest.fail("native code was called"))
    with pytest.raises((FormatError, Truncated)):
        decode(broken, (4, 32, 32), "uint16")


def test_mutated_frames_raise_nothing_else():
    """Payloads that pass the header's checks may decode to anything, but only that or an error of ours."""
    rng = random.Random(7)
    for codec in ("blosclz", "lz4", "zlib", "zstd"):
        frame = encode(np.random.default_rng(1).integers(0, 9, (4, 32, 32)).astype("<u2"), codec=codec)
        for _ in range(1500):
            broken = bytearray(frame)
            for _ in range(rng.randint(1, 8)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            with suppress(FormatError, Truncated):
                assert decode(bytes(broken), (4, 32, 32), "uint16").shape == (4, 32, 32)
