"""`penstock pull`: download what a URL names."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from penstock.cli import _options
from penstock.cli._command import command
from penstock.cli._errors import SOME_FAILED, exit_code
from penstock.cli._output import human_size
from penstock.cli._platforms import planned
from penstock.cli._progress import display

if TYPE_CHECKING:
    from penstock import Context, Plan, Report
    from penstock.cli._output import Output


@command(
    "pull",
    examples="""
penstock pull seer://STUDY --channels 'EEG*' --to data
penstock pull boss://COLLECTION/EXPERIMENT/CHANNEL --x 0:1024 --y 0:1024 --z 0:64 --to stack --format tiff
penstock pull sds:///captures/westford --to captures --json
""",
)
@click.argument("url")
@click.option("--to", required=True, metavar="DIR", help="Folder to download to; run again, it goes on from there.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and why, without doing it.")
@click.option("--format", metavar="NAME", help="Format on disk: npy for seer, tiff for boss.")
@click.option(
    "--channels",
    multiple=True,
    metavar="GLOB",
    help="seer: channels, by their names or by their group's; may be repeated.",
)
@click.option("--groups", multiple=True, metavar="GLOB", help="seer: groups of channels, by name; may be repeated.")
@click.option("--start", metavar="TIME", help="seer, sds: from this time on (ISO 8601; UTC unless it says otherwise).")
@click.option("--stop", metavar="TIME", help="seer, sds: up to, not including, this time.")
@click.option("--x", type=_options.RANGE, help="boss: columns, in voxels of the level.")
@click.option("--y", type=_options.RANGE, help="boss: rows; all unless given, as for --x and --z.")
@click.option("--z", type=_options.RANGE, help="boss: planes.")
@click.option("--res", metavar="N", type=click.IntRange(0, 9), help="boss: resolution level.")
@click.option("--iso", is_flag=True, default=None, help="boss: use the isotropic pyramid.")
@_options.connections
@_options.memory
@_options.bandwidth
async def pull(output: Output, url: str, to: str, dry_run: bool, **options: Any) -> int:
    """Download what URL names into a folder, verified, and resumable by running it again."""
    async with context_from(options) as context, planned(url, options, to, context) as plan:
        if dry_run:
            return await show(plan, output)
        return await carry_out(plan, url, output)


def context_from(options: dict[str, Any]) -> Context:
    """Take the options that concern all platforms out of `options`, and make a Context of them."""
    from penstock import Context

    names = ("connections", "memory", "bandwidth")
    given = {name: options.pop(name) for name in names if name in options}
    return Context(**{name: value for name, value in given.items() if value is not None})


async def show(plan: Plan, output: Output) -> int:
    """Print the operations of a plan, each with its reason."""
    rows = [
        {
            "target": operation.item.target or plan.to.name,
            "action": operation.action,
            "size": human_size(operation.item.size) if operation.item.size is not None else "?",
            "parts": operation.item.parts,
            "reason": operation.reason,
        }
        async for operation in plan
    ]
    output.table(rows, empty="Nothing matches; nothing would be downloaded.")
    return 0


async def carry_out(plan: Plan, url: str, output: Output) -> int:
    """Apply a plan with progress, write its report and return the exit code."""
    output.resume_with = f"penstock resume {shlex.quote(str(plan.to))}"
    with display(output) as shown:
        report = await plan.apply(on_event=shown.watch(url))
    output.result(report.to_json(), text=in_words(report), names=[report.target])
    if report.failures:
        lament(report, output)
    return outcome(report)


def lament(report: Report, output: Output) -> None:
    """Name the first failures, what can be done about each kind, and how to go on."""
    for failure in report.failures[:20]:
        output.complain(f"penstock: {failure.item}: {failure.error}")
    if len(report.failures) > 20:
        output.complain(f"penstock: … and {len(report.failures) - 20} more; --json lists all")
    for hint in list(dict.fromkeys(failure.error.hint for failure in report.failures if failure.error.hint))[:3]:
        output.say(f"Hint: {hint}")
    output.say(f"Hint: Fetch what is missing with: {output.resume_with}")


def outcome(report: Report) -> int:
    """Return 0, the exit code that every failure shares, or 6 where some items stand and others failed."""
    codes = {exit_code(failure.error) for failure in report.failures}
    if not codes:
        return 0
    return codes.pop() if len(codes) == 1 and not (report.done or report.unneeded) else SOME_FAILED


def in_words(report: Report) -> str:
    """Say what a transfer did, in a line or two."""
    if not report.items:
        return f"Nothing matches; nothing was downloaded to {report.target}."
    if report.unneeded == report.items:
        return f"Nothing to download: all {report.items} items stand in {report.target} already."
    levels = ", ".join(f"{count} at level {level}" for level, count in sorted(report.levels.items()))
    lines = [
        f"{report.files} files, {human_size(report.written)}, in {report.target}",
        f"{human_size(report.received)} received in {report.seconds:.1f} s, {human_size(report.rate)}/s",
        f"{report.done} items done, {report.unneeded} there already, {len(report.failures)} failed",
    ]
    if levels:
        lines.append(f"verified: {levels}")
    if report.gaps:
        lines.append(f"gaps: the service has no data for {report.gaps} parts; the sidecars list them")
    return "\n".join(lines)
