"""Seer: its gateway (`seer`) and the network that delivers chunks (`seer-cdn`).

Besides the presentable studies there are odd ones, for every trap that the real data are known to hold; see
`catalog` and `oddities` for their ids. `controls` lets links run out sooner and requests fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from aiohttp import web

from penstock.sandbox.seer.accounts import EMAIL, PASSWORD, Accounts
from penstock.sandbox.seer.backend import Backend
from penstock.sandbox.seer.catalog import EPILEPSY, MONTHS, SLEEP
from penstock.sandbox.seer.cdn import WORKERS, Cdn
from penstock.sandbox.seer.gateway import Gateway
from penstock.sandbox.seer.keypair import KEY_ID, sandbox_key
from penstock.sandbox.seer.oddities import EMPTY, MANY, ODD, SIESTA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.sandbox.world import World

__all__ = [
    "BACKEND",
    "EMAIL",
    "EMPTY",
    "EPILEPSY",
    "KEY_ID",
    "MANY",
    "MONTHS",
    "ODD",
    "PASSWORD",
    "SIESTA",
    "SLEEP",
    "applications",
    "environment",
]

BACKEND = web.AppKey("backend", Backend)
"""Under this key the `seer` application keeps its state, for tests in the same process."""


def applications(world: World) -> dict[str, web.Application]:
    """Build the two services over one state."""
    backend = Backend.of(world)
    accounts = Accounts(world, backend.controls, {KEY_ID: sandbox_key().public})
    limiter = anyio.CapacityLimiter(WORKERS)
    gateway = Gateway(backend, accounts, limiter).application()
    gateway[BACKEND] = backend
    cdn = Cdn(backend.recorder, backend.documents, backend.links, backend.controls, limiter)
    return {"seer": gateway, "seer-cdn": cdn.application()}


def environment(urls: Mapping[str, str]) -> dict[str, str]:
    """Spell the variables for penstock, and the only one that the vendor's client reads.

    The key file lies in a `.seerpy` folder: with HOME set to the folder above, the vendor's client needs nothing else.
    """
    return {
        "PENSTOCK_SEER_URL": f"{urls['seer']}/api",
        "PENSTOCK_SEER_EMAIL": EMAIL,
        "PENSTOCK_SEER_PASSWORD": PASSWORD,
        "PENSTOCK_SEER_KEY_FILE": str(sandbox_key().file),
        "SDK_API_BASE_URL": f"{urls['seer']}/api",
    }
