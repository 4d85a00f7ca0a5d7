"""`penstock resume`: finish what was begun in a folder."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from anyio import to_thread

from penstock.cli import _options
from penstock.cli._command import command
from penstock.cli._platforms import planned
from penstock.cli.pull import carry_out, context_from
from penstock.errors import NotFound

if TYPE_CHECKING:
    from penstock.cli._output import Output
    from penstock.types import JsonObject


@command(
    "resume",
    examples="""
penstock resume data
penstock resume data --bandwidth 20MB/s
penstock resume data --json
""",
)
@click.argument("folder")
@_options.connections
@_options.memory
@_options.bandwidth
async def resume(output: Output, folder: str, **options: Any) -> int:
    """Run every pull of FOLDER again that is not complete; only what is missing is fetched."""
    runs = await to_thread.run_sync(unfinished, Path(folder))
    if not runs:
        output.result({"runs": 0}, text=f"Nothing to resume: every pull to {folder} is complete.")
        return 0
    codes = []
    async with context_from(options) as context:
        for selection in runs:
            async with planned(selection["url"], selection["options"], folder, context) as plan:
                codes.append(await carry_out(plan, selection["url"], output))
    return max(codes)


def unfinished(folder: Path) -> list[JsonObject]:
    """Return the selections that are not complete: every one, when a file that was placed is gone.

    Raises:
        NotFound: Nothing was ever pulled to the folder.
    """
    from penstock.transfer.journal import Journal

    path = folder / ".penstock" / "journal.sqlite3"
    if not path.is_file():
        raise NotFound(f"nothing was pulled to {folder}", hint="Give the folder that `penstock pull --to` named.")
    with closing(Journal(path, readonly=True)) as journal:
        lost = any(not (folder / row["path"]).is_file() for row in journal.placed())
        return [selection for selection, finished in journal.runs() if lost or not finished]
