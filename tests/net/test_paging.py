"""Lazy listings."""

from __future__ import annotations

import pytest

from penstock._net.paging import Pager
from penstock.errors import UnexpectedResponse

pytestmark = pytest.mark.anyio


class Listing:
    """Numbers below `count`, `size` a page; counts the pages that were fetched."""

    def __init__(self, count: int, size: int) -> None:
        self.count = count
        self.size = size
        self.fetched = 0

    async def fetch(self, cursor):
        self.fetched += 1
        start = cursor or 0
        stop = min(start + self.size, self.count)
        return list(range(start, stop)), stop if stop < self.count else None


async def test_await_gives_the_first_page():
    listing = Listing(10, 4)
    assert await Pager.following(listing.fetch) == [0, 1, 2, 3]
    assert listing.fetched == 1


async def test_iterating_gives_everything():
    pager = Pager.following(Listing(10, 4).fetch)
    assert [item async for item in pager] == list(range(10))
    assert [len(page) async for page in pager.pages()] == [4, 4, 2]
    assert await pager.collect() == list(range(10))


@pytest.mark.parametrize(("limit", "pages"), [(0, 0), (1, 1), (4, 1), (5, 2), (100, 3)])
async def test_collecting_stops_in_time(limit, pages):
    listing = Listing(10, 4)
    assert await Pager.following(listing.fetch).collect(limit) == list(range(min(limit, 10)))
    assert listing.fetched == pages


async def test_leaving_early_fetches_no_more():
    listing = Listing(100, 4)
    async for item in Pager.following(listing.fetch):
        if item == 5:
            break
    assert listing.fetched == 2


async def test_an_empty_listing_is_empty():
    async def nothing(cursor):
        return [], None

    assert await Pager.following(nothing) == []
    assert await Pager.following(nothing).collect() == []


async def test_a_generator_of_pages_does_as_well():
    async def pages():
        yield (1, 2)
        yield (3,)

    pager = Pager(pages)
    assert await pager == [1, 2]
    assert await pager.collect() == [1, 2, 3]


async def test_circles_end():
    async def around(cursor):
        return ["x"], {None: "a", "a": "b", "b": "a"}[cursor]

    with pytest.raises(UnexpectedResponse, match="circles"):
        await Pager.following(around).collect()


async def test_a_few_empty_pages_are_fine_but_not_for_ever():
    async def sparse(cursor):
        at = cursor or 0
        return (["x"] if at % 500 == 499 else []), at + 1 if at < 5000 else None

    assert len(await Pager.following(sparse).collect()) == 10

    async def empty(cursor):
        return [], (cursor or 0) + 1

    with pytest.raises(UnexpectedResponse, match="empty pages"):
        await Pager.following(empty).collect()
