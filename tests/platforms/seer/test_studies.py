"""Listings, metadata, signed URLs, and errors of queries."""

from __future__ import annotations

import pytest

from penstock.errors import (
    NotFound,
    PermissionDenied,
    QueryFailed,
    SelectionError,
    ServiceError,
    UnexpectedResponse,
)
from penstock.platforms.seer import listing

pytestmark = pytest.mark.anyio


async def test_lists_every_study_although_pages_come_short(fake, connect, make):
    fake.studies = [make.study(f"s{n}") for n in range(23)]
    fake.page_cap = 7
    async with connect() as seer:
        assert [study.id async for study in seer.studies()] == [f"s{n}" for n in range(23)]
        assert [study.id for study in await seer.studies()] == [f"s{n}" for n in range(7)]
        assert len(await seer.studies().collect(10)) == 10
    offsets = [query["variables"]["offset"] for query in fake.queries[:5]]
    assert offsets == [0, 7, 14, 21, 23]


async def test_searching_and_party_reach_the_service(fake, connect, make):
    fake.studies = [make.study("a", name="Epilepsy 1"), make.study("b", name="Sleep")]
    async with connect(party="mine & yours") as seer:
        assert [study.id async for study in seer.studies(search="epil")] == ["a"]
        await seer.studies(party="other")
    assert fake.parties[0] == "mine & yours"
    assert fake.parties[-1] == "other"
    assert fake.queries[0]["variables"]["search_term"] == "epil"


async def test_a_server_that_ignores_the_offset_is_found_out(fake, connect, make):
    fake.studies = [make.study("a")]
    fake.list_studies = lambda info, **_: fake.studies
    async with connect() as seer:
        with pytest.raises(UnexpectedResponse, match="whatever the offset"):
            await seer.studies().collect()


async def test_metadata_has_all_segments_although_pages_come_short(fake, connect, make, monkeypatch):
    monkeypatch.setattr(listing, "SEGMENTS_A_PAGE", 5)
    long = make.group("EEG", ["a"], starts=[make.t0 + 30_000 * n for n in range(11)])
    short = make.group("ECG", ["b", "c"], starts=[make.t0])
    fake.studies = [make.study("a", long, short)]
    fake.page_cap = 3
    async with connect() as seer:
        study = await seer.study("a")
        metadata = await study.metadata()
    eeg, ecg = metadata.channel_groups
    assert [segment.id for segment in eeg.segments] == [segment["id"] for segment in long["segments"]]
    assert len(ecg.segments) == 1
    assert eeg.chunk_period == 10.0
    assert metadata.raw["channelGroups"][0]["sampleEncoding"] == "float32"


async def test_segments_are_listed_by_cursor(fake, connect, make):
    fake.studies = [make.study("a", make.group("EEG", ["a"], starts=[make.t0 + 30_000 * n for n in range(5)]))]
    fake.page_cap = 2
    async with connect() as seer:
        segments = await seer.segments("a").collect()
    assert [segment.id for segment in segments] == [f"g-EEG-s{n}" for n in range(5)]
    assert segments[0].study_channel_group.name == "EEG"
    assert segments[0].start.isoformat() == "2020-01-01T00:00:00+00:00"
    assert segments[0].end_time == make.t0 + 25_000


@pytest.mark.parametrize("call", ["study", "metadata", "read"])
async def test_an_unknown_study_is_not_found(fake, connect, call):
    async with connect() as seer:
        with pytest.raises(NotFound, match="'nope'"):
            await getattr(seer, call)("nope")


async def test_an_id_with_odd_characters_is_only_an_id(fake, connect):
    async with connect() as seer:
        with pytest.raises(NotFound):
            await seer.study('"){id}}\n\\')
        assert await seer.segment_urls(['"){id}}\n\\😀']) == []


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (200, {"errorCode": "NOT_FOUND", "message": "gone"}, NotFound),
        (200, {"statusCode": 404, "errorCode": "X", "message": "?"}, NotFound),
        (400, {"errorCode": "INVALID_PARAMETERS", "message": "Study does not exist"}, NotFound),
        (200, {"statusCode": 403, "errorCode": "X", "message": "?"}, PermissionDenied),
        (200, {"errorCode": "X", "message": "You are not authorised to see this"}, PermissionDenied),
        (403, {"errorCode": "FORBIDDEN", "message": "no"}, PermissionDenied),
        (400, {"statusCode": 400, "errorCode": "INVALID_PARAMETERS", "message": "Cannot query field x"}, QueryFailed),
    ],
)
async def test_errors_of_queries_are_typed(fake, connect, status, error, kind):
    fake.errors = [(status, error)]
    async with connect() as seer:
        with pytest.raises(kind) as caught:
            await seer.study("a")
    assert type(caught.value) is kind
    assert len(fake.queries) == 1


async def test_passing_errors_are_retried(fake, connect, make):
    fake.studies = [make.study("a")]
    fake.errors = [
        (200, {"statusCode": 500, "errorCode": "SERVER_ERROR", "message": "Internal server error"}),
        (503, {}),
    ]
    async with connect() as seer:
        assert await seer.study("a")
    assert len(fake.queries) == 3


async def test_signed_urls_are_given_but_not_shown(fake, connect, make):
    fake.studies = [make.study("a", make.group("EEG", ["a"]))]
    fake.missing = {("g-EEG-s0", 1)}
    async with connect() as seer:
        [base] = await seer.segment_urls(["g-EEG-s0", "unknown"])
        chunks = await seer.chunk_urls("g-EEG-s0", first=0, last=3)
        with pytest.raises(SelectionError):
            await seer.chunk_urls("g-EEG-s0", first=2, last=2)
    assert "00000000000.dat?Signature=" in base.base_data_chunk_url
    assert [chunk.url is None for chunk in chunks] == [False, True, False]
    assert "secret" not in repr(base) + repr(chunks) + str(base)


async def test_batches_of_urls_are_bounded(fake, connect, make, monkeypatch):
    monkeypatch.setattr(listing, "CHUNKS_A_BATCH", 4)
    fake.studies = [make.study("a", make.group("EEG", ["a"]))]
    async with connect() as seer:
        chunks = await seer.chunk_urls("g-EEG-s0", first=1, last=10)
    assert [chunk.index for chunk in chunks] == list(range(1, 10))
    assert len(fake.queries) == 3


async def test_the_instance_is_what_the_service_calls_itself(fake, connect, make):
    fake.studies = [make.study("a", make.group("EEG", ["a"]))]
    async with connect() as seer:
        await seer.study("a")
        assert seer._source.instance == "fake-seer"


async def test_no_error_shows_a_session(fake, connect):
    fake.errors = [(400, {"message": "bad cookie session-1 of you"})]
    async with connect() as seer:
        with pytest.raises(ServiceError) as caught:
            await seer.study("a")
    assert "session-1" not in str(caught.value) + repr(caught.value.context)
