"""The cutout service: read, write and blacken boxes of voxels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from aiohttp import web

from penstock.sandbox.boss.accounts import Account, require_change, require_read
from penstock.sandbox.boss.codecs import BLOSC_LARGEST, DECODERS, ENCODERS
from penstock.sandbox.boss.faults import Breakdown, Code, InvalidToken, Refusal, empty
from penstock.sandbox.boss.region import Region, parse

if TYPE_CHECKING:
    from penstock.sandbox.boss.call import Call
    from penstock.sandbox.boss.catalog import Channel
    from penstock.sandbox.boss.voxels import Voxels

DEFAULT = "application/blosc"
JSON = "application/json"


async def read_cutout(call: Call) -> web.Response:
    """Answer voxels, packed as the Accept header wants."""
    media = _negotiate(call)
    account, channel = _identify(call, media), call.channel()
    if account is None and not channel.public:
        raise Breakdown
    require_read(account, channel)
    _check_cache_mode(call)
    region = parse(channel, call.names, call.query)
    region.check_size()
    labels = _filter(call, channel)
    if media == JSON or region.nbytes > BLOSC_LARGEST:
        raise Breakdown
    _check_drawable(media, region)
    body = await call.compute(partial(_packed, call, region, media, labels))
    return web.Response(body=body, headers={"Content-Type": media})


async def write_cutout(call: Call) -> web.Response:
    """Merge voxels into the channel; zeros leave alone what is there."""
    region = _writable(call)
    decode = DECODERS.get(call.request.content_type)
    if decode is None or not call.body:
        raise Breakdown
    region.check_size()
    dtype = region.channel.volume.dtype
    await call.compute(
        lambda: region.channel.volume.merge(
            region.level, region.box, region.times, decode(call.body, dtype, region.shape)
        )
    )
    _outdate(region.channel)
    return empty(201)


async def blacken_cutout(call: Call) -> web.Response:
    """Write true zeros, which posting cannot."""
    region = _writable(call)
    region.check_size()
    await call.compute(lambda: region.channel.volume.blacken(region.level, region.box, region.times))
    _outdate(region.channel)
    return empty(200)


def _negotiate(call: Call) -> str:
    """Choose the encoding; one that is not on offer makes the real server stumble."""
    for media in call.accepts:
        if media in ("*/*", "application/*"):
            return DEFAULT
        if media in ENCODERS or media == JSON:
            return media
    raise Breakdown


def _identify(call: Call, media: str) -> Account | None:
    """Find who asks; the binary renderers choke on the answer that a bad token gets."""
    try:
        return call.account()
    except InvalidToken:
        if media == JSON:
            raise
        raise Breakdown from None


def _check_cache_mode(call: Call) -> None:
    """Stumble over a cache mode that the server does not know, or that is given in both spellings."""
    mode, old = call.query.get("access-mode"), call.query.get("no-cache")
    if mode not in (None, "cache", "no-cache", "raw") or (old or "true").lower() not in ("true", "false"):
        raise Breakdown
    if mode is not None and old is not None:
        raise Breakdown


def _filter(call: Call, channel: Channel) -> list[int] | None:
    """Read the labels to keep; a garbled list keeps none."""
    if "filter" not in call.query:
        return None
    if channel.type != "annotation":
        raise Refusal(Code.DATATYPE_NOT_SUPPORTED, "only annotations can be filtered")
    try:
        return [int(label) for label in call.query["filter"].split(",")]
    except ValueError:
        return []


def _check_drawable(media: str, region: Region) -> None:
    if media != "image/jpeg":
        return
    if region.channel.datatype != "uint8":
        raise Refusal(Code.DATATYPE_DOES_NOT_MATCH, "only uint8 can be drawn")
    if region.timed:
        raise Refusal(Code.UNSUPPORTED_4D, "time series cannot be drawn")


def _packed(call: Call, region: Region, media: str, labels: list[int] | None) -> bytes:
    """Read and pack a region, or find it packed from before; runs in a thread."""

    def pack() -> bytes:
        return ENCODERS[media](_voxels(region, labels))

    phase = region.channel.volume.phase(region.level, region.box)
    if phase is None:
        return pack()
    kept = tuple(labels) if labels is not None else None
    key = (id(region.channel.volume), phase, region.shape, region.times, region.timed, media, kept)
    return call.service.bodies.obtain(key, pack, len)


def _voxels(region: Region, labels: list[int] | None) -> Voxels:
    voxels = region.read()
    if labels is not None:
        voxels[~np.isin(voxels, np.array(labels, dtype=voxels.dtype))] = 0
    return voxels if region.timed else voxels[0]


def _writable(call: Call) -> Region:
    """Find the region to write, for somebody who may.

    Raises:
        Refusal: Code 9001 for a level that is neither the base nor the one above it.
        Breakdown: There is no token, or a bad one.
    """
    account = _identify(call, _negotiate(call))
    if account is None:
        raise Breakdown
    channel = call.channel()
    require_change(account, channel)
    region = parse(channel, call.names, call.query)
    if region.level.res not in (channel.base_resolution, channel.base_resolution + 1):
        raise Refusal(Code.BOSS_SYSTEM_ERROR, "only the base resolution and the one above it can be written")
    if channel.storage_type != "spdb":
        raise Refusal(Code.BOSS_SYSTEM_ERROR, "the channel is stored elsewhere and cannot be written here")
    return region


def _outdate(channel: Channel) -> None:
    """Declare the other levels outdated after a write."""
    channel.downsampling.status = "NOT_DOWNSAMPLED"
