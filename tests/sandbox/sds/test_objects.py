"""The signed links into the object store: no key, ranges, an hour of life."""

from __future__ import annotations

import pytest
from blake3 import blake3

pytestmark = pytest.mark.anyio


@pytest.fixture
async def link(browser) -> str:
    [row] = await browser.listed("/odd/demo/on/a.txt")
    return row["file"]


async def fetch(browser, link, **headers):
    return await browser.ask("GET", link, token=None, headers=headers)


async def test_a_link_leads_to_another_server_and_needs_no_key(browser, link):
    assert link.startswith(browser.sandbox.urls["sds-s3"] + "/spectrumx/files/")
    answer = await fetch(browser, link)
    assert (answer.status, answer.body) == (200, b"In demo/on.\n")
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "body", "span"),
    [
        ("bytes=3-6", b"demo", "3-6"),
        ("bytes=8-", b"on.\n", "8-11"),
        ("bytes=-4", b"on.\n", "8-11"),
        ("bytes=8-99", b"on.\n", "8-11"),
    ],
)
async def test_ranges_are_honoured(browser, link, asked, body, span):
    answer = await fetch(browser, link, Range=asked)
    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (206, body, f"bytes {span}/12")


@pytest.mark.parametrize("asked", ["bytes=5", "lines=1-2", "bytes=-", "bytes=0-1,4-5"])
async def test_what_is_not_a_single_range_is_ignored(browser, link, asked):
    assert (await fetch(browser, link, Range=asked)).status == 200


async def test_a_range_beyond_the_end_cannot_be_satisfied(browser, link):
    answer = await fetch(browser, link, Range="bytes=12-")
    assert (answer.status, b"<Code>InvalidRange</Code>" in answer.body) == (416, True)


async def test_the_entity_tag_guards_ranges(browser, link):
    etag = (await fetch(browser, link)).headers["ETag"]
    assert (await fetch(browser, link, Range="bytes=0-1", **{"If-Range": etag})).status == 206
    assert (await fetch(browser, link, Range="bytes=0-1", **{"If-Range": '"old"'})).status == 200
    assert (await fetch(browser, link, **{"If-Match": '"old"'})).status == 412


async def test_a_link_dies_after_an_hour_and_a_new_one_lives(browser, link):
    browser.clock.now += 3600
    assert (await fetch(browser, link)).status == 200
    browser.clock.now += 1
    answer = await fetch(browser, link)
    assert (answer.status, b"Request has expired" in answer.body) == (403, True)
    [row] = await browser.listed("/odd/demo/on/a.txt")
    assert (await fetch(browser, row["file"])).status == 200


@pytest.mark.parametrize(
    ("old", "new"), [("X-Amz-Expires=3600", "X-Amz-Expires=9999"), ("X-Amz-Signature=", "X-Amz-Signature=0")]
)
async def test_a_link_that_was_tampered_with_is_refused(browser, link, old, new):
    answer = await fetch(browser, link.replace(old, new))
    assert (answer.status, b"<Code>SignatureDoesNotMatch</Code>" in answer.body) == (403, True)


async def test_a_link_is_for_getting_alone(browser, link):
    answer = await browser.ask("HEAD", link, token=None)
    assert answer.status == 403


async def test_a_whole_data_file_goes_through_a_link(browser):
    rows = await browser.listed("/captures/westford")
    row = max(rows, key=lambda row: row["size"])
    answer = await fetch(browser, row["file"])
    assert blake3(answer.body).hexdigest() == row["sum_blake3"]
