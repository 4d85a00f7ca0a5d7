"""The `cuboid-tiff` sink: a slab of cutouts becomes a TIFF file a plane, named as ndpull names it.

Cutouts are kept one after another in a part file, each where it will stay, whatever order they come in. At the end
each plane is read back band by band and compressed strip by strip, so memory does not grow with the frame.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import zlib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import cache, cached_property, partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from penstock.errors import FormatError
from penstock.formats.cuboid import decode
from penstock.formats.files import finished, local_errors
from penstock.formats.grid import Box
from penstock.formats.part import PartFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from penstock.types import Item, JsonObject, Output, Span

STRIP_BYTES = 64 << 10
BAND_BYTES = 4 << 20
"""Voxels of a plane that are in memory at once; a whole number of strips, at least one."""

CLASSIC_BYTES = (1 << 32) - (1 << 24)
"""Planes of more voxel bytes than this are written as BigTIFF."""

_DEFLATE_LEVEL = 6
_ISAL_LEVEL = 2
_ENCODERS = min(4, max(1, (os.cpu_count() or 1) // 2))
"""Planes of one slab that are encoded at once: deflate is what takes the time, and it needs no GIL."""
_NICE = 10

_NM_PER_CM = 10_000_000


def _yield_to_others() -> None:
    """Let an encoding thread give way to whoever answers the network, where a thread has a priority of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


class CuboidTiffSink:
    """Writes one TIFF a plane of the item's slab, into the folder that is the item's target."""

    whole: ClassVar[bool] = True

    def __init__(self, item: Item, scratch: Path) -> None:
        self._item = item
        self._scratch = scratch
        self._slab = Slab(item.layout)
        self._file = PartFile(scratch / "slab.part")

    @classmethod
    def targets(cls, item: Item) -> list[str]:
        """List the planes' files."""
        slab = Slab(item.layout)
        return [_join(item.target, slab.name(z)) for z in range(*slab.box.z)]

    def open(self, resume: bool) -> None:
        """Reserve the whole slab, uncompressed."""
        self._file.open(self._slab.size, resume=resume)

    def write(self, part: int, _at: int, body: memoryview | bytes) -> JsonObject | None:
        """Decode a cutout and keep it."""
        voxels = decode(body, self._slab.tiles[part].shape, self._slab.dtype)
        self._file.write(voxels.data, self._slab.offsets[part])
        return None

    def gap(self, part: int) -> JsonObject | None:
        """Keep zeros, as the service itself gives for what was never written."""
        voxels = np.zeros(self._slab.tiles[part].shape, self._slab.dtype)
        self._file.write(voxels.data, self._slab.offsets[part])
        return {"absent": True}

    def sync(self) -> None:
        """Make the cutouts durable."""
        self._file.sync()

    def finish(self, _notes: Mapping[int, JsonObject]) -> list[Output]:
        """Encode every plane."""
        with ThreadPoolExecutor(_ENCODERS, "penstock-tiff", initializer=_yield_to_others) as pool:
            return list(pool.map(self._encode, range(*self._slab.box.z)))

    def _encode(self, z: int) -> Output:
        path = self._scratch / f"plane{z}.tif"
        with local_errors(path):
            write_plane(path, self._slab, z, self._bands(z))
            return finished(path, _join(self._item.target, self._slab.name(z)), "frame")

    def _bands(self, z: int) -> Iterator[npt.NDArray[Any]]:
        """Read a plane in bands of rows; each band is only valid until the next."""
        (y0, y1), rows = self._slab.box.y, self._slab.band_rows
        buffer = np.empty((min(rows, y1 - y0), self._slab.width), self._slab.dtype)
        for start in range(y0, y1, rows):
            band = buffer[: min(rows, y1 - start)]
            self._read_band(z, start, band)
            yield band

    def _read_band(self, z: int, start: int, band: npt.NDArray[Any]) -> None:
        for (y0, y1), row in self._slab.tile_rows.items():
            first, last = max(start, y0), min(start + len(band), y1)
            if first >= last:
                continue
            for tile, offset in row:
                if tile.z[0] <= z < tile.z[1]:
                    column = tile.x[0] - self._slab.box.x[0]
                    rows = self._read_rows(tile, offset, z, (first, last))
                    band[first - start : last - start, column : column + rows.shape[1]] = rows

    def _read_rows(self, tile: Box, offset: int, z: int, y: Span) -> npt.NDArray[Any]:
        """Read rows of one plane of a tile, which lie together in the part file."""
        _, height, width = tile.shape
        rows = np.empty((y[1] - y[0], width), self._slab.dtype)
        before = (z - tile.z[0]) * height + y[0] - tile.y[0]
        self._file.read_into(rows.data, offset + before * width * rows.itemsize)
        return rows

    def close(self) -> None:
        """Close the part file."""
        self._file.close()


class Slab:
    """What an item's layout says, worked out.

    Attributes:
        box: The voxels of the item.
        dtype: Their type, little-endian.
        tiles: The box of each part.
        offsets: Where each part starts in the part file, in bytes.
        size: Bytes of them all.
    """

    def __init__(self, layout: JsonObject) -> None:
        try:
            bounds = layout["box"]
            self.box = Box(*((int(bounds[axis][0]), int(bounds[axis][1])) for axis in "xyz"))
            self.dtype = np.dtype(layout["dtype"]).newbyteorder("<")
            self.tiles = [Box.from_flat(tile) for tile in layout["tiles"]]
            self._stem, self._digits = str(layout["stem"]), int(layout["digits"])
            self.voxel: list[float] | None = layout.get("voxel")
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise FormatError(f"the layout of a slab is incomplete or malformed: {error!r}") from error
        ends = list(accumulate((tile.voxels * self.dtype.itemsize for tile in self.tiles), initial=0))
        self.offsets, self.size = ends[:-1], ends[-1]
        if sum(tile.voxels for tile in self.tiles) != self.box.voxels:
            raise FormatError(f"the tiles of the slab {self.box.flat()} do not add up to it")

    @cached_property
    def tile_rows(self) -> dict[Span, list[tuple[Box, int]]]:
        """Tiles and their offsets by the span of y that they cover."""
        rows: dict[Span, list[tuple[Box, int]]] = defaultdict(list)
        for tile, offset in zip(self.tiles, self.offsets, strict=True):
            rows[tile.y].append((tile, offset))
        return dict(rows)

    @property
    def height(self) -> int:
        """Rows of a plane."""
        return self.box.shape[1]

    @property
    def width(self) -> int:
        """Voxels of a row."""
        return self.box.shape[2]

    @property
    def strip_rows(self) -> int:
        """Rows of a strip of about `STRIP_BYTES`."""
        return max(1, min(self.height, STRIP_BYTES // (self.width * self.dtype.itemsize)))

    @property
    def band_rows(self) -> int:
        """Rows that are in memory at once, a whole number of strips."""
        strip = self.strip_rows
        return strip * max(1, BAND_BYTES // (strip * self.width * self.dtype.itemsize))

    def name(self, z: int) -> str:
        """Return the file name of a plane."""
        return f"{self._stem}_z{z:0{self._digits}d}.tif"


def write_plane(path: Path, slab: Slab, z: int, bands: Iterator[npt.NDArray[Any]]) -> None:
    """Write a plane as a deflated greyscale TIFF; with the same libraries, the same voxels give the same bytes.

    Args:
        path: Where to; a file that is there is replaced.
        slab: What the plane belongs to.
        z: Which plane it is.
        bands: Its rows from the top, in whole strips.
    """
    import tifffile

    shape = (slab.height, slab.width)
    big = slab.height * slab.width * slab.dtype.itemsize > CLASSIC_BYTES
    with tifffile.TiffWriter(path, bigtiff=big, byteorder="<") as tiff:
        tiff.write(
            _strips(bands, slab.strip_rows),
            shape=shape,
            dtype=slab.dtype,
            photometric="minisblack",
            rowsperstrip=slab.strip_rows,
            compression="zlib",
            description=json.dumps({"DocumentName": slab.name(z), "shape": list(shape)}),
            software="penstock",
            metadata=None,
            **_resolution(slab.voxel),
        )


def _strips(bands: Iterator[npt.NDArray[Any]], rows: int) -> Iterator[bytes]:
    """Compress here rather than in tifffile, whose choice of library would change the bytes."""
    deflated = _deflate()
    for band in bands:
        for start in range(0, len(band), rows):
            yield deflated(band[start : start + rows].data)


@cache
def _deflate() -> Callable[[memoryview], bytes]:
    """Choose isal where it is installed: files as small as those of zlib's level 6 in an eighth of the time."""
    try:
        from isal import isal_zlib
    except ImportError:
        return partial(zlib.compress, level=_DEFLATE_LEVEL)
    return partial(isal_zlib.compress, level=_ISAL_LEVEL)


def _resolution(voxel: list[float] | None) -> dict[str, Any]:
    """Return the tags that give the size of a voxel, as voxels per centimetre."""
    if not voxel or not (voxel[0] > 0 and voxel[1] > 0):
        return {}
    x, y = (Fraction(_NM_PER_CM) / Fraction(size).limit_denominator(1000) for size in voxel[:2])
    return {"resolution": (_rational(x), _rational(y)), "resolutionunit": "CENTIMETER"}


def _rational(value: Fraction) -> tuple[int, int]:
    """Fit a positive fraction into TIFF's two 32-bit numbers."""
    fitted = value.limit_denominator(1000)
    return min(fitted.numerator, 2**32 - 1), fitted.denominator


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder not in {"", "."} else name
