"""Let an item in: settle what to do about it, and enter it in the journal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import TargetExists
from penstock.formats import sink
from penstock.formats.files import local_errors
from penstock.transfer.admission import Operation, look
from penstock.transfer.spans import Spans
from penstock.types import Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats.sink import Sink
    from penstock.transfer.folder import Folder
    from penstock.transfer.journal import Entry, Journal
    from penstock.transfer.source import Source
    from penstock.types import Item, JsonObject


@dataclass(frozen=True, slots=True)
class Admitted:
    """An item, what to do about it, and what of it is there already."""

    operation: Operation
    number: int = 0
    scratch: Path = Path()
    spans: Spans = field(default_factory=Spans)
    notes: dict[int, JsonObject] = field(default_factory=dict)

    def make_sink(self) -> Sink:
        """Make the sink that the item's format names; nothing is opened yet."""
        item = self.operation.item
        return sink(item.format)(item, self.scratch)


def admit_all(journal: Journal, *, folder: Folder, source: Source, items: Sequence[Item]) -> list[Admitted]:
    """Decide about several items in one go; see `admit`."""
    return [admit(journal, folder=folder, source=source, item=item) for item in items]


def admit(journal: Journal, *, folder: Folder, source: Source, item: Item) -> Admitted:
    """Decide about an item and, when something is to be fetched, enter it; in the recorder's thread."""
    operation, entry, targets = look(journal, folder, source, item)
    if operation.error is not None:
        return Admitted(operation)
    if (before := journal.seen(item)) is not None:
        return Admitted(_again(item, same=before == item.identity))
    if (rival := journal.want(item, targets)) is not None:
        return Admitted(_contended(item, *rival))
    scratch = folder.scratch(source.platform, source.instance, item.key)
    match operation.action:
        case "conflict":
            return Admitted(operation)
        case "unneeded" if entry is not None:
            _refresh(journal, folder, entry)
            return Admitted(operation)
        case "adopt":
            _adopt(journal, folder, source, item)
            return Admitted(operation)
        case "resume" if entry is not None and scratch.is_dir():
            return Admitted(operation, entry.id, scratch, entry.spans, entry.notes)
        case _:
            return _entered(journal, folder, source, replace(operation, action="fetch"), scratch)


def _again(item: Item, *, same: bool) -> Operation:
    """Judge an item whose key has been listed before; the first is fetched, or stands."""
    if same:
        return Operation("unneeded", item, "listed twice")
    error = TargetExists(
        f"{item.key} is listed twice, with different contents", hint="Select only one of them, or use two folders."
    )
    return Operation("conflict", item, str(error), error)


def _contended(item: Item, target: str, other: str) -> Operation:
    error = TargetExists(
        f"{item.key} and {other} both want to be {target}", hint="Select one of them, or use two folders."
    )
    return Operation("conflict", item, str(error), error)


def _refresh(journal: Journal, folder: Folder, entry: Entry) -> None:
    """Remember the time stamps of files that were copied, so that they are not hashed on every run."""
    found = [(placed, folder.stat(placed.target)) for placed in entry.outputs]
    times = {placed.target: now.st_mtime_ns for placed, now in found if now and now.st_mtime_ns != placed.mtime_ns}
    if times:
        journal.set_times(times)


def _entered(journal: Journal, folder: Folder, source: Source, operation: Operation, scratch: Path) -> Admitted:
    folder.discard(scratch)
    with local_errors(scratch):
        scratch.mkdir(parents=True)
    return Admitted(operation, journal.begin(source.platform, source.instance, operation.item), scratch)


def _adopt(journal: Journal, folder: Folder, source: Source, item: Item) -> None:
    """Take a file that is there, and that the service's digest vouches for, into the journal."""
    number = journal.begin(source.platform, source.instance, item)
    found = folder.stat(item.target)
    if found is None or item.digest is None:
        return
    journal.set_publishing(number, [Output(Path(), item.target, found.st_size, item.digest, "strong")])
    journal.set_done(number, {item.target: found.st_mtime_ns})
    journal.set_fact("manifest", "stale")
