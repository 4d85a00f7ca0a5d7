"""Asyncio-first clients for five scientific data platforms.

Public names load on first use, so that `import penstock` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock._net.context import Context
    from penstock.platforms.boss import Boss
    from penstock.platforms.sds import Sds
    from penstock.platforms.seer import Seer
    from penstock.transfer.plan import Plan
    from penstock.transfer.report import Report
    from penstock.transfer.verify import verify

__version__ = "0.1.0"

__all__ = ["Boss", "Context", "Plan", "Report", "Sds", "Seer", "verify"]

_HOMES = {
    "Boss": "penstock.platforms.boss",
    "Context": "penstock._net.context",
    "Plan": "penstock.transfer.plan",
    "Report": "penstock.transfer.report",
    "Sds": "penstock.platforms.sds",
    "Seer": "penstock.platforms.seer",
    "verify": "penstock.transfer.verify",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'penstock' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
