"""Names that may reach the service, and ranges that make sense."""

from __future__ import annotations

import numpy as np
import pytest

from penstock.errors import SelectionError
from penstock.formats.grid import Box
from penstock.platforms.boss.boxes import box_within
from penstock.platforms.boss.cutouts import Cutout
from penstock.platforms.boss.paths import split_path

WHOLE = Box((0, 100), (10, 50), (0, 16))


@pytest.mark.parametrize("path", ["a/b/c", "/a/b/c/", "boss://a/b/c"])
def test_a_path_reads_the_same_with_and_without_its_scheme(path: str) -> None:
    assert split_path(path, 3) == ("a", "b", "c")


@pytest.mark.parametrize(
    "path", ["a/b", "a/b/c/d", "", "a//c", "a/b b/c", "a/b/c%20", "a/../c", "a/b/ü", "a/b/" + "x" * 256]
)
def test_what_is_no_name_never_reaches_the_service(path: str) -> None:
    with pytest.raises(SelectionError):
        split_path(path, 3)


def test_axes_that_are_not_given_are_taken_whole() -> None:
    assert box_within(WHOLE, None, (20, 30), None) == ((0, 100), (20, 30), (0, 16))
    assert box_within(WHOLE, np.array([1, 2]), None, None).x == (1, 2)


@pytest.mark.parametrize("x", [(5, 5), (6, 5), (-1, 5), (0, 101), (1,), (1, 2, 3), ("a", "b"), (0.5, 2), 7])
def test_ranges_that_make_no_sense_name_those_that_do(x: object) -> None:
    with pytest.raises(SelectionError) as caught:
        box_within(WHOLE, x, None, None)
    if isinstance(x, tuple) and len(x) == 2 and all(isinstance(bound, int) for bound in x):
        assert "x 0:100, y 10:50, z 0:16" in f"{caught.value} {caught.value.hint}"


def test_requests_leave_the_services_cache_alone() -> None:
    cutout = Cutout("a/b/c", 3, Box((0, 512), (1, 2), (16, 32)))
    assert cutout.url == "/v1/cutout/a/b/c/3/0:512/1:2/16:32/?access-mode=no-cache"
    timed = Cutout("a/b/c", 3, Box((0, 512), (1, 2), (16, 32)), iso=True, time=(4, 5))
    assert timed.url == "/v1/cutout/a/b/c/3/0:512/1:2/16:32/4:5/?access-mode=no-cache&iso=true"
