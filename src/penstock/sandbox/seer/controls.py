"""Switches for tests: how long things last, and which request fails next.

A test in the same process turns them directly; another process posts JSON to `/sandbox/controls`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from threading import Lock
from typing import Any

PLACES = ("login", "graphql", "chunk")
KINDS = ("500", "502", "503", "504", "403", "429", "server_error", "not_authenticated", "stall", "truncate", "trickle")


@dataclass(frozen=True, slots=True)
class Fault:
    """A misfortune that awaits requests.

    Attributes:
        place: `login`, `graphql` or `chunk`.
        kind: A status as text, or `server_error`, `not_authenticated`, `stall` (never answers), `truncate` (the body
            ends early), `trickle` (the body comes a few bytes at a time).
        count: How many requests it hits; negative hits all.
        after: How many requests pass before.
        retry_after: Seconds for the header of the same name.
    """

    place: str
    kind: str
    count: int = 1
    after: int = 0
    retry_after: float | None = None

    def __post_init__(self) -> None:
        if self.place not in PLACES or self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r} at {self.place!r}: choose from {KINDS} at {PLACES}")


@dataclass(slots=True)
class Controls:
    """The current setting.

    Attributes:
        link_seconds: How long a signed URL lasts.
        session_seconds: How long a login lasts.
        page_cap: Most items in a page, whatever the query asks for; None for no cap.
        era: Sessions of an earlier era are void; raising it logs everybody out.
    """

    link_seconds: float = 3600.0
    session_seconds: float = 43_200.0
    page_cap: int | None = None
    era: int = 0
    _faults: list[list[Any]] = field(default_factory=list, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def arm(self, fault: Fault) -> None:
        """Let a fault await its requests."""
        with self._lock:
            self._faults.append([fault, fault.after, fault.count])

    def strike(self, place: str) -> Fault | None:
        """Count a request, and tell which fault hits it, if any."""
        with self._lock:
            for entry in self._faults:
                fault, passing, left = entry
                if fault.place != place or left == 0:
                    continue
                if passing > 0:
                    entry[1] -= 1
                    continue
                entry[2] -= 1
                return fault if isinstance(fault, Fault) else None
        return None

    def values(self) -> dict[str, Any]:
        """Give all values by name; `faults` counts those that are still armed."""
        shown = {item.name: getattr(self, item.name) for item in fields(self) if not item.name.startswith("_")}
        return {**shown, "faults": sum(1 for *_, left in self._faults if left)}

    def adjust(self, document: dict[str, Any]) -> None:
        """Take new values by name; `faults` is a list of faults that replaces all armed ones.

        Raises:
            ValueError: A name or value is unknown.
        """
        names = {item.name for item in fields(self) if not item.name.startswith("_")}
        if unknown := set(document) - names - {"faults"}:
            raise ValueError(f"unknown controls {sorted(unknown)}: choose from {sorted(names | {'faults'})}")
        try:
            faults = [Fault(**entry) for entry in document.get("faults", [])]
        except TypeError as error:
            raise ValueError(str(error)) from None
        for name in names & set(document):
            setattr(self, name, document[name])
        if "faults" in document:
            with self._lock:
                self._faults.clear()
            for fault in faults:
                self.arm(fault)
