"""`penstock boss`: what only BOSS has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli._command import command

if TYPE_CHECKING:
    from penstock.cli._output import Output


@click.group()
def boss() -> None:
    """Volumetric microscopy: collections, experiments and channels."""


@command("info", examples="penstock boss info kharris15/apical/em\npenstock boss info demo/cortex/em --json")
@click.argument("channel")
async def info(output: Output, channel: str) -> None:
    """Describe CHANNEL, given as COLLECTION/EXPERIMENT/CHANNEL."""
    from penstock import Boss

    async with Boss() as service:
        found = await service.channel(channel.removeprefix("boss://"))
    extent = found.extent(found.base_resolution)
    facts = {
        "path": found.path,
        "type": found.type,
        "dtype": str(found.dtype),
        "x": list(extent.x),
        "y": list(extent.y),
        "z": list(extent.z),
        "voxel_size_nm": list(found.voxel_size),
        "levels": sorted(found.levels),
        "downsample_status": found.downsample_status,
        "storage_type": found.storage_type,
        "public": found.public,
        "description": found.description,
    }
    output.facts(facts)


boss.add_command(info)
