"""Points in time as users write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pytest

from penstock.errors import SelectionError
from penstock.platforms.seer.instants import milliseconds, moment, stamp

NEW_YEAR = 1577836800000.0


@pytest.mark.parametrize(
    "value",
    [
        "2020-01-01",
        "20200101",
        "2020-01-01T00:00:00Z",
        "2020-01-01T10:00:00+10:00",
        " 2020-01-01 00:00 ",
        "1577836800000",
        date(2020, 1, 1),
        datetime(2020, 1, 1),
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2020, 1, 1, 9, 30, tzinfo=timezone(timedelta(hours=9.5))),
        1577836800000,
        1577836800000.0,
        Fraction(1577836800000),
        np.int64(1577836800000),
        np.float64(1577836800000),
        np.datetime64("2020-01-01"),
    ],
)
def test_every_spelling_means_the_same_instant(value):
    assert milliseconds(value) == NEW_YEAR


def test_thirteen_digits_are_milliseconds_not_a_date():
    assert milliseconds("1512012312345") == 1512012312345.0


@pytest.mark.parametrize(
    "value", ["", "yesterday", "2020", "12:00", float("nan"), float("inf"), True, None, [1], np.datetime64("NaT", "ms")]
)
def test_anything_else_is_refused(value):
    with pytest.raises(SelectionError):
        milliseconds(value)


def test_fractions_of_milliseconds_survive():
    assert milliseconds(1526275675734.375) == 1526275675734.375
    assert moment(1526275675734.375) == datetime(2018, 5, 14, 5, 27, 55, 734375, tzinfo=UTC)


def test_stamp_is_cut_to_milliseconds():
    assert stamp(1526275675734.999) == "20180514T052755.734Z"
    assert stamp(NEW_YEAR) == "20200101T000000.000Z"
