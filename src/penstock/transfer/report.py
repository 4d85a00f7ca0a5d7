"""What a transfer did: the return value of `download`, and what the command line prints as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from penstock.errors import TransferFailed

if TYPE_CHECKING:
    from penstock.errors import PenstockError


@dataclass(frozen=True, slots=True)
class Failure:
    """One item that could not be completed."""

    item: str
    target: str
    error: PenstockError

    def to_json(self) -> dict[str, Any]:
        """Render as JSON-able values."""
        return {
            "item": self.item,
            "target": self.target,
            "code": self.error.code,
            "error": str(self.error),
            "hint": self.error.hint,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one transfer.

    Attributes:
        platform: The platform's name.
        target: The folder the files stand in.
        items: Items in the selection.
        done: Items fetched, or completed, in this run.
        unneeded: Items that were there already, unchanged.
        files: Files placed in this run.
        received: Bytes of data that came over the wire.
        written: Bytes of the files placed.
        gaps: Parts that the service does not have.
        seconds: From start to end.
        levels: How many of the files placed were checked at each level: `strong`, `weak`, `frame`, `size`, `none`.
        failures: Items that could not be completed.
    """

    platform: str
    target: str
    items: int = 0
    done: int = 0
    unneeded: int = 0
    files: int = 0
    received: int = 0
    written: int = 0
    gaps: int = 0
    seconds: float = 0.0
    levels: dict[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything selected is on disk."""
        return not self.failures

    @property
    def rate(self) -> float:
        """Bytes received a second."""
        return self.received / self.seconds if self.seconds else 0.0

    def raise_for_failures(self) -> None:
        """Raise when any item failed.

        Raises:
            TransferFailed: A group of every item's error.
        """
        if self.failures:
            raise TransferFailed(
                f"{len(self.failures)} of {self.items} items failed",
                [failure.error for failure in self.failures],
                hint=f"Run the same command again: it fetches only what is missing in {self.target}.",
            )

    def to_json(self) -> dict[str, Any]:
        """Render as JSON-able values."""
        return {
            "platform": self.platform,
            "target": self.target,
            "items": self.items,
            "done": self.done,
            "unneeded": self.unneeded,
            "failed": len(self.failures),
            "files": self.files,
            "received": self.received,
            "written": self.written,
            "gaps": self.gaps,
            "seconds": round(self.seconds, 3),
            "levels": dict(self.levels),
            "failures": [failure.to_json() for failure in self.failures],
        }
