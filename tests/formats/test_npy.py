"""The npy container, ours and foreign."""

from __future__ import annotations

import base64
import io
import json
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from penstock.errors import FormatError, Truncated
from penstock.formats.npy import header, parse_header, read_array


def saved(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


ARRAYS = hnp.arrays(
    st.sampled_from(["<i2", "<f4", ">f8", "u1", "<c8"]), hnp.array_shapes(min_dims=0, min_side=0), elements=st.just(7)
)


@given(ARRAYS)
def test_numpy_reads_what_we_write(array):
    plain = array.astype(array.dtype.newbyteorder("<"))
    data = header(plain.shape, plain.dtype) + plain.tobytes()
    np.testing.assert_array_equal(np.load(io.BytesIO(data)), plain)
    assert parse_header(data).offset % 64 == 0


@given(ARRAYS, st.booleans())
def test_we_read_what_numpy_writes(array, fortran):
    array = np.asfortranarray(array) if fortran else array
    np.testing.assert_array_equal(read_array(saved(array), shape=array.shape, dtype=array.dtype), array)


def test_service_s_own_arrays_decode(vectors):
    pairs = {each["name"]: each for each in json.loads((vectors / "boss" / "golden_v1.json").read_text())}
    body = zlib.decompress(base64.b64decode(pairs["get u16 application/npygz"]["response_body_b64"]))
    array = read_array(body, shape=(2, 3, 4), dtype="<u2")
    assert array.ravel().tolist() == [1000 * (n + 1) % 65536 for n in range(24)]


def test_another_shape_or_type_is_refused_before_any_memory_is_taken():
    lying = header((10**12,), "<f8")
    with pytest.raises(FormatError, match="shape"):
        read_array(lying, shape=(3,))
    with pytest.raises(Truncated):
        read_array(lying)
    with pytest.raises(FormatError, match="type"):
        read_array(saved(np.zeros(3)), dtype="<f4")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x09\x00",
        b"PK\x03\x04" + bytes(60),
        saved(np.array([{}], dtype=object), allow_pickle=True),
        saved(np.zeros(2, "<M8[ns]")),
        saved(np.zeros(2, [("a", "<i4")])),
        b"\x93NUMPY\x01\x00\x20\x00{'descr': __import__('os').getcwd",
        saved(np.zeros(2)).replace(b"(2,)", b"(-2)"),
    ],
)
def test_everything_else_is_refused(data):
    with pytest.raises((FormatError, Truncated)):
        read_array(data)


def test_nothing_may_follow_the_data():
    with pytest.raises(FormatError, match="follow"):
        read_array(saved(np.zeros(2)) + b"x")


@given(st.binary(max_size=120), st.integers(0, 127))
def test_noise_in_a_header_raises_nothing_else(noise, at):
    data = bytearray(saved(np.zeros(3)))
    data[at : at + len(noise)] = noise
    with suppress(FormatError, Truncated):
        read_array(bytes(data))
