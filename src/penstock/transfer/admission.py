"""Fetch it, go on with it, or leave it: what to do about one item, and why."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from penstock.errors import PenstockError, TargetExists, UnsafePath
from penstock.formats import sink
from penstock.formats.files import file_digest
from penstock.transfer.names import RESERVED, is_contained

if TYPE_CHECKING:
    from penstock.transfer.folder import Folder
    from penstock.transfer.journal import Entry, Journal, Placed
    from penstock.transfer.source import Source
    from penstock.types import Digest, Item

_SURROGATE = re.compile("[\ud800-\udfff]")

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
        error: What is wrong with the item itself, when that is the conflict.
    """

    action: Action
    item: Item
    reason: str
    error: PenstockError | None = None

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


class Look(NamedTuple):
    """What `look` finds: the operation, what the journal knows of the item, and the files that it will become."""

    operation: Operation
    entry: Entry | None
    targets: list[str]


def look(journal: Journal | None, folder: Folder | None, source: Source, item: Item) -> Look:
    """Compare an item with what the journal knows and what stands in the folder; nothing is changed.

    Args:
        journal: The folder's journal, if it has one.
        folder: The folder, if there is one.
        source: Where the item comes from.
        item: What is wanted.

    Raises:
        PenstockError: What concerns the whole folder.
    """
    try:
        targets = _targets(item)
        entry = journal.lookup(source.platform, source.instance, item.key) if journal is not None else None
        return Look(_decided(item, targets, entry, folder, journal), entry, targets)
    except PenstockError as error:
        if error.fatal:
            raise
        return Look(Operation("conflict", item, str(error), error), None, [])


def _targets(item: Item) -> list[str]:
    """List the files that an item will become, all of them inside the folder.

    Raises:
        UnsafePath: One of them would not be, or a name cannot be written down.
    """
    targets = sink(item.format).targets(item)
    for name in (item.key, *targets):
        if _SURROGATE.search(name):
            raise UnsafePath(f"{name!r} is not a name that can be written down")
    for target in targets:
        if not is_contained(target) or target.split("/", maxsplit=1)[0].casefold() in RESERVED:
            raise UnsafePath(f"{target!r} would not stay inside the folder, or is penstock's own")
    return targets


def _decided(
    item: Item, targets: list[str], entry: Entry | None, folder: Folder | None, journal: Journal | None
) -> Operation:
    same = entry is not None and entry.identity == item.identity
    if entry is not None and same and entry.state != "partial" and folder is not None:
        return _standing(item, entry, folder)
    if folder is not None:
        for target in targets:
            obstacle = _obstacle(item, target, entry, folder, journal)
            if obstacle is not None:
                return obstacle
    if entry is not None and same and entry.spans:
        return Operation("resume", item, f"{len(entry.spans)} of {item.parts} parts are here")
    if entry is not None and not same:
        return Operation("fetch", item, "changed at the source, or another selection of it")
    return Operation("fetch", item, "not here yet")


def _standing(item: Item, entry: Entry, folder: Folder) -> Operation:
    """Judge an item that was complete once by its files."""
    missing = [placed.target for placed in entry.outputs if folder.stat(placed.target) is None]
    for placed in entry.outputs:
        if placed.target not in missing and not is_unchanged(placed, folder):
            return Operation("conflict", item, f"{placed.target} was changed here after it was fetched")
    if missing:
        return Operation("fetch", item, f"{missing[0]} is gone")
    return Operation("unneeded", item, "unchanged since it was fetched")


def is_unchanged(placed: Placed, folder: Folder) -> bool:
    """Tell whether a file is still as it was placed, reading it only when its time stamp alone differs."""
    found = folder.stat(placed.target)
    if found is None or found.st_size != placed.size or not stat.S_ISREG(found.st_mode):
        return False
    if found.st_mtime_ns == placed.mtime_ns:
        return True
    return file_digest(folder.root / placed.target, placed.digest.algorithm) == placed.digest


def _obstacle(
    item: Item, target: str, entry: Entry | None, folder: Folder, journal: Journal | None
) -> Operation | None:
    """Find out whether what stands under a target may be replaced.

    A file of another item may, by the same bytes: whether they are shows at the latest when they are here.
    """
    if folder.stat(target) is None:
        return None
    placed = journal.owner(target) if journal is not None else None
    if placed is None:
        if _is_the_same(item, target, folder):
            return Operation("adopt", item, f"{target} stands there already with the right digest")
        return Operation("conflict", item, f"{target} stands there already and is not this item's")
    if not is_unchanged(placed, folder):
        return Operation("conflict", item, f"{target} was changed here after it was fetched")
    ours = entry is not None and entry.id == placed.item
    if not ours and item.digest is not None and _differ(item.digest, placed.digest):
        return Operation("conflict", item, f"{target} stands there already and belongs to another item")
    return None


def _differ(one: Digest, other: Digest) -> bool:
    return one.algorithm == other.algorithm and one != other


def _is_the_same(item: Item, target: str, folder: Folder) -> bool:
    """Tell whether a foreign file is, by the service's own digest, exactly what would be fetched."""
    found = folder.stat(target)
    if item.digest is None or found is None or found.st_size != item.size or not stat.S_ISREG(found.st_mode):
        return False
    return file_digest(folder.root / target, item.digest.algorithm) == item.digest


def conflict(operation: Operation, folder: Folder) -> PenstockError:
    """Word the error for an operation that would overwrite what is not ours."""
    return operation.error or TargetExists(
        f"{operation.reason} (in {folder.root})",
        hint="Move the file away, or choose another folder; penstock overwrites nothing that it did not write.",
    )
