"""Services over labels: reserve new ones, list those in a box, bound one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from penstock.sandbox.boss.accounts import require_change, require_read
from penstock.sandbox.boss.faults import Breakdown, Code, Refusal
from penstock.sandbox.boss.levels import Level, check_resolution, level_of
from penstock.sandbox.boss.region import parse
from penstock.sandbox.boss.voxels import CUBOID_ZYX, Box, cuboid_box, extent_of

if TYPE_CHECKING:
    from penstock.sandbox.boss.call import Call
    from penstock.sandbox.boss.catalog import Channel


def reserve(call: Call) -> Any:
    """Hand out labels that nobody else gets; the count comes back as text, as the real service spells it."""
    account, channel = call.member(), call.channel()
    if channel.type != "annotation":
        raise Breakdown
    require_change(account, channel)
    count = call.names["count"]
    start = max(channel.next_id, channel.volume.base.highest_id + 1)
    channel.next_id = start + int(count)
    return {"start_id": start, "count": count}


def _annotation(call: Call) -> Channel:
    account, channel = call.member(), call.channel()
    require_read(account, channel)
    if channel.type != "annotation":
        raise Refusal(Code.DATATYPE_NOT_SUPPORTED, "only annotations have labels")
    return channel


async def list_ids(call: Call) -> Any:
    """List the labels that occur in a box, as text, without 0; the time range is ignored."""
    channel = _annotation(call)
    region = parse(channel, {**call.names, "t": None}, {})
    region.check_size()
    labels = await call.compute(lambda: np.unique(region.read()))
    return {"ids": [str(label) for label in labels if label]}


async def bounding_box(call: Call) -> Any:
    """Bound a label, to the voxel or loosely to whole cuboids."""
    channel, res, label = _annotation(call), int(call.names["res"]), int(call.names["label"])
    check_resolution(channel, res)
    kind = call.query.get("type", "loose")
    if kind not in ("loose", "tight"):
        raise Refusal(Code.INVALID_ARGUMENT, f"{kind} is no type of bounding box")
    level = level_of(channel.experiment, res, iso=False)
    box = await call.compute(lambda: _bound(channel, level, label))
    if box is None:
        raise Refusal(Code.OBJECT_NOT_FOUND, f"label {label} does not occur")
    box = _loosen(box) if kind == "loose" else box
    return {"x_range": box.x, "y_range": box.y, "z_range": box.z, "t_range": [0, 1]}


def _bound(channel: Channel, level: Level, label: int) -> Box | None:
    """Search the few cuboids where the label can be: those written, and those near where the base has it."""
    indices = {index for _, index in channel.volume.written(level.res)}
    extent = extent_of(level)
    for near in channel.volume.base.whereabouts(label):
        indices |= set(_coarser(near, level).meet(extent).cuboids())
    found = None
    for index in indices:
        part = _bound_cuboid(channel, level, label, cuboid_box(index))
        if part is not None:
            found = part if found is None else _around(found, part)
    return found


def _coarser(box: Box, level: Level) -> Box:
    """Scale a box of level 0 to another level, outwards."""
    halvings = (level.res, level.res, level.z_halvings)
    spans = zip((box.x, box.y, box.z), halvings, strict=True)
    return Box(*((start >> times, (stop >> times) + 1) for (start, stop), times in spans))


def _bound_cuboid(channel: Channel, level: Level, label: int, box: Box) -> Box | None:
    samples = channel.experiment.num_time_samples
    hits = channel.volume.read(level, box, range(1), samples)[0] == label
    if not hits.any():
        return None
    spans = []
    for axis, start in enumerate((box.z[0], box.y[0], box.x[0])):
        (where,) = np.nonzero(hits.any(axis=tuple(other for other in range(3) if other != axis)))
        spans.append((start + int(where[0]), start + int(where[-1]) + 1))
    return Box(*reversed(spans))


def _around(a: Box, b: Box) -> Box:
    pairs = ((a.x, b.x), (a.y, b.y), (a.z, b.z))
    return Box(*((min(p[0], q[0]), max(p[1], q[1])) for p, q in pairs))


def _loosen(box: Box) -> Box:
    z, y, x = (
        (a // size * size, -(-b // size) * size) for (a, b), size in zip((box.z, box.y, box.x), CUBOID_ZYX, strict=True)
    )
    return Box(x, y, z)
