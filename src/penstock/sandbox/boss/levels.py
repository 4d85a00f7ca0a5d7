"""What a resolution level is: its extent, its voxel size, and the stride at which it samples level 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.sandbox.boss.faults import Code, Refusal

if TYPE_CHECKING:
    from penstock.sandbox.boss.catalog import Channel, Experiment, Frame

CUBOID = (512, 512, 16)
"""Voxels of a storage unit along x, y, z, at every level."""


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution of one experiment.

    A voxel (x, y, z) of the level is the sample of level 0 at (x << res, y << res, z << z_halvings), which
    is how the emulator fills every level of every volume but the formula one.

    Attributes:
        res: Number of the level.
        z_halvings: How often z was halved; x and y were halved `res` times.
        start: First voxel along x, y, z: the frame's start divided and rounded down.
        stop: End along x, y, z: the frame's stop halved and rounded up, once a level.
        voxel: Size along x, y, z in the frame's unit.
        isotropic: Whether it belongs to the second, isotropic pyramid of an anisotropic experiment.
    """

    res: int
    z_halvings: int
    start: tuple[int, int, int]
    stop: tuple[int, int, int]
    voxel: tuple[float, float, float]
    isotropic: bool


def ceil_halve(value: int, times: int) -> int:
    """Halve and round up, again and again: what the server does to every stop coordinate."""
    for _ in range(times):
        value = -(-value // 2)
    return value


def isotropic_level(experiment: Experiment) -> int:
    """Find the level whose voxels come nearest to cubes.

    Raises:
        Refusal: Code 9001 when x and y voxel sizes differ: the server cannot tell then.
    """
    if experiment.hierarchy_method == "isotropic":
        return 0
    x, y, z = experiment.frame.voxel
    if x != y:
        raise Refusal(Code.BOSS_SYSTEM_ERROR, "cannot compute the isotropic level: x and y voxel sizes differ")
    return min(range(30), key=lambda res: abs(z / (x * 2**res) - 1))


def level_of(experiment: Experiment, res: int, *, iso: bool) -> Level:
    """Describe one level; `iso` asks for the isotropic pyramid where there is one."""
    isotropic = False
    halvings = res if experiment.hierarchy_method == "isotropic" else 0
    if iso and experiment.hierarchy_method == "anisotropic":
        halvings = max(0, res - isotropic_level(experiment))
        isotropic = halvings > 0
    return _level(experiment.frame, res, halvings, isotropic)


def _level(frame: Frame, res: int, z_halvings: int, isotropic: bool) -> Level:
    (x0, y0, z0), (x1, y1, z1), (vx, vy, vz) = frame.start, frame.stop, frame.voxel
    return Level(
        res,
        z_halvings,
        (x0 >> res, y0 >> res, z0 >> z_halvings),
        (ceil_halve(x1, res), ceil_halve(y1, res), ceil_halve(z1, z_halvings)),
        (vx * 2**res, vy * 2**res, vz * 2**z_halvings),
        isotropic,
    )


def check_resolution(channel: Channel, res: int) -> None:
    """Refuse with code 1002 a level that the channel does not have."""
    levels = range(channel.base_resolution, channel.base_resolution + channel.experiment.num_hierarchy_levels)
    if res not in levels:
        raise Refusal(Code.TYPE_ERROR, f"resolution {res} is outside {levels.start} to {levels.stop - 1}")
