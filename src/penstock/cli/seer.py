"""`penstock seer`: what only Seer has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from penstock.cli._command import command
from penstock.cli.ls import write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from penstock.cli._output import Output


@click.group()
def seer() -> None:
    """EEG and wearables: studies and their segments."""


@command("studies", examples="penstock seer studies\npenstock seer studies --search epilepsy --json")
@click.option("--search", metavar="TEXT", help="Only studies whose name has this in it.")
async def studies(output: Output, search: str | None) -> None:
    """List the studies that the account can see."""
    await write(output, _studies(search), empty="No study matches.")


async def _studies(search: str | None) -> AsyncIterator[dict[str, Any]]:
    from penstock import Seer

    async with Seer() as service:
        async for study in service.studies(search=search):
            yield {"id": study.id, "name": study.name, "description": study.description or ""}


@command("segments", examples="penstock seer segments STUDY\npenstock seer segments STUDY --json")
@click.argument("study")
async def segments(output: Output, study: str) -> None:
    """List the contiguous recordings of STUDY."""
    await write(output, _segments(study), empty="The study has no recordings.")


async def _segments(study: str) -> AsyncIterator[dict[str, Any]]:
    from penstock import Seer

    async with Seer() as service:
        metadata = await service.metadata(study)
        for group in metadata.channel_groups:
            for segment in group.segments:
                yield {
                    "id": segment.id,
                    "group": group.title,
                    "start": segment.start.isoformat(),
                    "seconds": segment.duration / 1000,
                    "channels": len(group.channels),
                }


seer.add_command(studies)
seer.add_command(segments)
