"""Commands are async functions: this runs them, handles signals and turns errors into exit codes."""

from __future__ import annotations

import functools
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import anyio
import click

from penstock.cli._errors import INTERRUPTED, TERMINATED, report_error
from penstock.cli._output import Output
from penstock.errors import sole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

AsyncCommand = "Callable[..., Awaitable[int | None]]"

_OUTPUT_OPTIONS = (
    click.option("--json", "style", flag_value="json", help="Write one JSON document to stdout."),
    click.option("--jsonl", "style", flag_value="jsonl", help="Write JSON lines to stdout: events, then the result."),
    click.option("-q", "--quiet", "style", flag_value="quiet", help="Write bare names or paths only."),
    click.option("--no-progress", is_flag=True, help="Draw no progress display."),
    click.option("--debug", is_flag=True, help="Show tracebacks."),
)


def command(
    name: str, *, examples: str, **settings: Any
) -> Callable[[Callable[..., Awaitable[int | None]]], click.Command]:
    """Make a click command of an async function that takes an `Output` first.

    Args:
        name: The command's name.
        examples: Calls to show at the end of its help, one a line.
        settings: Passed on to click.
    """

    def decorate(function: Callable[..., Awaitable[int | None]]) -> click.Command:
        @functools.wraps(function)
        def run(*, style: str | None, no_progress: bool, debug: bool, **options: Any) -> None:
            output = Output(style=style or "human", progress=not no_progress, debug=debug)  # type: ignore[arg-type]  # the flags are the styles
            sys.exit(run_to_exit(functools.partial(function, output, **options), output))

        decorated: Callable[..., None] = run
        for option in reversed(_OUTPUT_OPTIONS):
            decorated = option(decorated)
        epilog = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples.strip().splitlines())
        make: Callable[[Callable[..., None]], click.Command] = click.command(name, epilog=epilog, **settings)
        made = make(decorated)
        shared = len(_OUTPUT_OPTIONS)
        made.params = made.params[shared:] + made.params[:shared]  # help tells what is special first
        return made

    return decorate


def run_to_exit(function: Callable[[], Awaitable[int | None]], output: Output) -> int:
    """Run an async function to its end and return the process's exit code.

    The first SIGINT or SIGTERM cancels it, so that it leaves everything resumable; a second one ends the
    process at once, which is safe too.
    """
    received: list[int] = []
    replace_closed_streams()
    try:
        code = anyio.run(_unwrapped, function, received)
    except BrokenPipeError:
        return _reader_is_gone()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last place where it can be told to a person
        return report_error(error, output)
    if received:
        output.complain("Interrupted; everything that arrived is kept.")
        if output.resume_with:
            output.complain(f"Resume with: {output.resume_with}")
        return TERMINATED if received[0] == signal.SIGTERM else INTERRUPTED
    return code or 0


def replace_closed_streams() -> None:
    """Put the null device where a standard stream was closed; else the next file opened would take its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.dup2(null := os.open(os.devnull, os.O_RDWR), number)
            if null != number:
                os.close(null)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def _reader_is_gone() -> int:
    """End quietly when whoever read our output has seen enough; Python must not try to flush it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


async def _unwrapped(function: Callable[[], Awaitable[int | None]], received: list[int]) -> int | None:
    try:
        return await _until_signalled(function, received)
    except BaseExceptionGroup as group:
        raise sole(group) from None


async def _until_signalled(function: Callable[[], Awaitable[int | None]], received: list[int]) -> int | None:
    code: int | None = None
    async with anyio.create_task_group() as tasks:
        work = anyio.CancelScope()

        async def watch() -> None:
            with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                async for number in signals:
                    if received:
                        os._exit(INTERRUPTED)
                    received.append(number)
                    work.cancel()

        tasks.start_soon(watch)
        with work:
            code = await function()
        tasks.cancel_scope.cancel()
    return code
