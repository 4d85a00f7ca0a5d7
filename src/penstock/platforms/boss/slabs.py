"""Cutting a box into items: slabs of at most 16 planes, each of tiles that respect the storage grid.

The service stores blocks of 512 by 512 by 16 voxels counted from voxel 0. A tile whose edges lie on that grid
makes it read every block once; a slab of one block's depth fills whole planes with the least on disk at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.formats.grid import Box, slabs, tiles
from penstock.types import Item, fingerprint

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from penstock.platforms.boss.channel import Channel

TILE_BYTES = 8 << 20
"""Decoded size of a tile: large enough that round trips do not count, small enough to have many under way."""

_HEADER = 16


async def slab_items(channel: Channel, box: Box, *, res: int, iso: bool) -> AsyncGenerator[Item, None]:
    """Yield one item a slab, top to bottom."""
    for z in slabs(*box.z):
        yield _slab(channel, Box(box.x, box.y, z), last_plane=box.z[1], res=res, iso=iso)


def _slab(channel: Channel, box: Box, *, last_plane: int, res: int, iso: bool) -> Item:
    itemsize = channel.dtype.itemsize
    parts = tiles(box, itemsize, TILE_BYTES)
    layout = {
        "dtype": channel.dtype.name,
        "box": {axis: list(span) for axis, span in box._asdict().items()},
        "tiles": [tile.flat() for tile in parts],
        "stem": _stem(channel, box),
        "digits": len(str(last_plane)),
        "voxel": list(channel.level(res, iso=iso).voxel_size),
    }
    source = {"channel": channel.path, "res": res, "iso": iso}
    return Item(
        key=_key(channel, box, layout["digits"], res=res, iso=iso),
        target="",
        identity=fingerprint(source, layout),
        format="cuboid-tiff",
        parts=len(parts),
        part_bytes=2 * max(tile.voxels for tile in parts) * itemsize + _HEADER,
        source=source,
        layout=layout,
    )


def _stem(channel: Channel, box: Box) -> str:
    """Begin the name of every plane the way ndpull does; its number and suffix follow."""
    (x0, x1), (y0, y1), _ = box
    return f"{channel.path.replace('/', '_')}_x{x0}-{x1}_y{y0}-{y1}"


def _key(channel: Channel, box: Box, digits: object, *, res: int, iso: bool) -> str:
    """Name a slab for good. The width of plane numbers is part of the files' names, and so of this one."""
    ranges = "/".join(f"{start}:{stop}" for start, stop in box)
    return f"{channel.path}/{res}/{ranges}" + "?iso" * iso + f"#tiff-z{digits}"
