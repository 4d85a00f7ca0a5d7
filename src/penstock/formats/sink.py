"""Where bytes land: the protocol between the transfer engine and the formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from penstock.types import Item, JsonObject, Output


class Sink(Protocol):
    """Takes the parts of one item and turns them into finished files.

    Every method blocks and runs in a worker thread; `write` and `gap` may run in several threads at once for
    different parts. The order is `open`, any number of `write`, `gap` and `sync`, `finish`, `close`; after
    `close` it may be opened again, and a `sync` that was under way elsewhere may still come.

    Args:
        item: What is to be written; its `layout` is this sink's own.
        scratch: Existing folder, private to the item, on the target's file system.

    Attributes:
        whole: True when `write` wants a part's complete body in one call; False when it takes successive blocks.
    """

    whole: ClassVar[bool]

    def __init__(self, item: Item, scratch: Path) -> None: ...

    @classmethod
    def targets(cls, item: Item) -> list[str]:
        """List the files that the item will become, relative to the target folder, before anything is fetched."""
        ...

    def open(self, resume: bool) -> None:
        """Create and reserve the part files, or reopen those that journalled parts are in.

        Raises:
            DiskFull: The space cannot be reserved.
            Truncated: `resume` was asked and the part files are gone or too short.
        """
        ...

    def write(self, part: int, at: int, body: memoryview | bytes, /) -> JsonObject | None:
        """Decode bytes and write them where they belong.

        Args:
            part: Number of the part.
            at: Offset of `body` within the part; always 0 when `whole`.
            body: The bytes as they came over the wire.

        Returns:
            A note that is kept in the journal with the part and given back to `finish`, or None.

        Raises:
            FormatError: The bytes are not what the format promises.
            Truncated: The bytes end too early.
        """
        ...

    def gap(self, part: int, /) -> JsonObject | None:
        """Record that the service holds no data for a part."""
        ...

    def sync(self) -> None:
        """Make everything written so far durable."""
        ...

    def finish(self, notes: Mapping[int, JsonObject], /) -> list[Output]:
        """Check and assemble what was written into finished files under temporary names in the scratch folder.

        It may be called again after a crash, from a sink opened with `resume`, and then gives the same files.

        Args:
            notes: The notes of all parts that had one, those of earlier runs included.

        Raises:
            ChecksumMismatch: The bytes are not those that the service recorded.
            Truncated: There are fewer or more bytes than the item says.
        """
        ...

    def close(self) -> None:
        """Release the files; harmless when repeated."""
        ...
