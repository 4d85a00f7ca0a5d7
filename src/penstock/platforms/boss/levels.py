"""The pyramid of a channel: which levels there are, how far each reaches and how large its voxels are.

The service halves the stop of an axis by rounding up, level by level. Its own table is authoritative; where it
has none (its rule needs x and y voxels of one size) the same arithmetic is done here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.errors import SelectionError
from penstock.formats.grid import Box, halved, isotropic_level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.platforms.boss.models import ChannelFacts, Experiment, Frame, Pyramid


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the pyramid.

    Attributes:
        res: Its number, as requests name it.
        extent: All of its voxels: half-open ranges along x, y and z.
        voxel_size: Edges of a voxel in nm, as (x, y, z).
    """

    res: int
    extent: Box
    voxel_size: tuple[float, float, float]


def describe_levels(
    facts: ChannelFacts, experiment: Experiment, frame: Frame, table: Pyramid | None, *, iso: bool
) -> dict[int, Level]:
    """Describe every level that requests may name.

    Args:
        facts: Gives the finest level.
        experiment: Gives the number of levels and how they are made.
        frame: Gives level 0; its starts are halved here, rounding down, for the service's table has none.
        table: The service's table for this kind of pyramid, if it has one.
        iso: Whether the isotropic pyramid is meant, which an anisotropic experiment has beside its own.
    """
    first = facts.base_resolution
    return {
        res: _level(res, _z_halvings(experiment, frame, res, iso=iso), frame, table)
        for res in range(first, first + experiment.num_hierarchy_levels)
    }


def _level(res: int, z_halvings: int, frame: Frame, table: Pyramid | None) -> Level:
    halvings = (res, res, z_halvings)
    starts = [start >> n for start, n in zip(frame.start, halvings, strict=True)]
    stops = [halved(stop, n) for stop, n in zip(frame.stop, halvings, strict=True)]
    x, y, z = (size * 2**n for size, n in zip(frame.voxel_size, halvings, strict=True))
    if table and res in table.extent:
        stops = list(table.extent[res])
    if table and res in table.voxel_size:
        x, y, z = (size * frame.nanometres for size in table.voxel_size[res])
    return Level(res, Box(*zip(starts, stops, strict=True)), (x, y, z))


def _z_halvings(experiment: Experiment, frame: Frame, res: int, *, iso: bool) -> int:
    """Tell how often z is halved on the way to a level."""
    if experiment.hierarchy_method == "isotropic":
        return res
    return max(0, res - isotropic_level(frame.voxel_size)) if iso else 0


def find_level(levels: Mapping[int, Level], res: int, path: str) -> Level:
    """Pick a level by its number.

    Raises:
        SelectionError: The channel has no such level.
    """
    if res not in levels:
        raise SelectionError(f"{path} has levels {min(levels)} to {max(levels)}, not {res}")
    return levels[res]
