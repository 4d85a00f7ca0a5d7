"""`penstock verify`: compare a folder with its manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from penstock.cli._command import command
from penstock.cli._output import human_size

if TYPE_CHECKING:
    from penstock.cli._output import Output


@command(
    "verify",
    examples="""
penstock verify data
penstock verify data --level size
penstock verify data --json
""",
)
@click.argument("folder")
@click.option(
    "--level",
    type=click.Choice(["size", "digest"]),
    default="digest",
    show_default=True,
    help="Compare sizes only, or read every byte.",
)
async def verify(output: Output, folder: str, level: Literal["size", "digest"]) -> int:
    """Compare every file of FOLDER with its manifest; needs neither network nor account."""
    from penstock.transfer.verify import verify as compare

    found = await compare(folder, level=level)
    text = f"{found.files} files, {human_size(found.size)}: all as the manifest says (level {level})."
    output.result(found.to_json(), text=text if found.intact else None, names=[*found.missing, *found.changed])
    found.raise_for_failures()
    return 0
