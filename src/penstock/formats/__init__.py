"""Codecs and writers: what the platforms' bytes mean, and how they land on disk. Nothing here knows a network.

A sink is found by the name that an item's `format` carries; its module, and the libraries behind it, load on
first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from penstock.errors import FormatError

if TYPE_CHECKING:
    from penstock.formats.sink import Sink

_SINKS = {
    "raw": ("penstock.formats.raw", "RawSink"),
    "segment-npy": ("penstock.formats.segment_npy", "SegmentNpySink"),
    "cuboid-tiff": ("penstock.formats.cuboid_tiff", "CuboidTiffSink"),
}


def sink(name: str) -> type[Sink]:
    """Return the sink class of that name.

    Raises:
        FormatError: No such sink.
    """
    try:
        module, attribute = _SINKS[name]
    except KeyError:
        known = ", ".join(sorted(_SINKS))
        raise FormatError(f"no format is called {name!r}", hint=f"Known formats: {known}.") from None
    return cast("type[Sink]", getattr(import_module(module), attribute))
