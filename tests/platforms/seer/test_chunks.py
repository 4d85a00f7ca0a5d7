"""Segment to chunk mapping and chunk addresses."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.platforms.seer.chunks import chunk_count, chunk_span, chunk_url

P = 10_000.0


@pytest.mark.parametrize(
    ("duration", "count"), [(0, 0), (1, 1), (10_000, 1), (10_000.001, 2), (15_000, 2), (0.1 * 3 * P / 0.3, 1)]
)
def test_counts_chunks(duration, count):
    assert chunk_count(duration, P) == count


@pytest.mark.parametrize(
    ("window", "chunks"),
    [
        ((-math.inf, math.inf), (0, 2)),
        ((1_000, 11_000), (0, 1)),
        ((1_000, 11_000.5), (0, 2)),
        ((11_000, 16_000), (1, 2)),
        ((10_999.5, 11_000), (0, 1)),
        ((16_000, 20_000), (0, 0)),
        ((0, 1_000), (0, 0)),
        ((5_000, 5_000), (0, 0)),
    ],
)
def test_windows_are_half_open(window, chunks):
    """A segment of 15 s from t = 1 s on."""
    assert chunk_span(1_000, 15_000, P, *window) == chunks


@given(
    start=st.integers(-10_000, 10_000),
    duration=st.integers(1, 100_000),
    window=st.tuples(st.integers(-20_000, 120_000), st.integers(-20_000, 120_000)),
)
def test_span_is_what_testing_each_chunk_gives(start, duration, window):
    begin, stop = sorted(window)
    end = start + duration
    expected = [
        index
        for index in range(math.ceil(duration / P))
        if begin < stop and start + index * P < min(stop, end) and min(start + (index + 1) * P, end) > begin
    ]
    first, last = chunk_span(start, duration, P, begin, stop)
    assert list(range(first, last)) == expected


def test_only_the_file_name_is_renumbered():
    base = "https://cdn.example/00000000000.dat/seg_00000000000.dat?Policy=00000000000.dat&Signature=a%2Fb~"
    assert (
        chunk_url(base, 42)
        == "https://cdn.example/00000000000.dat/seg_00000000042.dat?Policy=00000000000.dat&Signature=a%2Fb~"
    )


def test_a_url_of_another_form_addresses_no_chunks():
    assert chunk_url("https://cdn.example/chunk-0.dat?x=00000000000.dat", 1) is None
