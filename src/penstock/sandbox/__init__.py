"""Emulators of the platforms on loopback, for trying penstock without an account and for testing it.

The sandbox imports nothing of penstock but errors and types: it is written from the platforms' protocols a second
time, so that it cannot agree with the clients by sharing their mistakes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.sandbox.access_log import AccessLog, read_log
    from penstock.sandbox.process import SandboxProcess
    from penstock.sandbox.server import PLATFORMS, Emulator, Sandbox
    from penstock.sandbox.world import QUIRKS, SCALES, Quirks, Scale, World

__all__ = [
    "PLATFORMS",
    "QUIRKS",
    "SCALES",
    "AccessLog",
    "Emulator",
    "Quirks",
    "Sandbox",
    "SandboxProcess",
    "Scale",
    "World",
    "read_log",
]

_HOMES = {
    "AccessLog": "access_log",
    "read_log": "access_log",
    "SandboxProcess": "process",
    "PLATFORMS": "server",
    "Emulator": "server",
    "Sandbox": "server",
    "SCALES": "world",
    "Scale": "world",
    "QUIRKS": "world",
    "Quirks": "world",
    "World": "world",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'penstock.sandbox' has no attribute {name!r}")
    return getattr(import_module(f"penstock.sandbox.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
