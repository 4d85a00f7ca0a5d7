"""Count what a transfer does while it does it, and tell whoever watches."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from penstock.events import ItemFailed, ItemFinished, ItemSkipped
from penstock.transfer.report import Failure, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.errors import PenstockError
    from penstock.events import Event
    from penstock.transfer.work import Work
    from penstock.types import Item


class Tally:
    """The running account of one transfer; becomes its report."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._started = time.monotonic()
        self._counts: Counter[str] = Counter()
        self._levels: Counter[str] = Counter()
        self._failures: list[Failure] = []

    def skipped(self, item: Item, reason: str) -> None:
        """Count an item that stands already."""
        self._counts.update(items=1, unneeded=1)
        self._emit(ItemSkipped(item=item.key, reason=reason))

    def received(self, size: int) -> None:
        """Count bytes that came over the wire, whatever became of them."""
        self._counts.update(received=size)

    def failed(self, item: Item, error: PenstockError) -> None:
        """Count an item that was given up."""
        self._counts.update(items=1)
        self._failures.append(Failure(item.key, item.target, error))
        self._emit(ItemFailed(item=item.key, error=error))

    def finished(self, work: Work) -> None:
        """Count an item whose files stand."""
        size = sum(output.size for output in work.outputs)
        files = len(work.outputs)
        self._counts.update(items=1, done=1, files=files, written=size, gaps=work.gaps)
        self._levels.update(output.level for output in work.outputs)
        self._emit(ItemFinished(item=work.item.key, received=work.received, files=files, size=size))

    def report(self, platform: str, target: str) -> Report:
        """Draw the balance."""
        return Report(
            platform=platform,
            target=target,
            seconds=time.monotonic() - self._started,
            levels=dict(self._levels),
            failures=tuple(self._failures),
            **{
                name: self._counts[name]
                for name in ("items", "done", "unneeded", "files", "received", "written", "gaps")
            },
        )
