"""`penstock ls`: what is behind a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from penstock.cli._command import command
from penstock.cli._output import human_size
from penstock.cli._urls import Address, parse
from penstock.errors import NotFound, SelectionError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from penstock.cli._output import Output

    Row = dict[str, Any]


@command(
    "ls",
    examples="""
penstock ls seer://
penstock ls boss://collection/experiment/channel
penstock ls sds:///captures --json
""",
)
@click.argument("url")
async def ls(output: Output, url: str) -> None:
    """List what is behind URL: studies, groups of channels, collections down to levels, or files."""
    address = parse(url)
    await write(output, _LISTINGS[address.platform](address), empty=f"There is nothing behind {url}.")


async def write(output: Output, rows: AsyncIterator[Row], *, empty: str) -> None:
    """Write rows as they come, or all at once where columns must be aligned or a document closed.

    The first column is what `--quiet` prints.
    """
    if output.wants_all_rows:
        all_rows = [row async for row in rows]
        output.table(all_rows, empty=empty)
        return
    any_row = False
    async for row in rows:
        any_row = True
        output.table([row], empty=empty)
    if not any_row:
        output.table([], empty=empty)


def _boss(address: Address) -> AsyncIterator[Row]:
    names = address.segments
    if len(names) > 3:
        raise SelectionError(f"{address} is too deep", hint="Give at most boss://COLLECTION/EXPERIMENT/CHANNEL.")
    return _boss_levels("/".join(names)) if len(names) == 3 else _boss_names(names)


async def _boss_names(names: list[str]) -> AsyncIterator[Row]:
    from penstock import Boss

    async with Boss() as boss:
        depth = len(names)
        pager = (
            boss.collections()
            if depth == 0
            else boss.experiments(names[0])
            if depth == 1
            else boss.channels("/".join(names))
        )
        async for name in pager:
            yield {
                "url": "boss://" + "/".join([*names, str(name)]),
                "kind": ("collection", "experiment", "channel")[depth],
            }


async def _boss_levels(path: str) -> AsyncIterator[Row]:
    from penstock import Boss

    async with Boss() as boss:
        channel = await boss.channel(path)
        for number, level in sorted(channel.levels.items()):
            box = level.extent
            shape = [stop - start for start, stop in (box.x, box.y, box.z)]
            yield {
                "level": number,
                "x": f"{box.x[0]}:{box.x[1]}",
                "y": f"{box.y[0]}:{box.y[1]}",
                "z": f"{box.z[0]}:{box.z[1]}",
                "voxel": " x ".join(f"{edge:g}" for edge in level.voxel_size) + " nm",
                "dtype": str(channel.dtype),
                "size": human_size(shape[0] * shape[1] * shape[2] * channel.dtype.itemsize),
            }


def _seer(address: Address) -> AsyncIterator[Row]:
    if len(address.segments) > 1:
        raise SelectionError(f"{address} is too deep", hint="Give seer:// or seer://STUDY.")
    return _channels(address.segments[0]) if address.segments else _studies()


async def _studies() -> AsyncIterator[Row]:
    from penstock import Seer

    async with Seer() as seer:
        async for study in seer.studies():
            yield {"url": f"seer://{study.id}", "name": study.name}


async def _channels(study: str) -> AsyncIterator[Row]:
    from penstock import Seer

    async with Seer() as seer:
        metadata = await seer.metadata(study)
        for group in metadata.channel_groups:
            for label in group.labels:
                yield {
                    "channel": label,
                    "group": group.title,
                    "rate": f"{group.sample_rate:g} Hz" if group.sample_rate else "irregular",
                    "units": group.units or "",
                    "segments": len(group.segments),
                }


async def _sds(address: Address) -> AsyncIterator[Row]:
    from penstock import Sds

    any_file = False
    async with Sds() as sds:
        async for file in sds.files(address.path or "/"):
            any_file = True
            yield {"url": f"sds://{file.path}", "size": file.size, "created": file.created_at.isoformat()}
    if not any_file and address.segments:
        raise NotFound(f"there is no file at or below {address}", hint="List everything with `penstock ls sds:///`.")


_LISTINGS: dict[str, Callable[[Address], AsyncIterator[Row]]] = {"seer": _seer, "boss": _boss, "sds": _sds}
