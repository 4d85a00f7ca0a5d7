"""Where channel data comes from: chunk objects behind signed URLs, on a host of their own."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from penstock._net.urls import origin_of
from penstock.errors import LinkExpired, NotFound
from penstock.platforms.seer.chunks import chunk_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from contextlib import AbstractAsyncContextManager

    from penstock._net.http import HttpClient
    from penstock._net.response import Body, Response
    from penstock.errors import PenstockError
    from penstock.platforms.seer.links import Key, Link, Links
    from penstock.types import Item


class ChunkSource:
    """Fetch chunks of segments, one attempt at a time; URLs are signed when they are needed.

    Args:
        api: Client of the service, for its name.
        store: Client for the hosts that serve the chunks, without the service's credentials.
        segments: Signed base URL of each segment.
        chunks: Signed URL of each chunk, for segments whose base URL cannot address chunks.
    """

    platform = "seer"

    def __init__(
        self,
        api: HttpClient,
        store: HttpClient,
        segments: Links[str],
        chunks: Links[tuple[str, int]],
    ) -> None:
        self._api = api
        self._store = store
        self._segments = segments
        self._chunks = chunks
        self._origin: str | None = None

    @property
    def origin(self) -> str:
        """The host that served the last chunk; the service's own until one is known."""
        return self._origin or self._api.origin

    @property
    def instance(self) -> str:
        """What the service calls itself."""
        return self._api.instance

    def expect(self, segments: Iterable[str]) -> None:
        """Note in which order segments will be asked for, so that their URLs are signed by the handful."""
        self._segments.expect(segments)

    def open(self, item: Item, part: int) -> AbstractAsyncContextManager[Body]:
        """Ask once for one chunk of a planned segment.

        Raises:
            NotFound: The chunk was never stored.
            LinkExpired: The signed URL had run out; the next attempt signs again.
        """
        return self.chunk(str(item.source["segment"]), int(item.source["first"]) + part)

    @asynccontextmanager
    async def chunk(self, segment: str, index: int) -> AsyncIterator[Body]:
        """Ask once for chunk `index` of a segment.

        Raises:
            NotFound: The chunk was never stored.
            LinkExpired: The signed URL had run out; the next attempt signs again.
        """
        url, forget = await self._address(segment, index)
        self._origin = origin_of(url)
        async with AsyncExitStack() as opened:
            try:
                body = await opened.enter_async_context(self._store.stream("GET", url, authenticated=False))
            except LinkExpired:
                forget()
                raise
            yield body

    async def _address(self, segment: str, index: int) -> tuple[str, Callable[[], None]]:
        """Find the URL of a chunk, and how to forget it when it is refused."""
        base = await self._segments.get(segment)
        if base.url is not None and (url := chunk_url(base.url, index)) is not None:
            return url, _forgetting(self._segments, segment, base)
        single = await self._chunks.get((segment, index))
        if single.url is None:
            raise NotFound(f"Seer has nothing stored for chunk {index} of segment {segment}")
        return single.url, _forgetting(self._chunks, (segment, index), single)


def _forgetting(links: Links[Key], key: Key, link: Link) -> Callable[[], None]:
    return lambda: links.drop(key, link)


def refused_link(response: Response) -> PenstockError | None:
    """Read a refusal by the host that serves the chunks: the URL carries all rights, so it must have run out."""
    if response.status in {401, 403} or (response.status == 400 and b"Expired" in response.content):
        return LinkExpired("the signed URL of a chunk is no longer honoured", status=response.status, url=response.url)
    return None
