"""Remote names become local paths that never leave the folder and never meet."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.transfer.names import RESERVED, is_contained, safe_path, safe_segment

HOSTILE = [
    "../../x", "/etc/passwd", "a/../../b", "..", ".", "", "a//b", "a\0b", "x\ny", "%2e%2e/", "\uff0e\uff0e/",
    "~/x", "-rf", ".penstock/journal.sqlite3", "penstock-manifest.jsonl", ".PENSTOCK", "e" * 300, "🙂" * 100, "a/" * 50, "\ud800",
]  # fmt: skip

names = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(HOSTILE)
tricky = st.text(alphabet="./%25Ff0\0aE", max_size=8)


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_stays_inside(key: str) -> None:
    path = safe_path(key)

    assert is_contained(path)
    assert path.split("/")[0].casefold() not in RESERVED


@given(names | tricky)
def test_every_segment_is_one_plain_name(name: str) -> None:
    segment = safe_segment(name)

    assert segment not in {"", ".", ".."}
    assert "/" not in segment
    assert "\0" not in segment
    assert len(segment.encode()) <= 255
    assert PurePosixPath(segment).name == segment


@given(tricky | names, tricky | names)
def test_two_names_never_meet(one: str, other: str) -> None:
    assert (safe_segment(one) == safe_segment(other)) == (one == other)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="/%"), min_size=3, max_size=40)
)
def test_an_ordinary_name_is_kept(name: str) -> None:
    if name.casefold() in RESERVED:
        return

    assert safe_segment(name) == name
