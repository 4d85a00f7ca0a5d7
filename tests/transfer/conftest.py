"""Fixtures of the engine's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.transfer.rig import RigSink, RigSource, listed

from penstock import Context, formats
from penstock._net.retry import no_backoff
from penstock.transfer.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from penstock.types import Item


@pytest.fixture(autouse=True)
def rig_format(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the rig's sink known, and waits between attempts short."""
    monkeypatch.setitem(formats._SINKS, "rig", ("tests.transfer.rig", "RigSink"))
    assert formats.sink("rig") is RigSink
    with no_backoff():
        yield


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., Plan]:
    """Make a plan for the folder `to` out of items."""

    def make(context: Context, source: RigSource, *items: Item) -> Plan:
        selection = {"items": [item.key for item in items]}
        return Plan(source, listed(*items), context=context, to=tmp_path / "to", selection=selection)

    return make
