"""The label groups that the demo studies come with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.sandbox.seer.catalog import EPILEPSY, SLEEP
from penstock.sandbox.seer.eeg import Eeg
from penstock.sandbox.seer.labels import Label, LabelGroup
from penstock.sandbox.seer.rhythms import uniform
from penstock.sandbox.seer.studies import name_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.sandbox.seer.studies import Study

DETECTIONS = 431
EPOCH_SECONDS = 30.0
CAPTION = "Zuckung links, début à gauche, 左手が動く 🧠"


def label_groups(studies: Sequence[Study], seed: int) -> list[LabelGroup]:
    """List the groups of the demo studies."""
    known = {study.id: study for study in studies}
    return [*_sleep(known[SLEEP], seed), *_epilepsy(known[EPILEPSY], seed)]


def _group(study: Study, name: str, description: str, labels: Sequence[Label]) -> LabelGroup:
    return LabelGroup(name_id(study.id, "labels", name), study.id, name, description, sorted(labels, key=_by_start))


def _by_start(label: Label) -> float:
    return label.start


def _eeg(study: Study) -> Eeg:
    return next(group.signal for group in study.groups if isinstance(group.signal, Eeg))


def _sleep(study: Study, seed: int) -> list[LabelGroup]:
    vigilance = _eeg(study).vigilance
    epochs = [
        Label(
            name_id(study.id, "epoch", number),
            study.start + number * EPOCH_SECONDS * 1000.0,
            EPOCH_SECONDS * 1000.0,
            tags=(f"tag-{vigilance.at((number + 0.5) * EPOCH_SECONDS)}",),
        )
        for number in range(int(study.duration / 1000.0 / EPOCH_SECONDS))
    ]
    return [
        _group(study, "Sleep stages", "One label an epoch", epochs),
        _group(study, "Artefacts / eye & muscle", "Found by hand", _scatter(study, seed, "artefact", 12, "tag-muscle")),
        _group(study, "Empty", "Nothing here yet", []),
    ]


def _epilepsy(study: Study, seed: int) -> list[LabelGroup]:
    seizures = [
        Label(
            name_id(study.id, "seizure", number),
            study.start + seizure.start * 1000.0,
            seizure.seconds * 1000.0,
            note=CAPTION,
            confidence=0.97,
            tags=("tag-seizure", "tag-spike"),
        )
        for number, seizure in enumerate(_eeg(study).seizures)
    ]
    detections = _scatter(study, seed, "spike", DETECTIONS, "tag-spike")
    return [
        _group(study, "Abnormal / Epileptiform", "Seizures seen by the reader", seizures),
        _group(study, "Spike detections / automatic", "Found by a detector", detections),
    ]


def _scatter(study: Study, seed: int, name: str, count: int, tag: str) -> list[Label]:
    """Spread short labels over a study; every ninth has no tag."""
    shares = uniform(seed, study.id, name, size=2 * count).reshape(count, 2)
    return [
        Label(
            name_id(study.id, name, number),
            study.start + round(float(share) * (study.duration - 500.0), 3),
            120.0,
            confidence=round(float(sure), 3),
            tags=(tag,) if number % 9 else (),
        )
        for number, (share, sure) in enumerate(shares)
    ]
