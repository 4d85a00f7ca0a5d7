"""`penstock sds`: what only SDS has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli._command import command

if TYPE_CHECKING:
    from penstock.cli._output import Output


@click.group()
def sds() -> None:
    """Radio-spectrum files: the account and single files."""


@command("whoami", examples="penstock sds whoami\npenstock sds whoami --json")
async def whoami(output: Output) -> None:
    """Show the account that the API key belongs to."""
    from penstock import Sds

    async with Sds() as service:
        email = await service.authenticate()
    output.facts({"email": email})


@command("info", examples="penstock sds info UUID\npenstock sds info UUID --json")
@click.argument("uuid")
async def info(output: Output, uuid: str) -> None:
    """Describe the file UUID."""
    from penstock import Sds

    async with Sds() as service:
        file = await service.file(uuid)
    output.facts(
        {
            "uuid": str(file.uuid),
            "path": str(file.path),
            "size": file.size,
            "blake3": file.sum_blake3,
            "media_type": file.media_type,
            "created": file.created_at.isoformat(),
        }
    )


sds.add_command(whoami)
sds.add_command(info)
