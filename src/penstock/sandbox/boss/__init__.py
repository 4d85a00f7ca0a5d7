"""The emulated BOSS: a volumetric image database as its version 1 interface shows it, faults included."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from penstock.sandbox.boss.accounts import PUBLIC, SANDBOX_ACCOUNTS, TOKEN, VISITOR
from penstock.sandbox.boss.call import Service
from penstock.sandbox.boss.dataset import catalog_for
from penstock.sandbox.boss.routes import application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from penstock.sandbox.world import World

__all__ = ["PUBLIC", "TOKEN", "VISITOR", "applications", "environment"]


def applications(world: World) -> dict[str, web.Application]:
    """Build the emulated service for a world."""
    return {"boss": application(Service(catalog_for(world), SANDBOX_ACCOUNTS, world.clock))}


def environment(urls: Mapping[str, str]) -> dict[str, str]:
    """Spell the variables by which penstock, ndpull and intern find the service."""
    url = urlsplit(urls["boss"])
    return {
        "PENSTOCK_BOSS_URL": urls["boss"],
        "PENSTOCK_BOSS_TOKEN": TOKEN,
        "BOSS_TOKEN": TOKEN,
        "INTERN_PROTOCOL": url.scheme,
        "INTERN_HOST": url.netloc,
        "INTERN_TOKEN": TOKEN,
    }
