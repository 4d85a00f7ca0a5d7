"""One place, two spellings: paths as users write them and as the gateway records them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import SelectionError
from penstock.platforms.sds.paths import SdsPath, spells_owner

OWNER = "alice@example.org"


@pytest.mark.parametrize(
    ("text", "relative"),
    [
        ("demo/one", "demo/one"),
        ("/demo/one", "demo/one"),
        ("demo//one/", "demo/one"),
        ("//demo/one", "demo/one"),
        (".", ""),
        ("/", ""),
        ("a/../b/./c//d", "b/c/d"),
        ("/files/alice@example.org/x", "x"),
        ("/files/alice@example.org", ""),
        ("/files/bob@example.org/x", "files/bob@example.org/x"),
        ("files/alice@example.org/x", "files/alice@example.org/x"),
        ("/files/alice@example.orgy/x", "files/alice@example.orgy/x"),
        ("sds:///captures/westford", "captures/westford"),
        ("../alice@example.org/x", "x"),
    ],
)
def test_paths_resolve_as_the_gateway_resolves_them(text: str, relative: str) -> None:
    assert SdsPath.given(text, owner=OWNER).relative == relative


@pytest.mark.parametrize(
    "text",
    ["", "  ", "../../etc", "a/../../b", "/..", "/files/alice@example.org/../bob@example.org/x", "a\nb", "x" * 2049],
)
def test_paths_that_lead_nowhere_are_refused(text: str) -> None:
    with pytest.raises(SelectionError):
        SdsPath.given(text, owner=OWNER)


@pytest.mark.parametrize("text", ["sds://captures/x", "sds:captures", "sds://"])
def test_a_url_without_three_slashes_is_explained(text: str) -> None:
    with pytest.raises(SelectionError) as caught:
        SdsPath.given(text)
    assert "sds:///" in str(caught.value.hint)


def test_only_the_long_spelling_needs_the_account() -> None:
    assert spells_owner("/files/alice@example.org/x")
    assert spells_owner("sds:///files/alice@example.org/x")
    assert not spells_owner("/captures/x")
    assert not spells_owner("files/x")


def test_a_record_reads_alike_in_both_spellings() -> None:
    long = SdsPath.recorded("/files/alice@example.org/captures/x", "a.h5", owner=OWNER)
    short = SdsPath.recorded("/captures/x", "a.h5", owner=OWNER)
    assert long == short
    assert long.short == "/captures/x/a.h5"
    assert long.long == "/files/alice@example.org/captures/x/a.h5"


def test_the_owner_is_learnt_from_the_long_spelling() -> None:
    assert SdsPath.recorded("/files/bob@example.org/d", "f").owner == "bob@example.org"
    with pytest.raises(SelectionError):
        _ = SdsPath.recorded("/d", "f").long


def test_the_root_is_asked_for_by_its_ordered_name() -> None:
    assert SdsPath.given("/").query == "."
    assert SdsPath.given("captures").query == "/captures"
    assert SdsPath.given("/").short == "/"
    assert SdsPath.given("/", owner=OWNER).long == "/files/alice@example.org"


@pytest.mark.parametrize(
    ("folder", "path", "covered"),
    [
        ("demo/on", "demo/one", False),
        ("demo/one", "demo/one", True),
        ("demo/one", "demo/one/b", True),
        ("", "x", True),
        ("demo/one/b", "demo/one", False),
    ],
)
def test_only_true_directory_boundaries_count(folder: str, path: str, *, covered: bool) -> None:
    assert SdsPath(folder).covers(SdsPath(path)) is covered


def test_a_path_below_a_folder_loses_the_folder_and_nothing_else() -> None:
    assert SdsPath("a/b/c.h5").below(SdsPath("a")) == "b/c.h5"
    assert SdsPath("a/b/c.h5").below(SdsPath("")) == "a/b/c.h5"
    assert SdsPath("a/b/c.h5").below(SdsPath("a/b/c.h5")) == "c.h5"


@given(st.lists(st.sampled_from(["a", "b", "..", ".", "", "files", OWNER]), min_size=1, max_size=8).map("/".join))
def test_what_is_accepted_never_leaves_the_root_and_reads_back(text: str) -> None:
    try:
        path = SdsPath.given(text, owner=OWNER)
    except SelectionError:
        return
    assert ".." not in path.relative.split("/")
    assert SdsPath.given(path.long, owner=OWNER) == path
