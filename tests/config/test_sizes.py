"""Amounts as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock._config.sizes import parse_count, parse_duration, parse_flag, parse_rate, parse_size
from penstock.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "size"),
    [("4096", 4096), (4096, 4096), ("512MiB", 512 << 20), ("80MB", 80_000_000), ("1.5 GiB", 3 << 29), ("2k", 2000),
     ("2Ki", 2048), ("1tib", 1 << 40), ("10 bytes", 10)],
)  # fmt: skip
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "lots", "-1", "0", 0, -5, "1e9", "5 apples", "1MiB/s", "nan", float("inf"), "8Mbit"]
)
def test_what_is_no_size(text):
    with pytest.raises(ConfigError):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("80MB/s", 80_000_000),
        ("80 MiB/s", 80 << 20),
        ("100Mbit/s", 12_500_000),
        ("1000", 1000),
        ("8kbit/s", 1000),
        ("1MBps", 10**6),
    ],
)
def test_rates(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["fast", "", "0/s", "80MB/h"])
def test_what_is_no_rate(text):
    with pytest.raises(ConfigError):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        (30, 30),
        ("30s", 30),
        ("250ms", 0.25),
        ("1.5min", 90),
        ("1h30m", 5400),
        ("2 h", 7200),
        ("1d", 86400),
        (0, 0),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5 fortnights", "-3", -3, "1h foo", "s"])
def test_what_is_no_duration(text):
    with pytest.raises(ConfigError):
        parse_duration(text)


@given(st.text())
def test_nothing_but_our_own_error_comes_out(text):
    for parse in (parse_size, parse_rate, parse_duration, parse_flag, parse_count):
        with suppress(ConfigError):
            parse(text)


@given(st.integers(1, 1 << 50))
def test_plain_numbers_stay(number):
    assert parse_size(number) == parse_size(str(number)) == number


@pytest.mark.parametrize(
    ("text", "flag"), [("true", True), ("YES", True), (1, True), (False, False), ("off", False), ("0", False)]
)
def test_flags(text, flag):
    assert parse_flag(text) is flag


def test_counts():
    assert parse_count("8") == 8
    for text in ("0", "many", "1.5"):
        with pytest.raises(ConfigError):
            parse_count(text)
