"""One item on its way: its sink, what of it is still missing, and what has arrived."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from penstock.errors import PenstockError, Recovery
from penstock.events import Event, Progress
from penstock.transfer.spans import Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from penstock.formats.sink import Sink
    from penstock.transfer.recorder import Record
    from penstock.types import Item, JsonObject, Output

PROGRESS_SECONDS = 0.1
"""An item tells of its progress at most this often."""


@dataclass(eq=False, slots=True)
class Work:
    """An item between admission and its place on disk.

    Attributes:
        spans: The parts that are written.
        notes: What the sink said of them.
        left: Parts handed out or waiting that have not come to an end, good or bad.
        error: Why it failed, once it has.
        refetched: Whether wrong bytes have made it start over once.
    """

    item: Item
    sink: Sink
    record: Record
    spans: Spans
    notes: dict[int, JsonObject]
    emit: Callable[[Event], None]
    left: int = 0
    received: int = 0
    gaps: int = 0
    outputs: list[Output] = field(default_factory=list)
    error: PenstockError | None = None
    refetched: bool = False
    _is_open: bool = False
    _told: float = 0.0

    def jobs(self) -> Iterator[int | None]:
        """Yield the parts to fetch; None when every part is there and only the end is missing."""
        self.left = max(1, self.item.parts - len(self.spans))
        if len(self.spans) == self.item.parts:
            yield None
        yield from self.spans.missing(0, self.item.parts)

    def arrived(self, size: int) -> None:
        """Count bytes from the wire and, now and then, tell of them, unless the item has failed meanwhile."""
        self.received += size
        now = time.monotonic()
        if self.error is None and now - self._told >= PROGRESS_SECONDS:
            self._told = now
            self.emit(Progress(item=self.item.key, received=self.received, done=len(self.spans), parts=self.item.parts))

    @property
    def opens_itself(self) -> bool:
        """Whether the sink may be opened together with the first write: nobody else writes, and a thread is saved."""
        return self.item.parts == 1 and not self.spans

    def open(self) -> None:
        """Open the sink, new or as it was left; in a worker thread."""
        self.sink.open(resume=bool(self.spans))
        self._is_open = True

    def write(self, part: int, at: int, block: bytearray) -> None:
        """Write a block of a part's body; in a worker thread."""
        if not self._is_open:
            self.open()
        self.sink.write(part, at, memoryview(block))

    def place(self, part: int, body: bytearray | None) -> None:
        """Decode and write a part's whole body, or its absence; in a worker thread."""
        if not self._is_open:
            self.open()
        note = self.sink.gap(part) if body is None else self.sink.write(part, 0, memoryview(body))
        if note is not None:
            self.notes[part] = note

    def placed(self, part: int, *, gap: bool = False) -> None:
        """Count a part that is written; on the event loop, since threads would count over each other."""
        self.gaps += gap
        self.spans.add(part, part + 1)

    def start_over(self) -> None:
        """Forget every part, since some of them are wrong or gone; in a worker thread."""
        self.sink.close()
        self.sink.open(resume=False)
        self._is_open = True
        self.notes.clear()
        self.spans = Spans()
        self.gaps = 0

    def may_refetch(self, error: PenstockError) -> bool:
        """Tell whether fetching the whole item once more may mend an error."""
        return error.recovery in {Recovery.INTEGRITY, Recovery.TRANSIENT} and not self.refetched
