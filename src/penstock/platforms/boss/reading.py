"""Filling an array from concurrent cutouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from anyio import to_thread

from penstock.formats.cuboid import decode
from penstock.formats.grid import tiles
from penstock.platforms.boss.cutouts import Cutout, open_cutout
from penstock.platforms.boss.slabs import TILE_BYTES
from penstock.platforms.concurrency import each

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from penstock.formats.grid import Box
    from penstock.platforms.boss.channel import Channel
    from penstock.platforms.boss.wire import Wire
    from penstock.types import Span

    Voxels = NDArray[np.unsignedinteger[Any]]

_OVERHEAD = 1 << 16  # a frame of noise is a little longer than what it holds


async def read_box(wire: Wire, channel: Channel, box: Box, *, res: int, iso: bool, time: Span | None) -> Voxels:
    """Fetch a box in tiles and put each where it belongs.

    Returns:
        Axes Z, Y, X, or T, Z, Y, X when `time` is given.
    """
    samples = range(*time) if time else None
    whole = np.empty((len(samples), *box.shape) if samples else box.shape, channel.dtype)

    async def fetch(cutout: Cutout) -> None:
        await _fetch(wire, cutout, whole[_place(box, cutout, time)])

    cutouts = (
        Cutout(channel.path, res, tile, iso, (t, t + 1) if t is not None else None)
        for t in samples or (None,)
        for tile in tiles(box, channel.dtype.itemsize, TILE_BYTES)
    )
    await each(cutouts, fetch, at_most=wire.context.limits.ceiling(wire.http.origin) + 2)
    return whole


async def _fetch(wire: Wire, cutout: Cutout, into: Voxels) -> None:
    """Bring one cutout into its place; the slot is given back before the bytes are decoded."""
    ceiling = into.nbytes + _OVERHEAD

    async def attempt() -> None:
        async with wire.context.limits.slot(wire.http.origin), open_cutout(wire.http, cutout) as body:
            frame = await body.read(ceiling)
        await to_thread.run_sync(_decode, frame, into)

    async with wire.context.memory.reserve(2 * ceiling):
        await wire.context.retry.run(wire.http.origin, attempt, limits=wire.context.limits)


def _decode(frame: bytes, into: Voxels) -> None:
    into[...] = decode(frame, into.shape, into.dtype)


def _place(box: Box, cutout: Cutout, time: Span | None) -> tuple[int | slice, ...]:
    """Tell where in the whole array a cutout lies."""
    place = cutout.box.within(box)
    if time is None or cutout.time is None:
        return place
    return slice(cutout.time[0] - time[0], cutout.time[1] - time[0]), *place
