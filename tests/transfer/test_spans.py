"""Interval sets agree with plain sets of integers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.transfer.spans import Spans

spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


def members(pairs: list[tuple[int, int]]) -> set[int]:
    return {n for start, stop in pairs for n in range(start, stop)}


@given(spans)
def test_holds_what_was_added(pairs: list[tuple[int, int]]) -> None:
    held = Spans(pairs)

    assert members(list(held)) == members(pairs)
    assert len(held) == len(members(pairs))


@given(spans)
def test_keeps_intervals_apart_and_in_order(pairs: list[tuple[int, int]]) -> None:
    bounds = [bound for span in Spans(pairs) for bound in span]

    assert bounds == sorted(set(bounds))


@given(spans, st.integers(0, 60), st.integers(0, 60))
def test_names_what_is_missing(pairs: list[tuple[int, int]], start: int, stop: int) -> None:
    held = Spans(pairs)
    missing = [n for n in range(start, stop) if n not in members(pairs)]

    assert list(held.missing(start, stop)) == missing
