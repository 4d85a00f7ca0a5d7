"""`penstock demo`: the tour, from every platform at once, against a sandbox of its own."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import click

from penstock.cli._command import command
from penstock.cli._errors import SOME_FAILED
from penstock.cli._output import human_size
from penstock.cli._platforms import planned
from penstock.cli._progress import display

if TYPE_CHECKING:
    from penstock import Context, Report
    from penstock.cli._output import Output
    from penstock.cli._progress import Display

TOUR: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("boss://demo/cortex/em", {"x": (0, 1024), "y": (0, 1024), "z": (0, 32)}, "boss"),
    ("sds:///captures/westford", {}, "sds"),
)
"""What is downloaded, and to which folder; the Seer study is asked for by name."""


@command(
    "demo",
    examples="""
penstock demo
penstock demo --to /tmp/tour
penstock demo --json
""",
)
@click.option("--to", default="penstock-demo", show_default=True, metavar="DIR", help="Folder for the data.")
async def demo(output: Output, to: str) -> int:
    """Start a sandbox, download from every platform at once, verify, and show where to look next."""
    from penstock import Context
    from penstock.sandbox import SandboxProcess

    output.say("Starting a sandbox that emulates every platform on this machine ...")
    async with SandboxProcess() as sandbox:
        os.environ.update(sandbox.env)
        async with Context() as context:
            with display(output) as shown:
                rows = await _tour(Path(to), context, shown)
    output.result({"to": to, "transfers": rows}, text=None, names=[to])
    if output.style == "human":
        _tell(rows, to, output)
    return 0 if all(row["verified"] for row in rows) else SOME_FAILED


async def _tour(to: Path, context: Context, shown: Display) -> list[dict[str, Any]]:
    from penstock import Seer

    rows: list[dict[str, Any]] = []
    async with AsyncExitStack() as stack:
        seer = await stack.enter_async_context(Seer(context=context))
        study = (await seer.studies())[0]
        tour = ((f"seer://{study.id}", {"channels": ("*EEG*",)}, "seer"), *TOUR)
        async with anyio.create_task_group() as tasks:
            for url, options, folder in tour:
                tasks.start_soon(_download, url, options, to / folder, context, shown, rows)
    return sorted(rows, key=lambda row: str(row["platform"]))


async def _download(
    url: str, options: dict[str, Any], to: Path, context: Context, shown: Display, rows: list[dict[str, Any]]
) -> None:
    from penstock import verify

    started = time.monotonic()
    async with planned(url, options, to, context) as plan:
        report = await plan.apply(on_event=shown.watch(url))
    report.raise_for_failures()
    found = await verify(to)
    rows.append(_row(url, report, found.size, found.intact, time.monotonic() - started))


def _row(url: str, report: Report, size: int, intact: bool, seconds: float) -> dict[str, Any]:
    return {
        "platform": report.platform,
        "url": url,
        "items": report.items,
        "bytes": size,
        "received": report.received,
        "seconds": round(seconds, 2),
        "verified": intact,
        "folder": report.target,
    }


def _tell(rows: list[dict[str, Any]], to: str, output: Output) -> None:
    shown = [
        {
            "platform": row["platform"],
            "items": row["items"],
            "bytes": human_size(row["bytes"]),
            "seconds": row["seconds"],
            "verified": "yes" if row["verified"] else "NO",
            "folder": row["folder"],
        }
        for row in rows
    ]
    output.table(shown, empty="", aligned=True)
    if not any(row["received"] for row in rows):
        output.say("\nNothing was downloaded: everything stands already, complete and verified.")
    output.say(
        f"\nLook next at\n"
        f"  {to}/seer   numpy arrays, samples x channels, each with a JSON sidecar: numpy.load(...)\n"
        f"  {to}/boss   a TIFF for each plane: open the folder as a stack in ImageJ or napari\n"
        f"  {to}/sds    a Digital RF capture, byte for byte as stored\n"
        f"Try  {_name()} sandbox run -- penstock ls seer://   and   {_name()} pull --help"
    )


def _name() -> str:
    """Spell the command so that it can be typed as it stands, whether or not its environment is active."""
    called = sys.argv[0]
    return called if Path(called).name == "penstock" and shutil.which("penstock") is None else "penstock"
