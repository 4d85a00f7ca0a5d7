"""A small asynchronous library with every shape that the generator must translate."""

from __future__ import annotations

from importlib import import_module

__all__ = ["Context", "Gauge", "Reading", "River", "survey"]

_HOMES = {
    "Context": "fakestock.context",
    "Gauge": "fakestock.platforms.river",
    "Reading": "fakestock.types",
    "River": "fakestock.platforms.river",
    "survey": "fakestock.context",
}


def __getattr__(name: str) -> object:
    return getattr(import_module(_HOMES[name]), name)
