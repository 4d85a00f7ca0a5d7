"""The image and tile services: one plane of a volume as a PNG or JPEG."""

from __future__ import annotations

import struct
import zlib
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from aiohttp import web

from penstock.sandbox.boss.accounts import require_read
from penstock.sandbox.boss.codecs import to_jpeg
from penstock.sandbox.boss.faults import Breakdown
from penstock.sandbox.boss.region import Region, parse

if TYPE_CHECKING:
    from penstock.sandbox.boss.call import Call
    from penstock.sandbox.boss.catalog import Channel
    from penstock.sandbox.boss.voxels import Voxels


async def draw_image(call: Call) -> web.Response:
    """Draw the plane that two ranges and an index cut out."""
    channel = _readable(call)
    return await _draw(call, parse(channel, call.names, call.query))


async def draw_tile(call: Call) -> web.Response:
    """Draw one tile of a plane; a tile that crosses the frame's edge is refused, as the real service does."""
    channel, size = _readable(call), int(call.names["size"])
    spans = {axis: int(call.names[axis]) for axis in "xyz"}
    names = dict(call.names)
    for axis in call.names["plane"]:
        names[axis] = f"{spans[axis] * size}:{(spans[axis] + 1) * size}"
    return await _draw(call, parse(channel, names, call.query))


def _readable(call: Call) -> Channel:
    account, channel = call.account(), call.channel()
    if account is None and not channel.public:
        raise Breakdown
    require_read(account, channel)
    return channel


async def _draw(call: Call, region: Region) -> web.Response:
    """Read, flatten and pack a plane in the format that the Accept header prefers."""
    region.check_size(generous=False)
    media = next((media for media in call.accepts if media in ("image/png", "image/jpeg")), "image/png")
    body = await call.compute(partial(_picture, region, media))
    return web.Response(body=body, headers={"Content-Type": media})


def _picture(region: Region, media: str) -> bytes:
    _, depth, height, _ = region.shape
    voxels = region.read()[0]
    plane = voxels[0] if depth == 1 else voxels[:, 0] if height == 1 else voxels[:, :, 0]
    pixels = _visible(plane)
    return to_png(pixels) if media == "image/png" else to_jpeg(pixels)


def _visible(plane: Voxels) -> Voxels:
    """Bring a plane to 8 bits: 16-bit ones lose the lower half, labels get false colours."""
    if plane.dtype.itemsize == 1:
        return plane
    if plane.dtype.itemsize == 2:
        return np.asarray(plane >> 8, np.uint8)
    mixed = plane * np.uint64(0x9E3779B97F4A7C15)
    colours = np.stack([mixed >> np.uint64(shift) & np.uint64(255) for shift in (56, 48, 40)], axis=-1)
    opaque = np.where(plane > 0, 255, 0)[..., None]
    return np.concatenate([np.where(opaque > 0, colours, 0), opaque], axis=-1).astype(np.uint8)


def to_png(pixels: Voxels) -> bytes:
    """Encode 8-bit grey (rows, columns) or RGBA (rows, columns, 4) pixels."""
    height, width = pixels.shape[:2]
    colour_type = 0 if pixels.ndim == 2 else 6
    lines = np.zeros((height, 1 + pixels[0].size), np.uint8)
    lines[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
