"""Signed links: what they open, until when, and what a forger gets."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from yarl import URL

from penstock.sandbox.seer import EPILEPSY
from penstock.sandbox.seer.oddities import ODD

pytestmark = pytest.mark.anyio


def chunk(url: str, index: int) -> str:
    return url.replace("00000000000.dat", f"{index:011d}.dat")


async def test_base_url_opens_every_chunk_of_its_segment_only(seer) -> None:
    first, second = await seer.segment(number=0), await seer.segment(number=1)
    url = await seer.base_url(first)
    assert f"{first}_00000000000.dat?Policy=" in url
    bodies = {(await seer.get(chunk(url, index)))[1] for index in range(11)}
    assert len(bodies) == 11
    status, body, _ = await seer.get(url.replace(f"{first}_", f"{second}_", 1))
    assert status == 403
    assert b"<Code>AccessDenied</Code>" in body


async def test_the_two_families_and_the_object_store_agree(seer) -> None:
    segment = await seer.segment()
    base = await seer.base_url(segment)
    cdn, store = [(await seer.chunk_urls((segment, 2), s3=s3))[0] for s3 in (False, True)]
    assert cdn is not None
    assert store is not None
    assert "Expires=" in cdn
    assert "X-Amz-Expires=" in store
    bodies = [(await seer.get(url))[1] for url in (chunk(base, 2), cdn, store)]
    assert bodies[0] == bodies[1] == bodies[2]


async def test_chunk_urls_keep_order_and_length(seer) -> None:
    segment, holed = await seer.segment(), await seer.segment(EPILEPSY)
    keys = [(segment, 1), ("unknown", 0), (holed, 3), (segment, 0), (segment, 99)]
    urls = await seer.chunk_urls(*keys)
    assert [url is None for url in urls] == [False, True, True, False, True]
    assert f"{segment}_00000000001.dat" in str(urls[0])
    assert f"{segment}_00000000000.dat" in str(urls[3])


async def test_chunks_that_were_never_stored_are_missing_by_the_base_url(seer) -> None:
    url = await seer.base_url(await seer.segment(EPILEPSY))
    status, body, headers = await seer.get(chunk(url, 3))
    assert status == 404
    assert b"<Code>NoSuchKey</Code>" in body
    assert headers["Content-Type"].startswith("application/xml")


async def test_lost_chunks_have_a_url_that_leads_nowhere(seer) -> None:
    holed = await seer.segment(ODD, "Scattered", 1)
    never, lost, there = await seer.chunk_urls((holed, 0), (holed, 1), (holed, 2))
    assert never is None
    assert lost is not None
    assert there is not None
    assert (await seer.get(lost))[0] == 404
    assert (await seer.get(there))[0] == 200


async def test_a_segment_without_stored_chunks_has_no_url(seer) -> None:
    gone = await seer.segment(ODD, "Scattered", 0)
    assert await seer.base_url(gone) is None
    assert await seer.chunk_urls((gone, 0)) == [None]


async def test_unknown_segments_are_null_in_place(seer) -> None:
    known = await seer.segment()
    ids = f'"nope", {json.dumps(known)}'
    found = await seer.ask(f"{{ studyChannelGroupSegments(segmentIds: [{ids}]) {{ id baseDataChunkUrl }} }}")
    assert [entry and entry["id"] for entry in found["studyChannelGroupSegments"]] == [None, known]


@pytest.mark.parametrize("family", ["base", "cdn", "store"])
async def test_links_run_out_and_can_be_renewed(seer, family: str) -> None:
    await seer.controls(link_seconds=60)
    segment = await seer.segment()

    async def sign() -> str:
        if family == "base":
            return await seer.base_url(segment)
        return str((await seer.chunk_urls((segment, 0), s3=family == "store"))[0])

    url = await sign()
    seer.clock.now += 58
    assert (await seer.get(url))[0] == 200
    seer.clock.now += 4
    status, body, _ = await seer.get(url)
    assert status == 403
    assert (b"Request has expired" in body) == (family == "store")
    assert (await seer.get(await sign()))[0] == 200


def forged(url: str, name: str, value: str) -> str:
    address = URL(url, encoded=True)
    return str(address.update_query({name: value}))


async def test_tampered_links_are_refused(seer) -> None:
    segment = await seer.segment()
    base = await seer.base_url(segment)
    cdn, store = [str((await seer.chunk_urls((segment, 0), s3=s3))[0]) for s3 in (False, True)]
    policy = json.loads(
        base64.b64decode(parse_qs(urlsplit(base).query)["Policy"][0].translate(str.maketrans("-_~", "+=/")))
    )
    policy["Statement"][0]["Condition"]["DateLessThan"]["AWS:EpochTime"] += 9999
    stretched = base64.b64encode(json.dumps(policy).encode()).decode().translate(str.maketrans("+=/", "-_~"))
    for url in (
        forged(base, "Policy", stretched),
        forged(base, "Policy", "!!!"),
        forged(base, "Signature", "AAAA"),
        forged(base, "Key-Pair-Id", "OTHER"),
        forged(cdn, "Expires", "99999999999"),
        chunk(cdn, 1),
        forged(store, "X-Amz-Expires", "999999"),
        chunk(store, 1),
        forged(store, "X-Amz-Signature", "0" * 64),
        base.partition("?")[0],
        store.partition("?")[0],
    ):
        status, body, _ = await seer.get(url)
        assert status == 403, url
        assert body.startswith(b"<?xml")


async def test_parts_of_chunks_can_be_asked_for(seer) -> None:
    url = await seer.base_url(await seer.segment())
    _, whole, headers = await seer.get(url)
    tag = headers["ETag"]
    status, rest, found = await seer.get(url, Range="bytes=1000-", **{"If-Range": tag})
    assert (status, rest) == (206, whole[1000:])
    assert found["Content-Range"] == f"bytes 1000-{len(whole) - 1}/{len(whole)}"
    assert (await seer.get(url, Range="bytes=-10"))[1] == whole[-10:]
    assert (await seer.get(url, Range=f"bytes={len(whole)}-"))[0] == 416
    assert (await seer.get(url, Range="bytes=5-", **{"If-Range": '"other"'}))[:2] == (200, whole)
