"""What the tests of formats share: a layout to vary, and sinks that are closed at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from penstock.formats import sink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from penstock.formats.sink import Sink
    from penstock.types import Item

# Two channels of int16 at 4 Hz in records of 1 s, two records a chunk: small enough to write out by hand.
LAYOUT: dict[str, Any] = {
    "study": "study",
    "group": "EEG",
    "encoding": "int16",
    "compression": "none",
    "channels": [{"id": "id-x", "name": "x", "unit": "V"}, {"id": "id-y", "name": "y", "unit": "V"}],
    "select": None,
    "timestamped": False,
    "samples_per_record": 4,
    "records_per_chunk": 2,
    "record_length": 1.0,
    "sample_rate": 4.0,
    "chunk_period": 2.0,
    "signal_min": -5.0,
    "signal_max": 5.0,
    "exponent": -3,
    "start_ms": 1000.0,
    "end_ms": 5000.0,
    "from_ms": None,
    "to_ms": None,
    "chunks": [0, 2],
    "dtype": "float32",
    "gaps": True,
}


@pytest.fixture(scope="session")
def layout() -> Callable[..., dict[str, Any]]:
    """Vary the small layout."""

    def make(**changes: Any) -> dict[str, Any]:
        if isinstance(count := changes.get("channels"), int):
            changes["channels"] = [{"id": f"c{n}", "name": f"n{n}", "unit": "V"} for n in range(count)]
        return {**LAYOUT, **changes}

    return make


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Sink]]:
    """Open sinks in a scratch folder of their own; the same `name` means the same folder."""
    sinks: list[Sink] = []

    def make(item: Item, *, resume: bool = False, name: str = "scratch") -> Sink:
        scratch = tmp_path / name
        scratch.mkdir(exist_ok=True)
        made = sink(item.format)(item, scratch)
        made.open(resume)
        sinks.append(made)
        return made

    yield make
    for each in sinks:
        each.close()
