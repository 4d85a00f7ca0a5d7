"""`penstock sandbox`: the emulators, on this machine, without an account."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import click

from penstock.cli._command import command
from penstock.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.cli._output import Output


@click.group()
def sandbox() -> None:
    """Run emulators of the platforms on this machine; everything in penstock works against them."""


def _shape(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what the sandbox holds and how it behaves."""
    options = (
        click.option("--scale", type=click.Choice(["tiny", "small", "large"]), default="tiny", show_default=True),
        click.option("--seed", type=int, default=0, show_default=True, help="Another seed, other data."),
        click.option("--latency", type=float, default=0.0, metavar="MS", help="Delay each answer by this long."),
        click.option("--data", type=click.Path(exists=True, file_okay=False), help="Serve real vectors from here."),
        click.option("--log", type=click.Path(dir_okay=False), help="Write a JSON line for each request."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@command(
    "up",
    short_help="Start the sandbox and keep it running.",
    examples="""
penstock sandbox up
penstock sandbox up --scale small --latency 20
penstock sandbox up --json
""",
)
@_shape
async def up(output: Output, **shape: Any) -> None:
    """Start the sandbox and keep it running; prints the environment to paste into another terminal."""
    from penstock.sandbox import Sandbox

    shape["latency"] /= 1000
    async with Sandbox(**shape) as running:
        exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in sorted(running.env.items()))
        output.result({"env": running.env, "urls": running.urls}, text=exports)
        output.say("The sandbox is running. Paste the lines above into another terminal; Ctrl-C here stops it.")
        await anyio.sleep_forever()


@command(
    "run",
    short_help="Run one command, or a shell, in a sandbox.",
    examples="""
penstock sandbox run -- penstock ls seer://
penstock sandbox run -- bash
penstock sandbox run --scale small -- python analysis.py
penstock sandbox run --latency 30 --log requests.jsonl -- penstock pull sds:///captures/westford --to captures
""",
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
)
@_shape
@click.argument("program", nargs=-1, required=True)
async def run(output: Output, program: tuple[str, ...], **shape: Any) -> int:
    """Start the sandbox, run PROGRAM with its environment, stop it, and exit as PROGRAM did."""
    from penstock.sandbox import SandboxProcess

    shape["latency"] /= 1000
    async with SandboxProcess(**shape) as running:
        try:
            process = await anyio.open_process(
                program, env={**_environment(), **running.env}, stdin=None, stdout=None, stderr=None
            )
        except FileNotFoundError:
            raise NotFound(
                f"there is no program {program[0]!r}", hint="Write it as you would without the sandbox."
            ) from None
        async with process:
            status = await process.wait()
    return status if status >= 0 else 128 - status


def _environment() -> dict[str, str]:
    """Let programs find `penstock` last of all where this one runs from, whether or not its environment is active."""
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, "PATH": f"{path}{os.pathsep}{Path(sys.executable).parent}"}


sandbox.add_command(up)
sandbox.add_command(run)
