"""Blosc-1 frames of voxels, as BOSS sends and takes them.

The native decoder trusts the header it is given, and a frame has no checksum. So every number in the header is
compared with what was asked for before native code sees it; what remains is decoded into memory of exactly the
right size. That proves that the frame is whole, never that its voxels are right.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from penstock.errors import FormatError, Truncated

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER_BYTES = 16
LARGEST = 2_147_483_631
"""Bytes that one frame can hold at most."""

_VERSION = 2
_STORED = 0x02


@cache
def _blosc() -> Any:
    """Load blosc so that many worker threads can decode at once, each on its own core, without the GIL."""
    import blosc

    blosc.set_releasegil(True)
    blosc.set_nthreads(1)
    return blosc


def check_frame(frame: bytes | memoryview, nbytes: int, itemsize: int) -> None:
    """Compare a frame's header with what was asked for.

    Args:
        frame: The whole body.
        nbytes: Bytes that it must decode to.
        itemsize: Bytes of a voxel; the server declares it in bits.

    Raises:
        Truncated: The frame is shorter or longer than it says.
        FormatError: It is no Blosc-1 frame, or one of something else.
    """
    if len(frame) < HEADER_BYTES:
        raise Truncated(f"a cuboid frame ends after {len(frame)} bytes, within its header")
    if frame[0] != _VERSION:
        raise FormatError(f"a body that begins with {bytes(frame[:4]).hex()} is no Blosc-1 frame")
    declared, block, length = (int.from_bytes(frame[at : at + 4], "little") for at in (4, 8, 12))
    if length != len(frame):
        raise Truncated(f"a cuboid frame of {length} bytes came as {len(frame)}")
    if declared != nbytes or nbytes > LARGEST:
        raise FormatError(f"a cuboid frame holds {declared} bytes where {nbytes} were asked for")
    if frame[3] not in {itemsize, 8 * itemsize}:
        raise FormatError(f"a cuboid frame holds items of size {frame[3]}, not of {itemsize} bytes")
    if not 0 < block <= nbytes and nbytes:
        raise FormatError(f"a cuboid frame of {nbytes} bytes claims blocks of {block}")
    if frame[2] & _STORED and length != nbytes + HEADER_BYTES:
        raise FormatError(f"a stored cuboid frame of {nbytes} bytes is {length} long")


def decode(
    frame: bytes | memoryview, shape: Sequence[int], dtype: npt.DTypeLike, out: npt.NDArray[Any] | None = None
) -> npt.NDArray[Any]:
    """Decode a frame of voxels.

    Args:
        frame: The whole body of a cutout.
        shape: Axes Z, Y, X, or T, Z, Y, X when a range of times was asked for.
        dtype: Type of a voxel; taken as little-endian.
        out: C-contiguous array of that shape and type to decode into.

    Raises:
        FormatError: The body is not such a frame.
        Truncated: It is shorter or longer than it says.
    """
    kind = np.dtype(dtype).newbyteorder("<")
    nbytes = math.prod(shape) * kind.itemsize
    check_frame(frame, nbytes, kind.itemsize)
    array = np.empty(tuple(shape), kind) if out is None else _suitable(out, shape, kind)
    if nbytes:
        _decompress(frame, array)
    return array


def _suitable(out: npt.NDArray[Any], shape: Sequence[int], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    if out.shape != tuple(shape) or out.dtype != kind or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out must be a writeable C-contiguous {kind} array of shape {tuple(shape)}")
    return out


def _decompress(frame: bytes | memoryview, array: npt.NDArray[Any]) -> None:
    blosc = _blosc()
    try:
        written = blosc.decompress_ptr(frame, array.ctypes.data)
    except (blosc.blosc_extension.error, SystemError, RuntimeError, ValueError, TypeError) as error:
        raise FormatError(f"a cuboid frame does not decode: {error}") from error
    if written != array.nbytes:
        raise FormatError(f"a cuboid frame decoded to {written} bytes where {array.nbytes} were asked for")


def encode(array: npt.NDArray[Any], *, typesize_bits: bool = False, codec: str = "blosclz", level: int = 9) -> bytes:
    """Encode voxels as one frame that BOSS accepts.

    Args:
        array: Axes Z, Y, X or T, Z, Y, X.
        typesize_bits: Declare the size of a voxel in bits, as the server itself and its older clients do.
        codec: `blosclz`, `lz4`, `lz4hc`, `zlib` or `zstd`.
        level: 0 to 9.
    """
    if array.nbytes > LARGEST:
        raise FormatError(f"{array.nbytes} bytes are more than one cuboid frame can hold")
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    typesize = plain.itemsize * (8 if typesize_bits else 1)
    frame: bytes = _blosc().compress(plain.tobytes(), typesize, clevel=level, cname=codec)
    return frame
