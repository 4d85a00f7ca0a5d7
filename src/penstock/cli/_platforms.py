"""From a URL and options to a plan: the one place of the command line that knows how each platform spells it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from penstock.cli._urls import Address, parse
from penstock.errors import SelectionError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from penstock import Context, Plan
    from penstock.types import JsonObject, PathLike

OPTIONS = {
    "seer": {"channels", "groups", "start", "stop", "format", "dtype"},
    "boss": {"x", "y", "z", "res", "iso", "format"},
    "sds": {"start", "stop"},
}
"""What may be said beside a URL of each platform."""


@asynccontextmanager
async def planned(url: str, options: Mapping[str, Any], to: PathLike, context: Context) -> AsyncIterator[Plan]:
    """Open the platform that a URL names and make the plan for it.

    Raises:
        SelectionError: An option that the platform does not know, or a URL that names nothing to download.
    """
    address = parse(url)
    given = {name: value for name, value in options.items() if value not in (None, (), [])}
    if strange := sorted(set(given) - OPTIONS[address.platform]):
        known = ", ".join(f"--{option}" for option in sorted(OPTIONS[address.platform])) or "none"
        raise SelectionError(
            f"--{strange[0]} means nothing for {address.platform}", hint=f"Options for {address.platform}: {known}."
        )
    async with _OPENERS[address.platform](address, given, to, context) as plan, plan:
        yield plan


@asynccontextmanager
async def _seer(address: Address, options: JsonObject, to: PathLike, context: Context) -> AsyncIterator[Plan]:
    from penstock import Seer

    study = _only(address, "seer://STUDY", 1)[0]
    async with Seer(context=context) as seer:
        yield await seer.plan(study, to=to, **options)


@asynccontextmanager
async def _boss(address: Address, options: JsonObject, to: PathLike, context: Context) -> AsyncIterator[Plan]:
    from penstock import Boss

    channel = "/".join(_only(address, "boss://COLLECTION/EXPERIMENT/CHANNEL", 3))
    async with Boss(context=context) as boss:
        yield await (await boss.channel(channel)).plan(to=to, **options)


@asynccontextmanager
async def _sds(address: Address, options: JsonObject, to: PathLike, context: Context) -> AsyncIterator[Plan]:
    from penstock import Sds

    async with Sds(context=context) as sds:
        yield await sds.plan(address.path or "/", to=to, **options)


_OPENERS = {"seer": _seer, "boss": _boss, "sds": _sds}


def _only(address: Address, shape: str, count: int) -> list[str]:
    if len(address.segments) != count:
        raise SelectionError(
            f"{address} names nothing to download", hint=f"Give {shape}; `penstock ls {address}` lists."
        )
    return address.segments
