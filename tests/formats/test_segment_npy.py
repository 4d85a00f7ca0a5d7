"""The segment sink: rows by position, whatever happens on the way."""

from __future__ import annotations

import gzip
import json
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import FormatError, Truncated
from penstock.formats import sink
from penstock.formats.files import file_digest
from penstock.formats.segment import decode_chunk
from penstock.formats.segment_geometry import SegmentGeometry
from penstock.types import Item

CHUNKS = 5


def item_of(layout):
    return Item("key", "study/eeg", "identity", "segment-npy", parts=layout["chunks"][1], layout=layout)


def bodies_of(layout, seed=0):
    """Make chunks of noise, with a marker row here and there, compressed as the layout says."""
    rng = np.random.default_rng(seed)
    squeeze = gzip.compress if layout["compression"] == "gzip" else bytes
    for _ in range(layout["chunks"][1]):
        if layout["timestamped"]:
            rows = rng.normal(size=(rng.integers(0, 9), 3))
            rows[:, 0] = np.sort(rng.uniform(0, 2000, len(rows)))
            yield squeeze(rows.astype("<f4").tobytes())
        else:
            rows = rng.integers(-32768, 32767, (8, 2))
            rows[rng.integers(0, 8)] = -32768
            yield squeeze(rows.reshape(2, 4, 2).transpose(0, 2, 1).astype("<i2").tobytes())


@pytest.fixture
def regular(layout):
    return layout(compression="gzip", chunks=[0, CHUNKS], end_ms=1000.0 + CHUNKS * 2000 - 700)


@pytest.fixture
def stamped(layout, regular):
    return {**regular, "timestamped": True, "encoding": "float32", "exponent": 0}


def run(opened, layout, bodies, *, order=None, name="scratch", stop=None):
    """Write the parts in an order, stopping and resuming after `stop` of them; return the outputs by extension."""
    item = item_of(layout)
    order = list(order if order is not None else range(len(bodies)))
    notes = {}
    target = opened(item, name=name)
    for done, part in enumerate(order):
        if done == stop:
            target.sync()
            target.close()
            target = opened(item, resume=True, name=name)
            notes = {int(key): note for key, note in json.loads(json.dumps(notes)).items()}
        note = target.gap(part) if bodies[part] is None else target.write(part, 0, bodies[part])
        if note is not None:
            notes[part] = note
    target.sync()
    outputs = target.finish(notes)
    target.close()
    return {output.target.removeprefix("study/eeg"): output for output in outputs}


def test_regular_rows_equal_the_decoded_chunks(opened, regular):
    bodies = list(bodies_of(regular))
    outputs = run(opened, regular, bodies)
    geometry = SegmentGeometry.from_layout(regular)
    array = np.load(outputs[".npy"].temporary)
    expected = np.concatenate([decode_chunk(body, geometry, part).values for part, body in enumerate(bodies)])
    np.testing.assert_array_equal(array, expected)
    assert array.shape == (CHUNKS * 8 - 2, 2)
    assert array.dtype == np.float32
    assert set(outputs) == {".npy", ".json"}
    assert [each.target for each in outputs.values()] == sink("segment-npy").targets(item_of(regular))


def test_outputs_carry_size_digest_and_level(opened, regular):
    for compression, level in (("gzip", "weak"), ("none", "size")):
        layout = {**regular, "compression": compression}
        for output in run(opened, layout, list(bodies_of(layout)), name=compression).values():
            assert output.level == level
            assert output.size == output.temporary.stat().st_size
            assert output.digest == file_digest(output.temporary)


def test_a_chunk_whose_gzip_was_undone_on_the_way_lowers_the_level(opened, regular):
    bodies = list(bodies_of(regular))
    bodies[2] = gzip.decompress(bodies[2])
    assert run(opened, regular, bodies)[".npy"].level == "size"


def test_sidecar_says_what_the_rows_are(opened, regular):
    bodies = list(bodies_of(regular))
    bodies[1] = None
    bodies[3] = gzip.compress(gzip.decompress(bodies[3])[:16])
    layout = {**regular, "select": [1], "from_ms": 1500.0}
    outputs = run(opened, layout, bodies)
    sidecar = json.loads(outputs[".json"].temporary.read_text())
    array = np.load(outputs[".npy"].temporary)
    missing = [row for start, stop in sidecar["gaps"] for row in range(start, stop)]
    assert missing == np.flatnonzero(np.isnan(array[:, 0])).tolist()
    assert sidecar["channels"] == [{"id": "id-y", "name": "y", "unit": "V"}]
    assert (sidecar["study"], sidecar["group"], sidecar["sample_rate"]) == ("study", "EEG", 4.0)
    assert (sidecar["shape"], sidecar["dtype"]) == ([CHUNKS * 8 - 2 - 2, 1], "<f4")
    assert (sidecar["start_ms"], sidecar["start"]) == (1500.0, "1970-01-01T00:00:01.500000+00:00")
    assert (sidecar["end_ms"], sidecar["segment_ms"]) == (10300.0, [1000.0, 10300.0])
    assert sidecar["missing_ms"] == [[3000.0, 5000.0]]


def test_wholly_absent_segment_is_all_nan(opened, regular):
    array = np.load(run(opened, regular, [None] * CHUNKS)[".npy"].temporary)
    assert array.shape == (CHUNKS * 8 - 2, 2)
    assert np.isnan(array).all()


def test_selection_without_rows_is_an_empty_array(opened, regular):
    layout = {**regular, "from_ms": 1001.0, "to_ms": 1002.0}
    assert np.load(run(opened, layout, list(bodies_of(layout)))[".npy"].temporary).shape == (0, 2)


def test_stamped_rows_have_a_file_of_times(opened, stamped):
    bodies = list(bodies_of(stamped))
    bodies[2] = None
    outputs = run(opened, stamped, bodies)
    geometry = SegmentGeometry.from_layout(stamped)
    chunks = [decode_chunk(body, geometry, part) for part, body in enumerate(bodies) if body is not None]
    times = np.load(outputs[".times.npy"].temporary)
    np.testing.assert_array_equal(times, np.concatenate([chunk.times for chunk in chunks]))
    np.testing.assert_array_equal(
        np.load(outputs[".npy"].temporary), np.concatenate([chunk.values for chunk in chunks])
    )
    assert times.dtype == np.float64
    assert (np.diff(times) >= 0).all()
    sidecar = json.loads(outputs[".json"].temporary.read_text())
    assert (sidecar["shape"], sidecar["times"]) == ([len(times), 2], "file")
    assert sidecar["missing_ms"] == [[5000.0, 7000.0]]


def test_stamped_chunk_that_the_journal_lost_is_not_passed_over(opened, stamped):
    target = opened(item_of(stamped))
    notes = {part: target.write(part, 0, body) for part, body in enumerate(bodies_of(stamped)) if part != 3}
    with pytest.raises(Truncated, match="chunk 3"):
        target.finish(notes)


def test_rate_that_does_not_fill_the_period_gets_a_file_of_times(opened, regular):
    layout = {**regular, "sample_rate": 3.9}
    outputs = run(opened, layout, list(bodies_of(layout)))
    geometry = SegmentGeometry.from_layout(layout)
    times = np.load(outputs[".times.npy"].temporary)
    np.testing.assert_array_equal(times, np.concatenate([geometry.times(part) for part in range(CHUNKS)]))
    assert len(times) == len(np.load(outputs[".npy"].temporary))


@pytest.mark.parametrize("kind", ["regular", "stamped"])
@given(seed=st.integers(0, 2**32), stop=st.integers(0, CHUNKS - 1))
@settings(max_examples=15, deadline=None)
def test_any_order_and_any_interruption_give_the_same_bytes(request, tmp_path_factory, kind, seed, stop):
    layout = request.getfixturevalue(kind)
    bodies = [
        None if random.Random(seed + n).random() < 0.2 else body for n, body in enumerate(bodies_of(layout, seed))
    ]
    order = random.Random(seed).sample(range(CHUNKS), CHUNKS)

    def digests(order, stop):
        scratch = tmp_path_factory.mktemp("scratch")

        def opened(item, *, resume=False, name=""):
            target = sink(item.format)(item, scratch)
            target.open(resume)
            return target

        return {
            extension: output.digest
            for extension, output in run(opened, layout, bodies, order=order, stop=stop).items()
        }

    assert digests(order, stop) == digests(range(CHUNKS), None)


@pytest.mark.parametrize("kind", ["regular", "stamped"])
def test_parts_may_be_written_side_by_side(request, opened, kind):
    layout = request.getfixturevalue(kind)
    bodies = list(bodies_of(layout))
    target = opened(item_of(layout), name="threads")
    with ThreadPoolExecutor(4) as pool:
        written = list(pool.map(lambda part: (part, target.write(part, 0, bodies[part])), range(CHUNKS)))
    outputs = target.finish({part: note for part, note in written if note is not None})
    assert outputs[0].digest == run(opened, layout, bodies)[".npy"].digest


def test_finishing_twice_gives_the_same(opened, stamped):
    item = item_of(stamped)
    target = opened(item)
    notes = {part: target.write(part, 0, body) for part, body in enumerate(bodies_of(stamped))}
    first = target.finish(notes)
    target.close()
    assert opened(item, resume=True).finish(notes) == first


def test_starting_over_forgets_what_was_written(opened, regular):
    bodies = list(bodies_of(regular))
    item = item_of(regular)
    target = opened(item)
    for part in range(CHUNKS):
        target.write(part, 0, list(bodies_of(regular, seed=1))[part])
    target.close()
    target.open(resume=False)
    for part in range(CHUNKS):
        target.write(part, 0, bodies[part])
    assert target.finish({})[0].digest == run(opened, regular, bodies, name="other")[".npy"].digest


@pytest.mark.parametrize("damage", ["gone", "short"])
def test_part_file_that_is_not_what_it_was_cannot_be_resumed(opened, regular, tmp_path, damage):
    item = item_of(regular)
    opened(item).close()
    part_file = tmp_path / "scratch" / "rows.part"
    if damage == "gone":
        part_file.unlink()
    else:
        part_file.write_bytes(part_file.read_bytes()[:-1])
    with pytest.raises(Truncated):
        opened(item, resume=True)


def test_sync_after_close_does_no_harm(opened, regular):
    target = opened(item_of(regular))
    target.close()
    target.sync()
    target.close()


def test_bad_chunk_leaves_its_rows_alone(opened, regular):
    """What a first attempt wrote stays until a good one replaces it."""
    bodies = list(bodies_of(regular))
    target = opened(item_of(regular))
    for part, body in enumerate(bodies):
        with pytest.raises((FormatError, Truncated)):
            target.write(part, 0, body[:-1])
        target.write(part, 0, body)
    assert target.finish({})[0].digest == run(opened, regular, bodies, name="other")[".npy"].digest
