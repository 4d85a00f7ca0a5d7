"""Bodies of cutouts: how the service packs and unpacks voxels."""

from __future__ import annotations

import importlib
import io
import pickle
import zlib
from typing import TYPE_CHECKING, Any

import blosc
import numpy as np
import numpy.typing as npt
from blosc.blosc_extension import error as BloscError  # noqa: N812

from penstock.sandbox.boss.faults import Breakdown, Code, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from penstock.sandbox.boss.voxels import Voxels

BLOSC_LARGEST = 2**31 - 1 - 16
"""Bytes that a Blosc 1 frame can hold; somewhat less than the service allows 64-bit voxels."""

blosc.set_releasegil(True)


def to_blosc(voxels: Voxels) -> bytes:
    """Pack as the service does: blosclz, hardest level, shuffled, and the size of an item given in bits."""
    raw = np.ascontiguousarray(voxels).reshape(-1).view(np.uint8)
    packed: bytes = blosc.compress(
        raw.data, typesize=voxels.itemsize * 8, clevel=9, shuffle=blosc.SHUFFLE, cname="blosclz"
    )
    return packed


def to_npygz(voxels: Voxels) -> bytes:
    """Pack as an NPY file in a zlib stream; despite its name it is no gzip."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(voxels), version=(1, 0), allow_pickle=False)
    return zlib.compress(file.getvalue())


def to_blosc_python(voxels: Voxels) -> bytes:
    """Pack a pickled array, for old Python clients."""
    packed: bytes = blosc.pack_array(voxels)
    return packed


def to_jpeg(voxels: Voxels) -> bytes:
    """Draw planes of (z, y, x) in grey, one below the other.

    Raises:
        Refusal: Pillow is absent; said with code 9000 and 501, which the real service never sends.
    """
    try:
        image = importlib.import_module("PIL.Image")
    except ImportError:
        raise Refusal(Code.FUTURE, "this sandbox has no JPEG encoder: install Pillow beside it") from None
    file = io.BytesIO()
    image.fromarray(voxels.reshape(-1, voxels.shape[-1])).save(file, "JPEG", quality=85)
    return file.getvalue()


ENCODERS: Mapping[str, Callable[[Voxels], bytes]] = {
    "application/blosc": to_blosc,
    "application/blosc-python": to_blosc_python,
    "application/npygz": to_npygz,
    "image/jpeg": to_jpeg,
}


def from_blosc(body: bytes, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> Voxels:
    """Unpack raw voxels, whose shape is the URL's alone.

    Raises:
        Refusal: Code 2002 when their number is wrong.
        Breakdown: It is no Blosc frame.
    """
    expected = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if _announced(body) != expected:
        raise Refusal(Code.DATA_DIMENSION_MISMATCH, f"the body does not hold {expected} bytes")
    return np.frombuffer(_unblosc(body), dtype).reshape(shape)


def from_npygz(body: bytes, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> Voxels:
    """Unpack a self-describing NPY body; see `_conform` for what is refused."""
    try:
        array = np.load(io.BytesIO(zlib.decompress(body)), allow_pickle=False)
    except (zlib.error, ValueError, EOFError) as error:
        raise Breakdown from error
    return _conform(array, dtype, shape)


def from_blosc_python(body: bytes, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> Voxels:
    """Unpack a pickled array without letting the pickle run anything but NumPy's own reconstruction."""
    _announced(body)
    try:
        array = _ArrayUnpickler(io.BytesIO(_unblosc(body))).load()
    except (pickle.UnpicklingError, EOFError, ValueError) as error:
        raise Breakdown from error
    return _conform(np.asarray(array), dtype, shape)


DECODERS: Mapping[str, Callable[[bytes, npt.DTypeLike, tuple[int, ...]], Voxels]] = {
    "application/blosc": from_blosc,
    "application/blosc-python": from_blosc_python,
    "application/npygz": from_npygz,
}


def _announced(body: bytes) -> int:
    """Read the raw size out of a Blosc header."""
    if len(body) < 16 or int.from_bytes(body[12:16], "little") != len(body):
        raise Breakdown
    return int.from_bytes(body[4:8], "little")


def _unblosc(body: bytes) -> bytes:
    try:
        raw: bytes = blosc.decompress(body)
    except (BloscError, ValueError) as error:
        raise Breakdown from error
    return raw


def _conform(array: Voxels, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> Voxels:
    """Check a self-describing array against the URL; a single time sample may stand for none.

    Raises:
        Refusal: Code 2001 for another type, 2002 for another shape.
    """
    if array.dtype != np.dtype(dtype):
        raise Refusal(Code.DATATYPE_DOES_NOT_MATCH, f"the body holds {array.dtype}")
    if array.shape not in (shape, shape[1:] if shape[0] == 1 else shape):
        raise Refusal(Code.DATA_DIMENSION_MISMATCH, f"the body has the shape {array.shape}")
    return array.reshape(shape)


class _ArrayUnpickler(pickle.Unpickler):
    """Knows the few names that a pickled array refers to, whatever release of NumPy wrote it."""

    _names: Mapping[str, Any] = {
        "_reconstruct": np.empty(0).__reduce__()[0],
        "_frombuffer": np.empty(0).__reduce_ex__(5)[0],
        "ndarray": np.ndarray,
        "dtype": np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] != "numpy" or name not in self._names:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a pickled array")
        return self._names[name]
