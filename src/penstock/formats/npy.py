"""The `.npy` container: write its header by hand so that data starts at a known byte, read foreign ones with care."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format

from penstock.errors import FormatError, Truncated

if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC = b"\x93NUMPY"
_ALIGN = 64
_LONGEST_HEADER = 10_000
_PLAIN_KINDS = "biufc"


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What the header of an `.npy` says; `offset` is where the data starts."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    offset: int

    @property
    def nbytes(self) -> int:
        """Bytes of data that must follow."""
        return math.prod(self.shape) * self.dtype.itemsize


def header(shape: Sequence[int], dtype: npt.DTypeLike) -> bytes:
    """Return the version 1.0 header of a C-ordered array, the same bytes under every numpy.

    Args:
        shape: Of the array.
        dtype: Its type, a plain number.
    """
    described = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": tuple(int(n) for n in shape)}
    text = repr(described).encode("latin-1")
    padding = -(len(MAGIC) + 4 + len(text) + 1) % _ALIGN
    text += b" " * padding + b"\n"
    return MAGIC + b"\x01\x00" + len(text).to_bytes(2, "little") + text


def parse_header(data: bytes | memoryview) -> NpyHeader:
    """Read the header at the start of `data` without ever evaluating or unpickling anything.

    Raises:
        FormatError: It is no `.npy`, or holds objects rather than plain numbers.
    """
    stream = io.BytesIO(bytes(data[: _LONGEST_HEADER + 16]))
    try:
        version = npy_format.read_magic(stream)
        read = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}[version]
        shape, fortran_order, dtype = read(stream, max_header_size=_LONGEST_HEADER)
    except (KeyError, ValueError, TypeError, SyntaxError, TokenError, OverflowError, RecursionError, EOFError) as error:
        raise FormatError(f"an npy header does not parse: {error}") from error
    if dtype.kind not in _PLAIN_KINDS or dtype.subdtype is not None:
        raise FormatError(f"an npy array of type {dtype} holds more than plain numbers")
    if any(length < 0 for length in shape):
        raise FormatError(f"an npy header claims the shape {shape}")
    return NpyHeader(shape, dtype, fortran_order, stream.tell())


def read_array(
    data: bytes | memoryview, *, shape: Sequence[int] | None = None, dtype: npt.DTypeLike | None = None
) -> npt.NDArray[Any]:
    """View the array inside a complete `.npy`, after its header was compared with what was asked for.

    Args:
        data: The whole file.
        shape: What the shape must be, when known.
        dtype: What the type must be, when known.

    Raises:
        FormatError: The header does not parse or says something else, or other bytes follow the data.
        Truncated: The data ends too early.
    """
    found = parse_header(data)
    if shape is not None and found.shape != tuple(shape):
        raise FormatError(f"an npy array has the shape {found.shape} where {tuple(shape)} was asked for")
    if dtype is not None and found.dtype != np.dtype(dtype):
        raise FormatError(f"an npy array is of type {found.dtype} where {np.dtype(dtype)} was asked for")
    body = memoryview(data)[found.offset :]
    if len(body) < found.nbytes:
        raise Truncated(f"an npy array of {found.nbytes} bytes ends after {len(body)}")
    if len(body) > found.nbytes:
        raise FormatError(f"{len(body) - found.nbytes} bytes follow the end of an npy array")
    flat: npt.NDArray[Any] = np.frombuffer(body, found.dtype)
    return flat.reshape(found.shape[::-1]).T if found.fortran_order else flat.reshape(found.shape)
