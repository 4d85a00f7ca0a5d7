"""What patients note on their phones, and what their wristbands record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from penstock.sandbox.seer.labels import Label, LabelGroup
from penstock.sandbox.seer.rhythms import uniform
from penstock.sandbox.seer.studies import Channel, Group, Segment, Stretch, Study, name_id

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY = 86_400_000.0
HOUR = 3_600_000.0
BEGIN = 1_711_893_600_000.0
OWNERS = ("patient-ada", "patient-blaise")
SEIZURES = 23
DAYS = 5
WEARABLES = (("Fitbit Heart Rate", 5_000.0, 64.0, 14.0), ("Fitbit Activity Steps", 60_000.0, 20.0, 20.0))
SLEEP_LABELS = "Fitbit Sleep Labels"


@dataclass(frozen=True, slots=True)
class DiaryLabels:
    """A set of a diary's labels; the type tells the purpose, the labels' tags may say otherwise."""

    id: str
    kind: str
    source: str
    name: str
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Dose:
    """A medicine that was due at a time, and taken or not; times in ms since the epoch."""

    id: str
    scheduled: float
    taken: float | None
    brand: str
    drug: str
    milligrams: float


@dataclass(frozen=True, slots=True)
class Alert:
    """A reminder to take a medicine."""

    id: str
    name: str
    active: bool
    doses: tuple[Dose, ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """A number that a wristband reports now and then."""

    seed: int
    level: float
    swing: float

    def __call__(self, stretch: Stretch) -> NDArray[np.float64]:
        """Make 1 x samples, whole numbers of 0 or more."""
        times = stretch.seconds
        jitter = uniform(self.seed, stretch.label, stretch.first, size=len(times)) - 0.5
        values = self.level + self.swing * (np.sin(2.0 * np.pi * times / 5400.0) + 0.4 * jitter)
        return np.asarray(np.maximum(np.rint(values), 0.0)[None], dtype=np.float64)


def diary_labels(patient: str) -> list[DiaryLabels]:
    """List the label groups of a diary."""
    identity = name_id(patient, "diary")
    shares = uniform(patient, "seizures", size=SEIZURES)
    seizures = tuple(
        Label(
            name_id(identity, "seizure", number),
            BEGIN + number * DAY / 3.0 + round(float(share) * HOUR),
            30_000.0 + 1000.0 * number,
            note="Aura" if number % 3 == 0 else "",
            tags=("tag-seizure",),
        )
        for number, share in enumerate(shares)
    )
    doses = tuple(
        Label(name_id(identity, "dose", day), BEGIN + day * DAY + 8 * HOUR, 0.0, tags=("tag-dose",))
        for day in range(DAYS)
    )
    return [
        DiaryLabels(name_id(identity, "seizure"), "seizure", "diary", "Seizure / other", seizures),
        DiaryLabels(name_id(identity, "medications"), "medications", "diary", "Medications", doses),
        DiaryLabels(name_id(identity, "cardiac"), "cardiac", "diary", "Cardiac", ()),
    ]


def alerts(patient: str) -> list[Alert]:
    """List the reminders of a diary; every fourth dose was forgotten."""
    identity = name_id(patient, "alerts")
    return [
        Alert(
            name_id(identity, "morning"),
            "Morning / tablets",
            True,
            _doses(identity, 8, "Sandboxin", "placebazepine", 200.0),
        ),
        Alert(name_id(identity, "evening"), "Evening", False, _doses(identity, 20, "Sandboxol", "inertam", 500.0)),
    ]


def _doses(identity: str, hour: int, brand: str, drug: str, milligrams: float) -> tuple[Dose, ...]:
    due = [BEGIN + day * DAY + hour * HOUR for day in range(DAYS)]
    return tuple(
        Dose(
            name_id(identity, hour, number),
            time,
            None if number % 4 == 3 else time + 420_000.0 * number,
            brand,
            drug,
            milligrams,
        )
        for number, time in enumerate(due)
    )


def studies(seed: int) -> tuple[Study, ...]:
    """List the open-ended studies of wearable data: the first patient has one, the second has not."""
    return (wearable(OWNERS[0], seed),)


def wearable(patient: str, seed: int) -> Study:
    """Make a wristband's days in segments of four hours, each a single chunk."""
    identity = diary_study_id(patient)
    groups = tuple(_band(identity, name, step, Pulse(seed, level, swing)) for name, step, level, swing in WEARABLES)
    return Study(identity, "Diary study", "", groups, patient, "", BEGIN, DAYS * DAY)


def diary_study_id(patient: str) -> str:
    """Name a patient's study of wearable data."""
    return name_id(patient, "diary study")


def _band(study: str, name: str, step: float, signal: Pulse) -> Group:
    identity = name_id(study, name)
    return Group(
        id=identity,
        name=name,
        channels=(Channel(name_id(identity, "value"), name, "Wearable", "wearable"),),
        segments=tuple(
            Segment(name_id(identity, number), number, BEGIN + number * 6 * HOUR, 4 * HOUR)
            for number in range(4 * DAYS)
        ),
        signal=signal,
        sample_rate=1000.0 / step,
        encoding="float32",
        compression="none",
        units="",
        chunk_period=4 * 3600.0,
        record_length=4 * 3600.0,
        timestamped=True,
        step=step,
        kind="wearable",
    )


def label_groups() -> list[LabelGroup]:
    """List the label groups of the studies of wearable data."""
    study = diary_study_id(OWNERS[0])
    naps = [
        Label(name_id(study, "sleep", number), BEGIN + number * HOUR / 2.0, HOUR / 2.0, tags=(tag,))
        for number, tag in enumerate(["tag-light", "tag-deep", "tag-rem", "tag-wake"] * 60)
    ]
    return [LabelGroup(name_id(study, SLEEP_LABELS), study, SLEEP_LABELS, "From the wristband", naps)]
