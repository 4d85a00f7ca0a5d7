"""Listing files: page by page, at true directory boundaries, each file once."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any

from penstock.errors import NotFound
from penstock.platforms.concurrency import together
from penstock.platforms.sds.models import File, FilePage
from penstock.platforms.sds.windows import Trimmer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
    from datetime import tzinfo

    from penstock._net.http import HttpClient
    from penstock.platforms.sds.paths import SdsPath
    from penstock.platforms.sds.windows import Window

PAGE_SIZE = 100
"""The most that the gateway gives at once."""

FILES = "/api/v1/assets/files/"
_JSON = {"Accept": "application/json"}


async def list_pages(
    http: HttpClient, path: SdsPath, *, window: Window | None, local: tzinfo
) -> AsyncGenerator[list[File], None]:
    """Yield the files at or below a path, in the order of their paths, a list for every page of the service.

    The service matches directories by their first letters and may repeat a file when others are added
    meanwhile; a page may therefore turn out empty here.

    Args:
        http: The gateway.
        path: A directory, or a file.
        window: Span of time that Digital RF data files must overlap; None keeps all.
        local: Zone of times that the gateway writes without an offset.
    """
    sieve = Sieve(path)
    trimmer = Trimmer(window) if window else None

    async def fetch(number: int) -> FilePage:
        return await _page(http, path, number, window)

    async with aclosing(_pages(fetch)) as pages:
        async for page in pages:
            files = sieve.pick(File.parse(row, local=local) for row in page.results)
            yield list(trimmer.feed(files) if trimmer else files)
    if trimmer and (rest := list(trimmer.finish())):
        yield rest


async def _pages(fetch: Callable[[int], Awaitable[FilePage]]) -> AsyncGenerator[FilePage, None]:
    """Yield page after page, each fetched together with the one after it."""
    page = await fetch(1)
    yield page
    number = 2
    while page.next:
        ahead = [number, number + 1] if page.count > number * PAGE_SIZE else [number]
        for page in await together(*(partial(fetch, each) for each in ahead)):
            yield page
        number += len(ahead)


async def _page(http: HttpClient, path: SdsPath, number: int, window: Window | None) -> FilePage:
    """Fetch one page; past the end, where deletions may have moved it, there is nothing more."""
    params: dict[str, Any] = {"path": path.query, "page": number, "page_size": PAGE_SIZE}
    try:
        answer = await http.json("GET", FILES, params=params | (window.query if window else {}), headers=_JSON)
    except NotFound:
        if number == 1:
            raise
        return FilePage()
    return FilePage.parse(answer)


async def fetch_file(http: HttpClient, uuid: str, *, local: tzinfo) -> File:
    """Fetch the record of one file."""
    return File.parse(await http.json("GET", f"{FILES}{uuid}/", headers=_JSON), local=local)


class Sieve:
    """Keep what really lies at or below a path, the newest version of each, and each only once.

    A file that is added while a listing runs moves others to the next page, where they come again; so the
    paths of the page before are remembered, and no more, whatever the listing's length.
    """

    def __init__(self, path: SdsPath) -> None:
        self._path = path
        self._before: set[str] = set()

    def pick(self, files: Iterable[File]) -> Iterator[File]:
        """Yield what counts of one page, in its order."""
        newest: dict[str, File] = {}
        for file in files:
            place = file.path
            if not self._path.covers(place):
                continue
            known = newest.get(place.relative)
            if known is None or file.created_at > known.created_at:
                newest[place.relative] = file
        yield from (file for place, file in newest.items() if place not in self._before)
        self._before = set(newest)
