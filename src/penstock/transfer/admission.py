"""Fetch it, go on with it, or leave it: what to do about one item, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from penstock.errors import TargetExists
from penstock.formats import sink
from penstock.formats.files import file_digest

if TYPE_CHECKING:
    from penstock.transfer.folder import Folder
    from penstock.transfer.journal import Entry, Journal
    from penstock.types import Item

Action = Literal["fetch", "resume", "unneeded", "adopt", "conflict"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of a plan.

    Attributes:
        action: `fetch` from the start, `resume` what is there in part, `unneeded` when it stands already, `adopt`
            when a file with the very bytes stands there but the journal does not know it, or `conflict` when
            something else stands in the way.
        item: What it is about.
        reason: Why, in a few words.
    """

    action: Action
    item: Item
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Render as JSON-able values."""
        return {
            "action": self.action,
            "reason": self.reason,
            "key": self.item.key,
            "target": self.item.target,
            "format": self.item.format,
            "parts": self.item.parts,
            "size": self.item.size,
        }


def decide(item: Item, entry: Entry | None, folder: Folder | None, journal: Journal | None) -> Operation:
    """Compare an item with what the journal knows and what stands in the folder; nothing is changed."""
    if entry is not None and entry.identity == item.identity:
        if entry.state == "partial" and entry.spans:
            return Operation("resume", item, f"{len(entry.spans)} of {item.parts} parts are here")
        if entry.state != "partial" and folder is not None:
            return _standing(item, entry, folder)
    if folder is not None and (foreign := _foreign(item, folder, journal)):
        if _is_the_same(item, foreign, folder):
            return Operation("adopt", item, f"{foreign} stands there already with the right digest")
        return Operation("conflict", item, f"{foreign} stands there already and is not this item's")
    if entry is not None and entry.identity != item.identity:
        return Operation("fetch", item, "changed at the source, or another selection of it")
    return Operation("fetch", item, "not here yet")


def _standing(item: Item, entry: Entry, folder: Folder) -> Operation:
    """Judge an item that was complete once by its files, reading one only when its time stamp alone differs."""
    for placed in entry.outputs:
        found = folder.stat(placed.target)
        if found is None:
            return Operation("fetch", item, f"{placed.target} is gone")
        if found.st_size == placed.size and found.st_mtime_ns == placed.mtime_ns:
            continue
        if found.st_size != placed.size or file_digest(folder.root / placed.target) != placed.digest:
            return Operation("conflict", item, f"{placed.target} was changed here after it was fetched")
    return Operation("unneeded", item, "unchanged since it was fetched")


def _foreign(item: Item, folder: Folder, journal: Journal | None) -> str | None:
    """Return the first of the item's files that somebody else put there."""
    for target in sink(item.format).targets(item):
        if folder.stat(target) is not None and not (journal is not None and journal.owns(target)):
            return target
    return None


def _is_the_same(item: Item, target: str, folder: Folder) -> bool:
    """Tell whether a foreign file is, by the service's own digest, exactly what would be fetched."""
    found = folder.stat(target)
    if item.digest is None or found is None or found.st_size != item.size:
        return False
    return file_digest(folder.root / target, item.digest.algorithm) == item.digest


def conflict(operation: Operation, folder: Folder) -> TargetExists:
    """Word the error for an operation that would overwrite what is not ours."""
    return TargetExists(
        f"{operation.reason} (in {folder.root})",
        hint="Move the file away, or choose another folder; penstock overwrites nothing that it did not write.",
    )
