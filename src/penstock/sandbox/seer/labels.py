"""Annotations of studies, their groups, and the ontology they draw on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from penstock.sandbox.seer.refusals import Refusal
from penstock.sandbox.seer.studies import name_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

CATEGORIES = {
    "epileptiform": ("Epileptiform", "Spikes, sharp waves and seizures"),
    "sleep": ("Sleep", "Stages of sleep"),
    "artifact": ("Artifact", "What is not of the brain"),
    "medication": ("Medication", "Taken or missed"),
}
TAGS = {
    "tag-seizure": ("epileptiform", "Seizure"),
    "tag-spike": ("epileptiform", "Spike"),
    "tag-wake": ("sleep", "Wake"),
    "tag-light": ("sleep", "Light sleep"),
    "tag-deep": ("sleep", "Deep sleep"),
    "tag-rem": ("sleep", "REM"),
    "tag-blink": ("artifact", "Eye blink"),
    "tag-muscle": ("artifact", "Muscle"),
    "tag-dose": ("medication", "Dose taken"),
}
SEEDED = "2024-05-01 00:00:00"


@dataclass(frozen=True, slots=True)
class Label:
    """An annotation; times in ms, since the epoch and long."""

    id: str
    start: float
    duration: float
    note: str = ""
    timezone: float | None = 10.0
    confidence: float | None = None
    tags: tuple[str, ...] = ()
    created: str = SEEDED


@dataclass(slots=True)
class LabelGroup:
    """A set of annotations of one study."""

    id: str
    study: str
    name: str
    description: str = ""
    labels: list[Label] = field(default_factory=list)

    def between(self, begin: float | None, end: float | None) -> list[Label]:
        """List the labels that start in `[begin, end)`, in the order of time."""
        low, high = begin if begin is not None else float("-inf"), end if end is not None else float("inf")
        return [label for label in self.labels if low <= label.start < high]


class LabelStore:
    """All label groups.

    Args:
        groups: What is there from the beginning.
        clock: Seconds since the epoch.
    """

    def __init__(self, groups: Iterable[LabelGroup], clock: Callable[[], float]) -> None:
        self._groups = {group.id: group for group in groups}
        self._clock = clock
        self._made = 0
        self._lock = Lock()

    def of_study(self, study: str) -> list[LabelGroup]:
        """List the groups of a study."""
        with self._lock:
            return [group for group in self._groups.values() if group.study == study]

    def group(self, identity: str | None, study: str | None = None) -> LabelGroup:
        """Find a group, within a study if one is named.

        Raises:
            Refusal: There is none.
        """
        found = self._groups.get(identity or "")
        if found is None or study not in {None, found.study}:
            raise Refusal("NOT_FOUND", f"Label group {identity} not found")
        return found

    def create(self, study: str, name: str, description: str | None) -> LabelGroup:
        """Add an empty group."""
        with self._lock:
            group = LabelGroup(self._new_id(study), study, name, description or "")
            self._groups[group.id] = group
            return group

    def edit(self, identity: str, name: str | None, description: str | None) -> LabelGroup:
        """Rename or describe a group; None leaves a value as it is."""
        group = self.group(identity)
        group.name = group.name if name is None else name
        group.description = group.description if description is None else description
        return group

    def remove(self, identity: str) -> str:
        """Delete a group with its labels."""
        self.group(identity)
        with self._lock:
            del self._groups[identity]
        return identity

    def add(self, identity: str, labels: Sequence[dict[str, Any]]) -> list[str]:
        """Add labels, all or none.

        Returns:
            The new ids, in order.

        Raises:
            Refusal: The group is unknown, or a label is not acceptable.
        """
        group = self.group(identity)
        stamp = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%d %H:%M:%S")
        with self._lock:
            made = [replace(accepted(values), id=self._new_id(identity), created=stamp) for values in labels]
            group.labels = sorted([*group.labels, *made], key=lambda label: label.start)
        return [label.id for label in made]

    def _new_id(self, parent: str) -> str:
        self._made += 1
        return name_id(parent, "made", self._made)


def accepted(values: dict[str, Any]) -> Label:
    """Check and read what a client sent as a label."""
    confidence, tags = values.get("confidence"), tuple(values.get("tagIds") or ())
    duration = values.get("duration") or 0.0
    if duration < 0.0 or (confidence is not None and not 0.0 <= confidence <= 1.0):
        raise Refusal("INVALID_PARAMETERS", "A label needs a duration of 0 or more, and a confidence from 0 to 1")
    if unknown := [tag for tag in tags if tag not in TAGS]:
        raise Refusal("INVALID_PARAMETERS", f"Unknown tag {unknown[0]}")
    note, timezone = values.get("note") or "", values.get("timezone")
    return Label("", values["startTime"], duration, note, timezone, confidence, tags)
