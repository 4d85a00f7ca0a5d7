"""Channel data: read, streamed, downloaded."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import numpy as np
import pytest

from penstock.errors import FormatError, LinkExpired, SelectionError
from penstock.platforms.seer.links import Links

pytestmark = pytest.mark.anyio


@pytest.fixture
def night(fake, make):
    """A study of one EEG group with two segments, one ECG group, and one group with times of its own."""
    second = make.t0 + 60_000.0
    fake.studies = [
        make.study(
            "night",
            make.group("EEG", ["Fz", "Cz", "Pz"], starts=(make.t0, second)),
            make.group("ECG", ["ECGR"], compression="none"),
            make.group("ACC", ["x", "y"], timestamped=True),
            name="Night 1",
        )
    ]
    return fake


def expected(make, channels, rows):
    return np.stack([1000 * channel + rows for channel in channels], axis=1).astype(np.float32)


async def test_reads_everything(night, connect, make):
    async with connect() as seer:
        blocks = await seer.read("night")
    assert [(block.group, block.segment_id) for block in blocks] == [
        ("EEG", "g-EEG-s0"),
        ("EEG", "g-EEG-s1"),
        ("ECG", "g-ECG-s0"),
        ("ACC", "g-ACC-s0"),
    ]
    eeg, _, ecg, acc = blocks
    assert eeg.data.dtype == np.float32
    np.testing.assert_array_equal(eeg.data, expected(make, [0, 1, 2], np.arange(100)))
    assert (eeg.names, eeg.units, eeg.rate, eeg.start_ms, eeg.times) == (("Fz", "Cz", "Pz"), "V", 4.0, make.t0, None)
    assert eeg.start == datetime(2020, 1, 1, tzinfo=UTC)
    np.testing.assert_array_equal(eeg.clock(), make.t0 + 250.0 * np.arange(100))
    assert ecg.data.shape == (100, 1)
    assert acc.data.shape == (100, 2)
    np.testing.assert_array_equal(acc.times, make.t0 + 250.0 * np.arange(100))
    assert acc.clock() is acc.times


async def test_reads_a_selection_and_only_the_chunks_it_needs(night, connect, make):
    async with connect() as seer:
        [block] = await seer.read("night", channels=["?z"], start=make.t0 + 5_000, stop="2020-01-01T00:00:10")
    np.testing.assert_array_equal(block.data, expected(make, [0, 1, 2], np.arange(20, 40)))
    assert block.start_ms == make.t0 + 5_000
    assert [chunk[:2] for chunk in night.chunks_served] == [("g-EEG-s0", 0)]


async def test_columns_are_chosen_after_decoding(night, connect, make):
    async with connect() as seer:
        [block] = await seer.read("night", channels=["Pz", "Fz"], stop=make.t0 + 10_000)
    assert block.names == ("Fz", "Pz")
    np.testing.assert_array_equal(block.data, expected(make, [0, 2], np.arange(40)))


async def test_absent_chunks_are_runs_of_nan(night, connect, make):
    night.missing = {("g-EEG-s0", 1), ("g-ACC-s0", 0)}
    async with connect() as seer:
        eeg, _ = await seer.read("night", groups=["EEG"])
        [acc] = await seer.read("night", groups=["ACC"])
    assert eeg.missing == ((40, 80),)
    assert np.isnan(eeg.data[40:80]).all()
    np.testing.assert_array_equal(eeg.data[80:], expected(make, [0, 1, 2], np.arange(80, 100)))
    assert acc.data.shape == (60, 2)
    assert acc.times[0] == make.t0 + 10_000


async def test_chunks_without_a_base_url_are_signed_one_by_one(night, connect, make):
    night.base_urls = False
    night.missing = {("g-EEG-s0", 0)}
    async with connect() as seer:
        eeg, other = await seer.read("night", groups="EEG")
    assert eeg.missing == ((0, 40),)
    assert other.missing == ()
    assert ("g-EEG-s0", 0) not in {chunk[:2] for chunk in night.chunks_served}


async def test_streams_in_time_order_and_agrees_with_read(night, connect, make):
    night.missing = {("g-EEG-s0", 1)}
    async with connect() as seer:
        blocks = [block async for block in seer.stream("night")]
        whole = await seer.read("night")
    assert [block.start_ms for block in blocks] == sorted(block.start_ms for block in blocks)
    assert max(len(block.data) for block in blocks) == 40
    for one in whole:
        pieces = [block.data for block in blocks if block.segment_id == one.segment_id]
        np.testing.assert_array_equal(np.concatenate(pieces), one.data)


async def test_a_stream_can_be_left_early(night, connect):
    night.studies[0]["channelGroups"][0]["segments"][0]["duration"] = 10_000_000.0
    async with connect() as seer:
        async for block in seer.stream("night", groups=["EEG"]):
            assert block.names == ("Fz", "Cz", "Pz")
            break
    assert len(night.chunks_served) <= 16


async def test_one_signature_serves_a_segment(night, connect):
    async with connect() as seer:
        await seer.read("night", groups=["EEG"])
    assert night.signed <= 2


async def test_signatures_are_fetched_by_the_handful(fake, connect, make, tmp_path):
    starts = [make.t0 + 30_000 * n for n in range(40)]
    fake.studies = [make.study("a", make.group("EEG", ["x"], starts=starts, duration=5_000.0))]
    async with connect() as seer:
        await seer.download("a", to=tmp_path)
    assert fake.signed == 40
    assert len(fake.queries) < 7


async def test_a_link_that_runs_out_is_signed_again_and_only_once(night, connect, make):
    async with connect() as seer:
        await seer.read("night", groups=["ECG"])
        assert night.signed == 1
        night.void_links = {"secret-signature-1"}
        [block] = await seer.read("night", groups=["ECG"])
    assert night.signed == 2
    np.testing.assert_array_equal(block.data, expected(make, [0], np.arange(100)))


async def test_a_link_is_renewed_before_it_runs_out(night, connect):
    night.link_life = 1000.0
    async with connect() as seer:
        await seer.read("night", groups=["ECG"])
        links: Links = seer._source._segments
        now = links._clock()
        links._clock = lambda: now + 990.0
        await seer.read("night", groups=["ECG"])
    assert night.signed == 2
    assert len(night.chunks_served) == 6


async def test_a_link_that_is_never_honoured_is_an_error(night, connect):
    night.void_links = {f"secret-signature-{n}" for n in range(100)}
    async with connect() as seer:
        with pytest.raises(LinkExpired) as caught:
            await seer.read("night", groups=["ECG"])
    assert "secret" not in str(caught.value) + repr(caught.value.context) + str(caught.value.url)


async def test_damaged_chunks_are_fetched_once_more(night, connect):
    body, calls = night.body, []

    def damaged(group, segment, index):
        calls.append(index)
        whole = body(group, segment, index)
        return whole[:-9] if len(calls) == 1 else whole

    night.body = damaged
    async with connect() as seer:
        [first, _] = await seer.read("night", groups=["EEG"])
    assert not np.isnan(first.data).any()


async def test_chunks_that_do_not_decode_are_a_format_error(night, connect):
    night.body = lambda *_: b"\x1f\x8bnot gzip at all"
    async with connect() as seer:
        with pytest.raises(FormatError):
            await seer.read("night", groups=["EEG"])


async def test_a_study_without_groups_is_a_selection_error(fake, connect, make, tmp_path):
    fake.studies = [make.study("empty")]
    async with connect() as seer:
        with pytest.raises(SelectionError, match="no channel groups"):
            await seer.read("empty")
        with pytest.raises(SelectionError, match="no channel groups"):
            await seer.download("empty", to=tmp_path)
        with pytest.raises(SelectionError, match="no channel groups"):
            async for _ in seer.stream("empty"):
                pass


async def test_a_group_of_unknown_encoding_is_named_before_anything_is_fetched(fake, connect, make):
    fake.studies = [make.study("a", make.group("EEG", ["x"], sampleEncoding="float24"))]
    async with connect() as seer:
        with pytest.raises(FormatError, match=r"'EEG'.*float24"):
            await seer.read("a")
    assert fake.signed == 0


async def test_an_unknown_format_is_refused(night, connect, tmp_path):
    async with connect() as seer:
        with pytest.raises(SelectionError, match="'edf'"):
            await seer.plan("night", to=tmp_path, format="edf")


async def test_a_plan_lists_segments_and_holds_no_signature(night, connect, make, tmp_path):
    async with connect() as seer:
        plan = await seer.plan("night", to=tmp_path / "out", channels=["EEG"], start=make.t0 + 10_000)
        async with plan:
            items = [operation.item async for operation in plan]
    assert [item.target for item in items] == [
        "Night 1/EEG/20200101T000000.000Z",
        "Night 1/EEG/20200101T000100.000Z",
    ]
    assert [item.parts for item in items] == [2, 3]
    assert items[0].key == "night/g-EEG-s0"
    assert night.signed == 0
    assert not (tmp_path / "out").exists()
    asked = json.loads(json.dumps(plan.selection, allow_nan=False))
    assert asked["url"] == "seer://night"
    async with connect() as seer, await seer.plan("night", to=tmp_path / "out", **asked["options"]) as again:
        assert [operation.item async for operation in again] == items


async def test_downloads_to_disk(night, connect, make, tmp_path):
    night.missing = {("g-EEG-s0", 1)}
    async with connect() as seer:
        report = await seer.download("night", to=tmp_path)
        whole = await seer.read("night")
    report.raise_for_failures()
    for block in whole:
        when = "20200101T000000.000Z" if block.start_ms < make.t0 + 60_000 else "20200101T000100.000Z"
        stem = tmp_path / "Night 1" / block.group / when
        np.testing.assert_array_equal(np.load(f"{stem}.npy"), block.data)
        assert json.loads(stem.with_name(f"{when}.json").read_text())
    np.testing.assert_array_equal(np.load(tmp_path / "Night 1/ACC/20200101T000000.000Z.times.npy"), block.times)


async def test_a_second_run_asks_for_no_chunk(night, connect, tmp_path):
    async with connect() as seer:
        await seer.download("night", to=tmp_path)
    night.chunks_served.clear()
    signed = night.signed
    async with connect() as seer:
        report = await seer.download("night", to=tmp_path)
    report.raise_for_failures()
    assert night.chunks_served == []
    assert night.signed == signed


async def test_links_that_run_out_do_not_fail_a_download(night, connect, tmp_path):
    body = night.body

    def voiding(group, segment, index):
        if index == 1:
            night.void_links.add(night.chunks_served[-1][2])
        return body(group, segment, index)

    night.body = voiding
    async with connect() as seer:
        report = await seer.download("night", to=tmp_path)
    report.raise_for_failures()


async def test_nothing_signed_reaches_logs_or_disk(night, connect, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    async with connect() as seer:
        await seer.download("night", to=tmp_path)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"secret-signature" not in written
    ours = " ".join(record.getMessage() for record in caplog.records if record.name != "aiohttp.access")
    assert "secret-signature" not in ours
    assert "session-1" not in ours
