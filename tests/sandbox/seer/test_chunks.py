"""Stored bytes against what was measured, by a decoder that is written here and nowhere else."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import brotli
import numpy as np
import pytest

from penstock.sandbox.seer import catalog, chunks
from penstock.sandbox.seer.catalog import EPILEPSY, LONG_PATTERNS, MONTHS, SLEEP
from penstock.sandbox.seer.oddities import MANY, ODD, SIESTA
from penstock.sandbox.seer.recorder import Recorder
from penstock.sandbox.world import World

UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress, "none": bytes}
STUDIES = {study.id: study for study in catalog.studies(World())}


def group_of(study: str, name: str):
    return next(group for group in STUDIES[study].groups if group.name == name)


def stored(study, group, segment, index):
    return UNPACK[group.compression](chunks.stored(STUDIES[study].start, group, segment, index))


def decoded(study, group, segment, index):
    """Read a chunk as the service's description of its format says: times in ms since the chunk's start, and values."""
    numbers = np.frombuffer(stored(study, group, segment, index), dtype=np.dtype(group.encoding).newbyteorder("<"))
    width, size = len(group.channels), group.samples_per_record
    scale = 10.0**group.exponent
    start = index * group.chunk_period * 1000.0
    if group.timestamped:
        table = numbers.reshape(-1, width + 1).astype(np.float64)
        return table[:, 0], table[:, 1:].T * scale
    records = min(len(numbers) // (width * size), group.records_per_chunk)
    blocks = numbers[: records * width * size].reshape(records, width, size)
    digital = blocks.transpose(1, 0, 2).reshape(width, -1)
    values = digital.astype(np.float64)
    if numbers.dtype.kind == "i":
        low, high = np.iinfo(numbers.dtype).min, np.iinfo(numbers.dtype).max
        values = (values - low) / (high - low) * (group.signal_max - group.signal_min) + group.signal_min
        values[:, (digital == low).all(axis=0)] = np.nan
    times = np.arange(digital.shape[1]) * 1000.0 / group.sample_rate
    inside = start + times < segment.duration
    return times[inside], values[:, inside] * scale


CASES = [
    (study.id, group.name, segment.ordinal, index)
    for study in STUDIES.values()
    if study.id != MANY
    for group in study.groups
    for segment in group.segments[:2]
    for index in sorted({0, 5, group.chunks(segment) - 1})
    if segment.stored and index < group.chunks(segment)
]


@pytest.mark.parametrize(("study", "name", "ordinal", "index"), CASES)
def test_decoded_chunks_are_what_was_measured(study, name, ordinal, index):
    group = group_of(study, name)
    segment = group.segments[ordinal]
    truth = chunks.true_rows(STUDIES[study].start, group, segment, index)
    times, values = decoded(study, group, segment, index)
    assert np.array_equal(times, truth.offsets)
    expected = truth.values * 10.0**group.exponent
    assert values.shape == expected.shape
    assert np.array_equal(np.isnan(values), np.isnan(expected))
    if group.encoding.startswith("int"):
        steps = 2.0 ** np.iinfo(group.encoding).bits - 1
        error = abs(group.signal_max - group.signal_min) / steps * 10.0**group.exponent * 0.5000001
    else:
        error = np.abs(expected) * np.finfo(group.encoding).eps
    assert np.all((np.abs(values - expected) <= error) | np.isnan(expected))


def test_last_chunks_are_padded_to_full_length():
    group = group_of(SLEEP, "EEG")
    segment = group.segments[0]
    last = group.chunks(segment) - 1
    payload = stored(SLEEP, group, segment, last)
    assert len(payload) == 21 * 2560 * 2
    digital = np.frombuffer(payload, dtype="<i2").reshape(10, 21, 256)
    assert (digital[1:] == -32768).all()
    assert (digital[0, :, :240] != -32768).all()


def test_measured_values_never_reach_the_marker():
    group = group_of(ODD, "Reversed range")
    values = np.array([[5.0, 4.99, -5.0, -9.0, 9.0, np.nan]] * 2)
    assert chunks.quantised(group, values)[0].tolist() == [-32767, -32702, 32767, 32767, -32767, -32768]


def test_a_loose_plug_leaves_marker_rows_inside():
    group = group_of(EPILEPSY, "EEG")
    truth = chunks.true_rows(STUDIES[EPILEPSY].start, group, group.segments[0], 5)
    missing = np.isnan(truth.values).all(axis=0)
    assert missing.sum() == 2.5 * 256
    assert not missing[0]
    assert not missing[-1]


def test_segments_leave_gaps_between_them():
    for study in (SLEEP, EPILEPSY):
        first, second = group_of(study, "EEG").segments[:2]
        assert second.start > first.end + 1000.0


def test_surplus_comes_after_the_full_chunk():
    group = group_of(ODD, "Surplus record")
    sizes = [len(stored(ODD, group, group.segments[0], index)) for index in range(3)]
    full = 2 * 640 * 2
    assert sizes == [full + 64 * 2, full + 2 * 64 * 2, full]


def test_rows_of_a_timestamped_group_come_unevenly_but_in_order():
    group = group_of(SLEEP, "Accelerometer")
    parts = [chunks.true_rows(STUDIES[SLEEP].start, group, group.segments[0], index).offsets for index in (0, 1)]
    times = np.concatenate([parts[0], 10_000.0 + parts[1]])
    steps = np.diff(times)
    assert steps.min() > 15
    assert steps.max() < 25
    assert np.unique(steps).size > 100
    assert parts[0].max() < 10_000.0
    assert np.array_equal(parts[0], parts[0].astype(np.float32))


def test_the_same_world_gives_the_same_bytes_and_another_seed_gives_others():
    def digest(world):
        study = catalog.studies(world)[0]
        body = b"".join(chunks.stored(study.start, group, group.segments[0], 1) for group in study.groups)
        return hashlib.sha256(body).hexdigest()

    assert digest(World()) == digest(World())
    assert digest(World()) != digest(World(seed=1))


def test_chunks_can_be_made_in_any_order():
    study = STUDIES[SLEEP]
    group = study.groups[0]
    segment = group.segments[0]
    forward = [chunks.stored(study.start, group, segment, index) for index in range(4)]
    backward = [chunks.stored(study.start, group, segment, index) for index in (3, 2, 1, 0)]
    assert forward == backward[::-1]


def test_signals_run_on_over_the_borders_of_chunks():
    study = STUDIES[SLEEP]
    for group in study.groups[:2]:
        rows = [chunks.true_rows(study.start, group, group.segments[0], index).values for index in (0, 1)]
        inside = np.abs(np.diff(rows[0], axis=1)).max(axis=1)
        border = np.abs(rows[1][:, 0] - rows[0][:, -1])
        assert np.all(border <= inside)


def spectrum(values):
    power = np.abs(np.fft.rfft(values - values.mean())) ** 2
    return np.fft.rfftfreq(len(values), 1 / 256.0), power


def test_eyes_closed_means_alpha_and_deep_sleep_means_delta():
    study = STUDIES[SLEEP]
    group = study.groups[0]
    names = [channel.name for channel in group.channels]
    awake = chunks.true_rows(study.start, group, group.segments[0], 1).values[names.index("O1")]
    asleep = chunks.true_rows(study.start, group, group.segments[1], 1).values[names.index("C3")]
    frequencies, power = spectrum(awake)
    assert 8.0 < frequencies[power.argmax()] < 13.0
    frequencies, power = spectrum(asleep)
    assert frequencies[power.argmax()] < 4.0


def test_the_heart_beats_and_races_in_the_seizure():
    study = STUDIES[EPILEPSY]
    group = study.groups[1]

    def beats(index):
        lead = chunks.true_rows(study.start, group, group.segments[1], index).values[0]
        high = lead > 0.5
        return int((high[1:] & ~high[:-1]).sum())

    assert 9 <= beats(0) <= 15
    assert beats(4) > beats(0)


def test_a_seizure_stands_out_over_its_focus():
    study = STUDIES[EPILEPSY]
    group = study.groups[0]
    names = [channel.name for channel in group.channels]
    left, right = names.index("T3"), names.index("T4")
    before, during = (chunks.true_rows(study.start, group, group.segments[1], index).values for index in (0, 3))
    assert during[left].std() > 3 * before[left].std()
    assert during[left].std() > 3 * during[right].std()


def test_large_worlds_hold_four_gibibytes_made_of_a_few_chunks():
    studies = catalog.studies(World(scale="large"))
    study = next(found for found in studies if found.id == MONTHS)
    group = study.groups[0]
    decoded_bytes = sum(round(segment.duration * 0.256) for segment in group.segments) * 21 * 4
    assert decoded_bytes >= 4 << 30
    recorder = Recorder([study])
    names = [f"{segment.id}_{index:011d}.dat" for segment in group.segments[:2] for index in range(20)]
    assert len({id(recorder.body(name)) for name in names}) == LONG_PATTERNS
    assert recorder.ready(f"{group.segments[-1].id}_00000000809.dat") is not None


def test_what_was_made_is_kept_within_bounds():
    recorder = Recorder(STUDIES.values(), cache_bytes=200_000)
    segment = group_of(SLEEP, "EEG").segments[0].id
    names = [f"{segment}_{index:011d}.dat" for index in range(4)]
    bodies = [recorder.body(name) for name in names]
    assert [recorder.ready(name) is not None for name in names] == [False, False, True, True]
    assert recorder.body(names[0]) == bodies[0]


@pytest.mark.parametrize("name", ["x", "x_00000000000.dat", "../etc/passwd_00000000000.dat", "_00000000001.dat"])
def test_unknown_names_hold_nothing(name):
    assert Recorder(STUDIES.values()).body(name) is None


def test_the_real_chunk_is_served_as_it_is_and_means_what_its_table_says(vectors: Path):
    file = vectors / "seer" / "siesta_chunk_data_2s.dat"
    table = np.genfromtxt(vectors / "seer" / "siesta_channel_data_2s.csv", delimiter=",", dtype=str)
    study = next(found for found in catalog.studies(World(data=vectors)) if found.id == SIESTA)
    group = study.groups[0]
    segment = group.segments[0]
    assert Recorder([study]).body(f"{segment.id}_00000000000.dat") == file.read_bytes()
    assert [channel.name for channel in group.channels] == table[0, 5:].tolist()
    assert table[1, 2:5].tolist() == [study.id, group.id, segment.id]
    numbers = np.frombuffer(gzip.decompress(file.read_bytes()), "<f4").reshape(2, 21, 256)
    values = numbers.transpose(0, 2, 1).reshape(512, 21).astype(np.float64) * 10.0**group.exponent
    assert np.allclose(values, table[1:, 5:].astype(np.float64), rtol=2e-7, atol=0)
    times = segment.start + np.arange(512) * 1000.0 / group.sample_rate
    assert np.allclose(times, table[1:, 1].astype(np.float64), rtol=0, atol=1e-3)
