"""Studies that hold what is rare: odd chunks, odd names, nothing at all, too many segments, and a real recording."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from penstock.sandbox.seer.bodily import Drift, Ecg
from penstock.sandbox.seer.studies import Channel, Group, Segment, Study, name_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.sandbox.world import World

ODD = "5eed0004-0000-4000-8000-000000000004"
EMPTY = "5eed0005-0000-4000-8000-000000000005"
MANY = "5eed0006-0000-4000-8000-000000000006"
SIESTA = "siesta_study-id"

PARTY = "party-sandbox-wearables"
MANY_SEGMENTS = 5_203
START = 1_706_749_200_000.0
SIESTA_START = 1_571_729_124_019.5312
SIESTA_FILE = "siesta_chunk_data_2s.dat"
SIESTA_CHANNELS = (
    *("fz", "cz", "pz", "c3", "f3", "f4", "p4", "p3", "a2", "t4", "a1"),
    *("t3", "fp1", "fp2", "o2", "o1", "f7", "f8", "t6", "t5", "c4"),
)


def studies(seed: int) -> tuple[Study, ...]:
    """List the studies that are there on any scale."""
    return odd(seed), empty(), many(seed)


def odd(seed: int) -> Study:
    """Make a study in which every group has a trap for a careless reader."""
    groups = (_named_alike(seed), _reversed(seed), _surplus(seed), _scattered(seed), _wide(seed), _double(seed))
    return Study(ODD, "Demo edge cases", "One trap a group", groups, "patient-grace", PARTY, START, 35_000.0, "SBX-004")


def empty() -> Study:
    """Make a study in which nothing was recorded, of nobody."""
    return Study(EMPTY, "Demo empty study", "Booked, never recorded", (), None, PARTY, START, 0.0, "SBX-005")


def many(seed: int) -> Study:
    """Make a study with more segments than fit in a page."""
    identity = name_id(MANY, "ECG")
    parts = tuple(
        Segment(f"{identity[:24]}{number:012d}", number, START + 12_000.0 * number, 10_000.0)
        for number in range(MANY_SEGMENTS)
    )
    group = Group(
        id=identity,
        name="ECG",
        channels=(Channel(name_id(identity, "lead"), "ECG", "ECG", "ecg"),),
        segments=parts,
        signal=Ecg(seed),
        sample_rate=128.0,
        signal_min=-5.0,
        signal_max=5.0,
        exponent=-3.0,
        kind="ecg",
    )
    duration = parts[-1].end - START
    name = "Demo ambulatory snippets"
    return Study(MANY, name, "Ten seconds every twelve", (group,), "patient-grace", PARTY, START, duration, "SBX-006")


def _group(name: str, names: Sequence[str | None], signal: Drift, durations: Sequence[float]) -> Group:
    """Make a group at 64 Hz in float32; the traps replace what they need."""
    identity = name_id(ODD, name)
    starts = [START + sum(durations[:number]) + 500.0 * number for number in range(len(durations))]
    return Group(
        id=identity,
        name=name,
        channels=tuple(
            Channel(name_id(identity, "channel", number), label, "Auxiliary", "aux")
            for number, label in enumerate(names)
        ),
        segments=tuple(
            Segment(name_id(identity, "segment", number), number, start, duration)
            for number, (start, duration) in enumerate(zip(starts, durations, strict=True))
        ),
        signal=signal,
        sample_rate=64.0,
        encoding="float32",
        kind="auxiliary",
    )


def _named_alike(seed: int) -> Group:
    """Two channels share a name, one has none, one has a slash in it."""
    return _group("Names", ["Aux", "Aux", None, "L / R"], Drift(seed, 4), [25_000.0])


def _reversed(seed: int) -> Group:
    """The digital range is upside down and nothing is compressed."""
    base = _group("Reversed range", ["Up", "Down"], Drift(seed, 2, swing=3.0), [25_000.0])
    return replace(
        base, encoding="int16", compression="none", signal_min=5.0, signal_max=-5.0, exponent=-3.0, units="v"
    )


def _surplus(seed: int) -> Group:
    """The first chunk ends with samples of one channel too many, the second with a whole record too many."""
    base = _group("Surplus record", ["A", "B"], Drift(seed, 2, swing=3.0), [25_000.0])
    first = replace(base.segments[0], stray=frozenset({0}), surplus=frozenset({1}))
    return replace(base, encoding="int16", signal_min=-5.0, signal_max=5.0, segments=(first,))


def _scattered(seed: int) -> Group:
    """One segment has no URL; another has chunks that were never stored, or are gone."""
    base = _group("Scattered", ["A"], Drift(seed), [5_000.0, 25_000.0])
    gone, holed = base.segments
    parts = (replace(gone, stored=False), replace(holed, never=frozenset({0}), lost=frozenset({1})))
    return replace(base, segments=parts, compression="br")


def _wide(seed: int) -> Group:
    """Thirty-two bits, of which float32 arithmetic would lose eight."""
    base = _group("Barometer / 32 bit", ["Pressure"], Drift(seed, 1, 1013.0, 4.0), [25_000.0])
    return replace(base, encoding="int32", signal_min=0.0, signal_max=2000.0, exponent=2.0, units="Pa")


def _double(seed: int) -> Group:
    """Double precision in half-second records."""
    base = _group("Reference (double)", ["Level"], Drift(seed, 1, 1e6, 1e-3), [25_000.0])
    return replace(base, encoding="float64", record_length=0.5)


def siesta(world: World) -> Study | None:
    """Make a study around a real chunk of two seconds, if the folder of vectors holds it.

    Its ids are those in the table of decoded values that belongs to the chunk.
    """
    file = world.vectors("seer", SIESTA_FILE)
    if file is None:
        return None
    group = Group(
        id="siesta-channel-group-id",
        name="EEG",
        channels=tuple(Channel(f"siesta-channel-{name}-id", name, name, "eeg") for name in SIESTA_CHANNELS),
        segments=(Segment("siesta-segment-id", 0, SIESTA_START, 2_000.0, file=file),),
        signal=Drift(0, len(SIESTA_CHANNELS)),
        encoding="float32",
        exponent=-6.0,
        chunk_period=2.0,
    )
    name, text = "Real siesta sample", "Two seconds of a real recording"
    return Study(SIESTA, name, text, (group,), "patient-grace", PARTY, SIESTA_START, 2_000.0, "SBX-REAL")
