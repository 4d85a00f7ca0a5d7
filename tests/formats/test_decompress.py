"""Compressed bodies, whole and broken."""

from __future__ import annotations

import gzip
import random
import sys
import zlib

import brotli
import pytest

from penstock.errors import FormatError, Truncated
from penstock.formats import decompress as module
from penstock.formats.decompress import decompress

PLAIN = random.Random(0).randbytes(300) * 3 + bytes(500)
BODIES = {"gzip": gzip.compress(PLAIN), "br": brotli.compress(PLAIN)}


@pytest.fixture(params=["isal", "zlib"], autouse=True)
def inflater(request, monkeypatch):
    """Run with and without the fast inflater."""
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
    else:
        pytest.importorskip("isal", reason="isal is not installed")
    module._inflater.cache_clear()
    yield
    module._inflater.cache_clear()


@pytest.mark.parametrize("compression", BODIES)
def test_opens_what_fits_exactly(compression):
    assert decompress(BODIES[compression], compression, len(PLAIN)) == PLAIN


@pytest.mark.parametrize("compression", BODIES)
def test_one_byte_too_many_is_refused(compression):
    with pytest.raises(FormatError, match="more than"):
        decompress(BODIES[compression], compression, len(PLAIN) - 1)


@pytest.mark.parametrize("compression", BODIES)
def test_a_cut_at_any_byte_is_noticed(compression):
    body = BODIES[compression]
    first = 2 if compression == "gzip" else 0  # shorter than the magic it is not taken for gzip
    for length in range(first, len(body)):
        with pytest.raises(Truncated):
            decompress(body[:length], compression, len(PLAIN))


@pytest.mark.parametrize("compression", BODIES)
@pytest.mark.parametrize("tail", [b"\0", b"x", gzip.compress(b"more")], ids=["zero", "letter", "member"])
def test_nothing_may_follow(compression, tail):
    with pytest.raises(FormatError):
        decompress(BODIES[compression] + tail, compression, 2 * len(PLAIN))


def test_no_flipped_bit_of_gzip_data_does_harm():
    """It is noticed, or it lies in padding that carries no meaning."""
    body = BODIES["gzip"]
    for at in range(10, len(body)):
        broken = bytearray(body)
        broken[at] ^= 1 << at % 8
        try:
            plain = decompress(bytes(broken), "gzip", len(PLAIN))
        except (FormatError, Truncated):
            continue
        assert plain == PLAIN


def test_empty_gzip_and_nothing_at_all():
    assert decompress(gzip.compress(b""), "gzip", 0) == b""
    assert decompress(b"", "none", 0) == b""


def test_raw_deflate_is_not_gzip():
    assert decompress(zlib.compress(PLAIN), "gzip", 10**6) == zlib.compress(PLAIN)
