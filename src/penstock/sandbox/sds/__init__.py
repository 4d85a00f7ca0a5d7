"""The SpectrumX Data System: its gateway (`sds`) and the object store behind it (`sds-s3`).

The gateway is as the real one was found to be, faults included: naive local times, prefixes that match across folder
names, errors as pages of HTML, paging of captures that fails. A client that gets along with it has seen the worst.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.sandbox.sds.gateway import Gateway
from penstock.sandbox.sds.objects import ObjectStore
from penstock.sandbox.sds.seeds import RESEARCHER, populate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from penstock.sandbox.world import World


def applications(world: World) -> dict[str, web.Application]:
    """Build the two services over one store."""
    store = populate(world)
    return {"sds": Gateway(store).application(), "sds-s3": ObjectStore(store).application()}


def environment(urls: Mapping[str, str]) -> dict[str, str]:
    """Spell the variables for penstock, and the only one that the original client reads."""
    return {
        "PENSTOCK_SDS_URL": urls["sds"],
        "PENSTOCK_SDS_TOKEN": RESEARCHER.token,
        "SDS_SECRET_TOKEN": RESEARCHER.token,
    }
