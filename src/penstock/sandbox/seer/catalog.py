"""The studies that the sandbox holds. Their ids are the same whatever the seed; their samples are not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.sandbox.seer import oddities
from penstock.sandbox.seer.bodily import Ecg, Motion, Respiration
from penstock.sandbox.seer.eeg import Eeg, Seizure, Vigilance
from penstock.sandbox.seer.montage import NAMES
from penstock.sandbox.seer.studies import Channel, Group, Segment, Signal, Study, name_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.sandbox.world import World

SLEEP = "5eed0001-0000-4000-8000-000000000001"
EPILEPSY = "5eed0002-0000-4000-8000-000000000002"
MONTHS = "5eed0003-0000-4000-8000-000000000003"

PARTY = "party-sandbox-neurology"
OTHER_PARTY = oddities.PARTY
LONG_SEGMENT = 8_100_000.0
LONG_SEGMENTS = 26
LONG_PATTERNS = 13

SLEEP_START = 1_709_555_421_734.375
EPILEPSY_START = 1_713_139_265_015.625
MONTHS_START = 1_704_067_200_000.0


def studies(world: World) -> tuple[Study, ...]:
    """List all studies of a world, the presentable ones first."""
    factor = world.pick(tiny=1, small=12, large=12)
    seed = world.number("seer")
    found = [sleep(seed, factor), epilepsy(seed, factor), *oddities.studies(seed)]
    if world.scale == "large":
        found.append(long_term(seed))
    real = oddities.siesta(world)
    return (*found, real) if real is not None else tuple(found)


def channels(group: str, names: Sequence[str | None], kind: str) -> tuple[Channel, ...]:
    """Make the channels of a group."""
    return tuple(
        Channel(name_id(group, "channel", number), name, name if kind == "EEG" and name else kind, kind.lower())
        for number, name in enumerate(names)
    )


def segments(group: str, start: float, spans: Sequence[tuple[float, float]]) -> tuple[Segment, ...]:
    """Make segments from offsets and durations, both in ms, the former from the study's start."""
    return tuple(
        Segment(name_id(group, "segment", ordinal), ordinal, start + offset, duration)
        for ordinal, (offset, duration) in enumerate(spans)
    )


def spaced(durations: Sequence[float], gaps: Sequence[float]) -> list[tuple[float, float]]:
    """Lay out segments one after another with gaps between them, all in ms."""
    spans: list[tuple[float, float]] = []
    at = 0.0
    for duration, gap in zip(durations, [*gaps, 0.0], strict=True):
        spans.append((at, duration))
        at += duration + gap
    return spans


def eeg_group(study: str, start: float, spans: Sequence[tuple[float, float]], signal: Signal) -> Group:
    """Make the EEG of a study: 21 channels, 16 bits over +-1000 microvolts."""
    identity = name_id(study, "EEG")
    return Group(
        id=identity,
        name="EEG",
        channels=channels(identity, NAMES, "EEG"),
        segments=segments(identity, start, spans),
        signal=signal,
        signal_min=-1000.0,
        signal_max=1000.0,
        exponent=-6.0,
    )


def ecg_group(study: str, start: float, spans: Sequence[tuple[float, float]], signal: Signal) -> Group:
    """Make the ECG of a study: one lead, 16 bits over +-5 millivolts."""
    identity = name_id(study, "ECG")
    return Group(
        id=identity,
        name="ECG",
        channels=channels(identity, ["ECG"], "ECG"),
        segments=segments(identity, start, spans),
        signal=signal,
        signal_min=-5.0,
        signal_max=5.0,
        exponent=-3.0,
        kind="ecg",
    )


def sleep(seed: int, factor: int) -> Study:
    """Make a night in three segments, from wake to deep sleep and back."""
    durations = [duration * factor for duration in (100_937.5, 75_000.0, 48_500.0)]
    spans = spaced(durations, [46_140.625, 12_000.0])
    total = sum(spans[-1])
    stages = tuple((total * share / 1000.0, stage) for share, stage in NIGHT)
    return Study(
        id=SLEEP,
        name="Demo sleep study",
        description="One night of a made-up sleeper",
        groups=(
            eeg_group(SLEEP, SLEEP_START, spans, Eeg(seed, Vigilance(stages))),
            ecg_group(SLEEP, SLEEP_START, spans, Ecg(seed)),
            motion_group(SLEEP, SLEEP_START, [(0.0, total)], seed),
            respiration_group(SLEEP, SLEEP_START, spans, seed),
        ),
        patient="patient-ada",
        party=PARTY,
        start=SLEEP_START,
        duration=total,
        code="SBX-001",
    )


NIGHT = ((0.0, "wake"), (0.2, "light"), (0.4, "deep"), (0.65, "light"), (0.75, "rem"), (0.9, "wake"))
"""Shares of the night at which each state begins."""


def motion_group(study: str, start: float, spans: Sequence[tuple[float, float]], seed: int) -> Group:
    """Make a wrist accelerometer whose rows carry their own time, and come a little unevenly."""
    identity = name_id(study, "ACC")
    return Group(
        id=identity,
        name="Accelerometer",
        channels=channels(identity, ["Acc x", "Acc y", "Acc z"], "Accelerometer"),
        segments=segments(identity, start, spans),
        signal=Motion(seed),
        sample_rate=50.0,
        encoding="float32",
        units="g",
        timestamped=True,
        step=20.046875,
        kind="accelerometer",
    )


def respiration_group(study: str, start: float, spans: Sequence[tuple[float, float]], seed: int) -> Group:
    """Make a breathing belt in floating point."""
    identity = name_id(study, "Respiration")
    return Group(
        id=identity,
        name="Respiration / belt",
        channels=channels(identity, ["Chest"], "Respiration"),
        segments=segments(identity, start, spans),
        signal=Respiration(seed),
        sample_rate=32.0,
        encoding="float32",
        compression="br",
        exponent=-3.0,
        kind="respiration",
    )


def epilepsy(seed: int, factor: int) -> Study:
    """Make a monitoring in two segments: a lost chunk, a loose plug, and a seizure in the second."""
    spans = spaced([80_000.0 * factor, 70_500.0 * factor], [25_390.625])
    second = spans[1][0] / 1000.0
    seizures = (Seizure(second + 22.0, 26.0),)
    stages = Vigilance(((0.0, "wake"), (second + 50.0, "light")))
    eeg = eeg_group(EPILEPSY, EPILEPSY_START, spans, Eeg(seed, stages, seizures))
    first, last = eeg.segments
    return Study(
        id=EPILEPSY,
        name="Demo epilepsy monitoring",
        description="A made-up admission with one focal seizure",
        groups=(
            replace(eeg, segments=(replace(first, never=frozenset({3}), silences=((51.0, 53.5),)), last)),
            ecg_group(EPILEPSY, EPILEPSY_START, spans, Ecg(seed, rate=1.2, seizures=seizures)),
        ),
        patient="patient-blaise",
        party=PARTY,
        start=EPILEPSY_START,
        duration=sum(spans[-1]),
        code="SBX-002",
    )


def long_term(seed: int) -> Study:
    """Make more than four GiB of decoded samples out of a handful of chunks that repeat."""
    spans = [(number * LONG_SEGMENT, LONG_SEGMENT) for number in range(LONG_SEGMENTS)]
    eeg = eeg_group(MONTHS, MONTHS_START, spans, Eeg(seed))
    return Study(
        id=MONTHS,
        name="Demo long-term monitoring",
        description="Days without a gap, for measuring",
        groups=(replace(eeg, patterns=LONG_PATTERNS),),
        patient="patient-ada",
        party=PARTY,
        start=MONTHS_START,
        duration=LONG_SEGMENT * LONG_SEGMENTS,
        code="SBX-003",
    )
