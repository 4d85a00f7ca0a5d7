"""Listing files: page by page, at true directory boundaries, each file once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.errors import NotFound
from penstock.platforms.sds.models import File, FilePage
from penstock.platforms.sds.windows import Trimmer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Iterator
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
    number, more = 1, True
    while more:
        page = await _page(http, path, number, window)
        files = list(sieve.pick(File.parse(row, local=local) for row in page.results))
        number, more = number + 1, bool(page.next and page.results)
        if trimmer:
            files = list(trimmer.feed(files)) + ([] if more else list(trimmer.finish()))
        yield files


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
