"""Channel chunks: real ones, worked examples, and a plain model written apart from the decoder."""

from __future__ import annotations

import csv
import gzip
import json
import math
import random
from contextlib import suppress
from dataclasses import replace

import brotli
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import FormatError, SelectionError, Truncated
from penstock.formats.segment import blank_chunk, decode_chunk
from penstock.formats.segment_geometry import SegmentGeometry

RECORDS = bytes.fromhex("018000c000000040ff7f010002000300" + "0080050000800080" + "0080060000800080")
RECORDS_GZIP = bytes.fromhex(
    "1f8b0800000000000203636c6038c0c0c0e0f0bf9e918189819981a181158841900d4c030059c1bc1120000000"
)
RECORDS_BROTLI = bytes.fromhex("1b1f00f88fd4624d1c0f4434b70386359b9b9fa3f11f1b8503a9f8b8afb4214b440e")
RECORDS_PHYSICAL = [
    (-0.004999847409781033, 0.005),
    (-0.0024999618524452582, 2.2888532845044553e-07),
    (7.629510948348183e-08, 3.814755474174092e-07),
    (0.0025001144426642255, 5.340657663843729e-07),
    (math.nan, math.nan),
    (8.392462043183002e-07, 9.918364232852638e-07),
    (math.nan, math.nan),
    (math.nan, math.nan),
]
STAMPED = bytes.fromhex(
    "000000000000c03f000000c0" + "00007e4000002040000040c0" + "000000410000c07f00008040" + "00803b460000104100001041"
)
TOLERANCE = 3e-7 * 5e-3
# The order of the channels in the real chunk.
NAMES = [
    *("fz", "cz", "pz", "c3", "f3", "f4", "p4", "p3", "a2", "t4", "a1", "t3"),
    *("fp1", "fp2", "o2", "o1", "f7", "f8", "t6", "t5", "c4"),
]


def geometry_of(layout):
    return SegmentGeometry.from_layout(layout)


class TestRealChunk:
    """Two seconds of a real recording, with values that another decoder wrote."""

    @pytest.fixture
    def geometry(self, layout):
        return geometry_of(
            layout(
                encoding="float32",
                compression="gzip",
                channels=[{"id": name, "name": name, "unit": "V"} for name in NAMES],
                samples_per_record=256,
                records_per_chunk=2,
                sample_rate=256.0,
                chunk_period=2.0,
                signal_min=0.0,
                signal_max=0.0,
                exponent=-6,
                start_ms=1571729124019.5312,
                end_ms=1571727804019.5312 + 8138019.53125,
                chunks=[0, 1],
            )
        )

    @pytest.fixture
    def body(self, vectors):
        return (vectors / "seer" / "siesta_chunk_data_2s.dat").read_bytes()

    def test_agrees_with_the_published_values(self, geometry, body, vectors):
        with (vectors / "seer" / "siesta_channel_data_2s.csv").open() as file:
            names, *rows = csv.reader(file)
        published = np.array([[float(value) for value in row[5:]] for row in rows])
        chunk = decode_chunk(body, geometry, 0)
        assert names[5:] == NAMES
        assert chunk.values.dtype == np.float32
        assert chunk.values.shape == (512, 21)
        np.testing.assert_allclose(chunk.values, published, rtol=2.5e-7, atol=1e-12)
        np.testing.assert_allclose(geometry.times(0), [float(row[1]) for row in rows], rtol=0, atol=0.0003)
        assert (chunk.checked, chunk.missing, chunk.dropped) == (True, [], 0)

    def test_channels_and_records_fall_in_place(self, geometry, body):
        raw = decode_chunk(body, geometry, 0).values.astype(np.float64) * 1e6
        fz, cz, c4 = raw[:, 0], raw[:, 1], raw[:, 20]
        np.testing.assert_allclose(
            fz[[0, 1, 2, 255, 256, 511]], [-9.19278, -1.94724, 5.02659, 21.5102, 16.16661, 30.47656], rtol=1e-5
        )
        np.testing.assert_allclose([cz[0], c4[0], c4[511]], [-49.410614, -11.980221, -0.4537962], rtol=1e-6)
        np.testing.assert_allclose(raw.sum(), -24079.518777385354, rtol=1e-5)

    def test_selection_comes_after_decoding(self, geometry, body, layout):
        whole = decode_chunk(body, geometry, 0).values
        chosen = replace(geometry, select=(20, 3))
        assert np.array_equal(decode_chunk(body, chosen, 0).values, whole[:, [20, 3]])

    def test_segment_end_cuts_rows(self, geometry, body):
        cut = replace(geometry, end_ms=geometry.start_ms + 500 * 3.90625)
        assert np.array_equal(decode_chunk(body, cut, 0).values, decode_chunk(body, geometry, 0).values[:500])

    def test_cut_anywhere_it_is_refused(self, geometry, body):
        for length in random.Random(1).sample(range(len(body)), 200):
            with pytest.raises((Truncated, FormatError)):
                decode_chunk(body[:length], geometry, 0)


class TestWorkedExamples:
    @pytest.mark.parametrize(
        ("compression", "body"),
        [("none", RECORDS), ("gzip", RECORDS_GZIP), ("br", RECORDS_BROTLI), ("gzip", RECORDS)],
        ids=["plain", "gzip", "brotli", "gzip undone on the way"],
    )
    @pytest.mark.parametrize("wrap", [bytes, memoryview, bytearray])
    def test_records(self, layout, compression, body, wrap):
        geometry = geometry_of(layout(compression=compression))
        chunk = decode_chunk(wrap(body), geometry, 0)
        np.testing.assert_allclose(chunk.values, RECORDS_PHYSICAL, rtol=0, atol=TOLERANCE)
        assert chunk.missing == [(4, 5), (6, 8)]
        assert geometry.times(0).tolist() == [1000, 1250, 1500, 1750, 2000, 2250, 2500, 2750]
        assert chunk.checked is (body is RECORDS_GZIP)

    def test_stamped_rows(self, layout):
        stamped = layout(encoding="float32", timestamped=True, exponent=0, end_ms=11000.0, chunks=[0, 1])
        chunk = decode_chunk(STAMPED, geometry_of(stamped), 0)
        assert chunk.times.tolist() == [1000.0, 1003.96875, 1008.0]
        np.testing.assert_array_equal(chunk.values, [[1.5, -2], [2.5, -3], [math.nan, 4]])

    def test_offsets_may_count_from_the_segment(self, layout):
        rows = np.array([[50.0, 60], [30_000, 61]], "<f4").tobytes()
        stamped = layout(
            encoding="float32",
            timestamped=True,
            exponent=0,
            channels=1,
            chunks=[2, 3],
            end_ms=1e9,
            offsets_from="segment",
        )
        assert decode_chunk(rows, geometry_of(stamped), 0).times.tolist() == [1050, 31_000]

    def test_stamped_integers_scale_channels_but_not_times(self, layout):
        rows = np.array([[0, 32767, -32768], [250, -32768, -32768], [500, 0, 1], [750, -32768, -32768]], "<i2")
        chunk = decode_chunk(rows.tobytes(), geometry_of(layout(timestamped=True, exponent=0, chunks=[0, 1])), 0)
        assert chunk.times.tolist() == [1000, 1250, 1500]
        expected = [[5, -5], [math.nan, math.nan], [7.629511e-05, 2.288853e-04]]
        np.testing.assert_allclose(chunk.values, expected, rtol=0, atol=1.5e-6)

    def test_stamped_rows_come_in_order_of_time(self, layout):
        rows = np.array([[500, 1], [0, 2], [250, 3]], "<f4").tobytes()
        chunk = decode_chunk(rows, geometry_of(layout(encoding="float32", timestamped=True, channels=1, exponent=0)), 0)
        assert (chunk.times.tolist(), chunk.values.ravel().tolist()) == ([1000, 1250, 1500], [2, 3, 1])

    def test_inverted_range_flips_the_polarity(self, vectors, layout):
        study = json.loads((vectors / "seer" / "study2_metadata.json").read_text())["study"]
        group = next(g for g in study["channelGroups"] if g["signalMin"] > g["signalMax"])
        low, high = group["signalMin"], group["signalMax"]
        body = np.repeat(np.array([-32767, 0, 32767, 32767], "<i2"), 4).tobytes()
        parameters = layout(signal_min=low, signal_max=high, exponent=group["exponent"])
        first = decode_chunk(body, geometry_of(parameters), 0).values[0, 0]
        assert first == pytest.approx(low * 10 ** group["exponent"], rel=1e-4)

    def test_a_single_channel_at_the_lowest_integer_is_missing(self, layout):
        body = np.array([1, -32768, 3, 4, 5, 6, 7, 8], "<i2").tobytes()
        chunk = decode_chunk(body, geometry_of(layout(channels=1)), 0)
        assert np.flatnonzero(np.isnan(chunk.values[:, 0])).tolist() == [1]

    def test_unsigned_marker_is_zero(self, layout):
        body = np.array([[0, 1, 2, 0], [0, 1, 0, 0]], "<u2").tobytes() * 2
        chunk = decode_chunk(
            body, geometry_of(layout(encoding="uint16", signal_min=0.0, signal_max=65535.0, exponent=0)), 0
        )
        np.testing.assert_array_equal(chunk.values[:4], [[math.nan] * 2, [1, 1], [2, 0], [math.nan] * 2])

    def test_wide_integers_keep_their_bits(self, layout):
        numbers = np.array([[2**31 - 1, 2**31 - 2, 12345678, 5] * 2] * 2, "<i4")
        wide = layout(encoding="int32", dtype="float64", signal_min=-(2.0**31), signal_max=2.0**31 - 1, exponent=0)
        values = decode_chunk(numbers.tobytes(), geometry_of(wide), 0).values
        np.testing.assert_allclose(values[:4, 0], [2**31 - 1, 2**31 - 2, 12345678, 5], rtol=0, atol=1e-6)

    def test_float64_is_not_squeezed(self, layout):
        body = np.full(16, 1e300, "<f8").tobytes()
        wide = layout(encoding="float64", dtype="float64", exponent=0)
        assert (decode_chunk(body, geometry_of(wide), 0).values == 1e300).all()
        assert np.isinf(decode_chunk(body, geometry_of({**wide, "dtype": "float32"}), 0).values).all()

    def test_tiny_powers_of_ten_do_not_underflow(self, layout):
        body = np.full(16, 2e30, "<f4").tobytes()
        values = decode_chunk(body, geometry_of(layout(encoding="float32", exponent=-50)), 0).values
        np.testing.assert_allclose(values, 2e-20, rtol=1e-6)

    def test_absent_chunk_is_nan_or_nothing(self, layout):
        chunk = blank_chunk(geometry_of(layout()), 0)
        assert np.isnan(chunk.values).all()
        assert (chunk.values.shape, chunk.missing) == ((8, 2), [(0, 8)])
        assert blank_chunk(geometry_of(layout(timestamped=True)), 0).values.shape == (0, 2)


class TestIrregular:
    def test_short_body_leaves_nan(self, layout):
        chunk = decode_chunk(RECORDS[:16], geometry_of(layout()), 0)
        assert np.isnan(chunk.values[4:]).all()
        assert not np.isnan(chunk.values[:4]).any()
        assert chunk.missing == [(4, 8)]

    def test_empty_body_is_all_missing(self, layout):
        assert decode_chunk(b"", geometry_of(layout()), 0).missing == [(0, 8)]

    def test_surplus_record_and_loose_samples_are_counted_and_left_out(self, layout):
        geometry = geometry_of(layout())
        chunk = decode_chunk(RECORDS + RECORDS[:16] + b"\x01\x00" * 3, geometry, 0)
        np.testing.assert_array_equal(chunk.values, decode_chunk(RECORDS, geometry, 0).values)
        assert chunk.dropped == 8 + 3

    def test_out_is_written_completely(self, layout):
        out = np.full((8, 2), 123.0, "<f4")
        assert decode_chunk(RECORDS[:16], geometry_of(layout()), 0, out=out).values is out
        assert np.isnan(out[4:]).all()

    def test_out_may_be_a_slice_of_something_wider(self, layout):
        wide = np.zeros((8, 5), "<f4")
        decode_chunk(RECORDS, geometry_of(layout()), 0, out=wide[:, 1:3])
        np.testing.assert_allclose(wide[:, 1:3], RECORDS_PHYSICAL, rtol=0, atol=TOLERANCE)
        assert not wide[:, [0, 3, 4]].any()

    @pytest.mark.parametrize("out", [np.empty((7, 2), "<f4"), np.empty((8, 2), "<f8")])
    def test_unsuitable_out_is_refused(self, layout, out):
        with pytest.raises(ValueError, match="needed"):
            decode_chunk(RECORDS, geometry_of(layout()), 0, out=out)


class TestMalformed:
    @pytest.mark.parametrize(
        "body",
        [
            b"<!DOCTYPE html><html><body>Sign in</body></html>",
            b'{"message": "the link has expired", "code": 403}',
            "<!doctype html><title>Gestört</title><body>".encode(),
            b"upstream connect error or disconnect",
            b"\x00" * 7,
        ],
    )
    @pytest.mark.parametrize("compression", ["none", "gzip"])
    @pytest.mark.parametrize("timestamped", [False, True])
    def test_messages_and_scraps_are_no_samples(self, layout, body, compression, timestamped):
        parameters = layout(compression=compression, timestamped=timestamped, channels=3)
        with pytest.raises(FormatError):
            decode_chunk(body, geometry_of(parameters), 0)

    def test_unknown_compression_is_named(self, layout):
        with pytest.raises(FormatError, match="zstd"):
            decode_chunk(b"\x28\xb5\x2f\xfd", geometry_of(layout(compression="zstd")), 0)

    @pytest.mark.parametrize(
        ("compression", "squeeze"), [("gzip", gzip.compress), ("br", brotli.compress)], ids=["gzip", "brotli"]
    )
    @pytest.mark.parametrize("timestamped", [False, True])
    def test_bombs_are_defused(self, layout, compression, squeeze, timestamped):
        bomb = squeeze(bytes(8 << 20))
        with pytest.raises(FormatError, match="more than"):
            decode_chunk(bomb, geometry_of(layout(compression=compression, timestamped=timestamped)), 0)

    @given(data=st.binary(max_size=200), compression=st.sampled_from(["gzip", "br", "none"]))
    def test_noise_raises_nothing_else(self, layout, data, compression):
        geometry = geometry_of(layout(compression=compression))
        with suppress(FormatError, Truncated):
            decode_chunk(data, geometry, 0)

    @pytest.mark.parametrize(
        "change",
        [
            {"encoding": "complex64"},
            {"channels": []},
            {"chunk_period": 0},
            {"sample_rate": None},
            {"samples_per_record": 0},
            {"start_ms": math.inf},
            {"chunks": [3, 2]},
            {"dtype": "int8"},
            {"exponent": "x"},
            {"offsets_from": "noon"},
        ],
    )
    def test_impossible_parameters_are_refused(self, layout, change):
        with pytest.raises(FormatError):
            geometry_of(layout(**change))

    @pytest.mark.parametrize("select", [[], [2], [-1]])
    def test_channels_that_do_not_exist_cannot_be_selected(self, layout, select):
        with pytest.raises(SelectionError):
            geometry_of(layout(select=select))
