"""Decoding against a model in plain Python, for any parameters."""

from __future__ import annotations

import gzip
import math
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.formats.segment import decode_chunk, joined, runs, scaling
from penstock.formats.segment_geometry import SegmentGeometry

LIMITS = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
    "uint16": (0, 65535),
    "int32": (-(2**31), 2**31 - 1),
}


@st.composite
def groups(draw):
    """Draw a regular channel group, a segment of it and a selection."""
    samples = draw(st.integers(1, 6))
    records = draw(st.integers(1, 4))
    length = draw(st.sampled_from([0.5, 1.0, 2.0]))
    period = records * length
    chunks = draw(st.integers(1, 4))
    start = draw(st.sampled_from([0.0, 1571727804019.5312, 1526275675734.375, 17.1]))
    duration = draw(st.floats((chunks - 1) * period * 1000 + 0.5, chunks * period * 1000))
    channels = draw(st.integers(1, 4))
    edges = st.one_of(st.floats(-100, duration + 100), st.integers(0, chunks).map(lambda n: n * period * 1000))
    begin, end = sorted((draw(edges), draw(edges)))
    return {
        "encoding": draw(st.sampled_from([*LIMITS, "float32", "float64"])),
        "compression": draw(st.sampled_from(["none", "gzip"])),
        "channels": [{"id": str(n)} for n in range(channels)],
        "select": draw(st.lists(st.integers(0, channels - 1), min_size=1, max_size=channels, unique=True)),
        "timestamped": False,
        "samples_per_record": samples,
        "records_per_chunk": draw(st.sampled_from([records, 0])),
        "record_length": length,
        "sample_rate": samples / length,
        "chunk_period": period,
        "signal_min": draw(st.sampled_from([-5.0, 5.0, 0.0, -2200.0])),
        "signal_max": draw(st.sampled_from([5.0, -5.0, 1000.0])),
        "exponent": draw(st.sampled_from([-6, -3, 0, 2])),
        "start_ms": start,
        "end_ms": start + duration,
        "from_ms": start + begin,
        "to_ms": start + end,
        "chunks": [0, chunks],
        "dtype": draw(st.sampled_from(["float32", "float64"])),
    }


def model_rows(group, chunk):
    """List the numbers within a chunk of the rows that the rule keeps, one row after another."""
    start = group["start_ms"] + chunk * (group["chunk_period"] * 1000)
    rows = round(group["chunk_period"] / group["record_length"]) * group["samples_per_record"]
    times = [start + k * 1000.0 / group["sample_rate"] for k in range(rows)]
    stop = min(group["to_ms"], group["end_ms"])
    return [(k, t) for k, t in enumerate(times) if group["from_ms"] <= t < stop]


def model_value(group, digital, column):
    """Turn one stored number into a physical value, its row's marker respected."""
    value = digital[column]
    power = 10.0 ** group["exponent"]
    if group["encoding"].startswith("float"):
        return value * power
    low, high = LIMITS[group["encoding"]]
    if all(each == low for each in digital):
        return math.nan
    return ((value - low) / (high - low) * (group["signal_max"] - group["signal_min"]) + group["signal_min"]) * power


@given(group=groups())
@settings(max_examples=150)
def test_rows_are_those_whose_time_is_selected(group):
    geometry = SegmentGeometry.from_layout(group)
    offset = 0
    for part in range(geometry.parts):
        kept = model_rows(group, part)
        assert geometry.span(part) == (offset, offset + len(kept))
        assert geometry.times(part).tolist() == [time for _, time in kept]
        if kept:
            assert geometry.window(part) == (kept[0][0], kept[-1][0] + 1)
        offset += len(kept)
    assert geometry.rows == offset


@given(group=groups(), data=st.data())
@settings(max_examples=150)
def test_values_are_what_the_model_says(group, data):
    channels, samples = len(group["channels"]), group["samples_per_record"]
    records = data.draw(st.integers(0, round(group["chunk_period"] / group["record_length"])), label="records")
    part = data.draw(st.integers(0, group["chunks"][1] - 1), label="part")
    table = draw_table(data, group, records * samples, channels)
    stored = np.array(table, group["encoding"]).reshape(records, samples, channels).transpose(0, 2, 1)
    body = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    body = gzip.compress(body) if group["compression"] == "gzip" else body

    geometry = SegmentGeometry.from_layout(group)
    chunk = decode_chunk(body, geometry, part)

    expected = [
        [model_value(group, table[k], column) if k < len(table) else math.nan for column in group["select"]]
        for k, _ in model_rows(group, part)
    ]
    assert chunk.values.shape == (len(expected), len(group["select"]))
    largest = max(abs(group["signal_min"]), abs(group["signal_max"])) * 10.0 ** group["exponent"]
    is_float = group["encoding"].startswith("float")
    np.testing.assert_allclose(
        chunk.values,
        np.array(expected).reshape(chunk.values.shape),
        rtol=2.5e-7,
        atol=0 if is_float else 3e-7 * largest,
    )
    whole_rows_missing = np.isnan(chunk.values).all(axis=1)
    if not is_float:
        assert chunk.missing == runs(whole_rows_missing)


def draw_table(data, group, rows, channels):
    if group["encoding"].startswith("float"):
        numbers = st.one_of(
            st.floats(-1e6, 1e6, width=32).filter(lambda x: x == 0 or abs(x) > 1e-20), st.just(math.nan)
        )
    else:
        low, high = LIMITS[group["encoding"]]
        numbers = st.one_of(st.just(low), st.integers(low, high))
    return data.draw(st.lists(st.tuples(*[numbers] * channels), min_size=rows, max_size=rows), label="table")


@given(
    rows=st.lists(st.tuples(st.integers(-500, 3000), st.floats(-1e3, 1e3, width=32)), max_size=30),
    window=st.tuples(st.integers(0, 2500), st.integers(0, 2500)),
)
def test_timestamped_rows_are_cut_and_ordered(rows, window):
    begin, end = sorted(window)
    layout = {
        "encoding": "float32",
        "channels": [{"id": "a"}],
        "timestamped": True,
        "chunk_period": 2.0,
        "start_ms": 1e12,
        "end_ms": 1e12 + 2000,
        "from_ms": 1e12 + begin,
        "to_ms": 1e12 + end,
        "chunks": [0, 1],
    }
    chunk = decode_chunk(np.array(rows, "<f4").reshape(-1, 2).tobytes(), SegmentGeometry.from_layout(layout), 0)
    kept = sorted((row for row in rows if begin <= row[0] < min(end, 2000)), key=lambda row: row[0])
    assert chunk.times.tolist() == [1e12 + t for t, _ in kept]
    assert chunk.values[:, 0].tolist() == [v for _, v in kept]


def test_scaling_maps_the_ends_of_the_range(layout):
    inverted = layout(signal_min=5.0, signal_max=-5.0, exponent=-3)
    factor, offset = scaling(SegmentGeometry.from_layout(inverted))
    assert -32768 * factor + offset == 0.005
    assert 32767 * factor + offset == -0.005


@given(st.lists(st.booleans(), max_size=40))
def test_runs_are_where_the_mask_is(mask):
    found = [number for start, stop in runs(np.array(mask, bool)) for number in range(start, stop)]
    assert found == [number for number, each in enumerate(mask) if each]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted).map(tuple)))
def test_joined_spans_cover_the_same_and_never_touch(spans):
    result = joined(spans)
    assert {n for a, b in result for n in range(a, b)} == {n for a, b in spans for n in range(a, b)}
    assert all(left[1] < right[0] for left, right in pairwise(result))
