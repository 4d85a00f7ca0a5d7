"""The downsample service: the table of levels, and jobs that fill them from what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.sandbox.boss.accounts import require_change, require_read
from penstock.sandbox.boss.faults import Code, Refusal
from penstock.sandbox.boss.levels import CUBOID, Level, isotropic_level, level_of
from penstock.sandbox.boss.voxels import Box, Volume, cuboid_box

if TYPE_CHECKING:
    from penstock.sandbox.boss.call import Call
    from penstock.sandbox.boss.catalog import Channel

QUEUED_SECONDS = 0.2
JOB_SECONDS = 0.6


def status_of(channel: Channel, now: float) -> str:
    """Tell where a channel stands at a moment; a running job advances by the clock."""
    job = channel.downsampling
    if job.began is not None:
        elapsed = now - job.began
        job.status = "QUEUED" if elapsed < QUEUED_SECONDS else "IN_PROGRESS" if elapsed < JOB_SECONDS else "DOWNSAMPLED"
        if elapsed >= JOB_SECONDS:
            job.began = None
    return job.status


def read_downsample(call: Call) -> Any:
    """Describe every level of a channel."""
    account, channel = call.member(), call.channel()
    require_read(account, channel)
    experiment = channel.experiment
    isotropic_level(experiment)
    iso = call.query.get("iso", "").lower() == "true"
    levels = [level_of(experiment, res, iso=iso) for res in range(experiment.num_hierarchy_levels)]
    return {
        "status": status_of(channel, call.service.clock()),
        "num_hierarchy_levels": experiment.num_hierarchy_levels,
        "voxel_size": {str(level.res): level.voxel for level in levels},
        "extent": {str(level.res): level.stop for level in levels},
        "cuboid_size": {str(level.res): CUBOID for level in levels},
    }


async def start_downsample(call: Call) -> None:
    """Queue a job; the levels are filled at once, the status follows by the clock."""
    account, channel = call.member(), call.channel()
    require_change(account, channel)
    if status_of(channel, call.service.clock()) not in ("NOT_DOWNSAMPLED", "FAILED"):
        raise Refusal(Code.INVALID_STATE, "the channel is being downsampled, or has been")
    isotropic_level(channel.experiment)
    channel.downsampling.began = call.service.clock()
    channel.downsampling.status = "QUEUED"
    await call.compute(lambda: fill_levels(channel))


def cancel_downsample(call: Call) -> None:
    """Stop a job that is queued or running."""
    account, channel = call.member(), call.channel()
    require_change(account, channel)
    if status_of(channel, call.service.clock()) not in ("QUEUED", "IN_PROGRESS"):
        raise Refusal(Code.INVALID_STATE, "there is no job to cancel")
    channel.downsampling.began = None
    channel.downsampling.status = "NOT_DOWNSAMPLED"


def fill_levels(channel: Channel) -> None:
    """Sample what was written at the base level into every level above it, in both pyramids."""
    experiment, base = channel.experiment, channel.base_resolution
    source = level_of(experiment, base, iso=False)
    for res in range(base + 1, base + experiment.num_hierarchy_levels):
        for level in {level_of(experiment, res, iso=iso) for iso in (False, True)}:
            for t, index in channel.volume.written(base):
                _sample(channel.volume, source, level, t, index)


def _sample(volume: Volume, source: Level, target: Level, t: int, index: tuple[int, int, int]) -> None:
    """Carry one written cuboid over to a coarser level: every 2^n-th voxel of it."""
    box = cuboid_box(index)
    down, down_z = target.res - source.res, target.z_halvings - source.z_halvings
    voxels = volume.read(source, box, range(t, t + 1), t + 1)
    step, step_z = 1 << down, 1 << down_z
    first_z = -box.z[0] % step_z
    sampled = voxels[:, first_z::step_z, ::step, ::step]
    if not sampled.size:
        return
    z0 = (box.z[0] + first_z) >> down_z
    corner = Box(
        (box.x[0] >> down, (box.x[0] >> down) + sampled.shape[3]),
        (box.y[0] >> down, (box.y[0] >> down) + sampled.shape[2]),
        (z0, z0 + sampled.shape[1]),
    )
    volume.replace(target, corner, t, sampled[0])
