"""The Seer client."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from anyio import to_thread

from penstock._config.paths import state_dir
from penstock._net.paging import Pager
from penstock.errors import SelectionError
from penstock.platforms.base import Platform
from penstock.platforms.seer import listing, queries
from penstock.platforms.seer.auth import Authentication, EmailSession, KeySigner
from penstock.platforms.seer.cookies import CookieJar
from penstock.platforms.seer.links import Links
from penstock.platforms.seer.models import ChunkUrl, Segment, SegmentUrl, Study, StudyMetadata
from penstock.platforms.seer.selection import Selection, select
from penstock.platforms.seer.service import Service
from penstock.platforms.seer.settings import ApiKey, Given, Settings, settle
from penstock.platforms.seer.source import ChunkSource, refused_link

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from penstock._config.secrets import Secret
    from penstock._net.context import Context
    from penstock.events import Subscriber
    from penstock.platforms.seer.blocks import Block
    from penstock.platforms.seer.instants import Instant
    from penstock.transfer.plan import Plan
    from penstock.transfer.report import Report
    from penstock.types import JsonObject, PathLike


class Seer(Platform):
    """Client of Seer: EEG and wearables.

    Whatever is not passed is looked for in `PENSTOCK_SEER_<NAME>`, then where the vendor's own client looks
    (`SDK_API_BASE_URL`, `~/.seerpy/`), then in `penstock.toml`, the user's settings and what `penstock login seer`
    saved. Pass an e-mail login or an API key, not both.

    Args:
        url: Base URL of the service, up to and including `/api`.
        email: Address to log in with.
        password: Its password.
        key_id: Id of an API key.
        key_file: File with the key's private half (PEM); its name may tell id and region: `seerpy.ID.REGION.pem`.
        region: `au`, `de`, `uk` or `us`: which of the vendor's servers an API key is for.
        party: Organisation in whose name to ask, unless a call says otherwise.
        context: Connections, limits and budgets, to share with other clients.

    Raises:
        MissingCredential: On opening, when nothing says who asks.
        ConfigError: On opening, when a setting is malformed or contradicts another.
    """

    name: ClassVar[str] = "seer"

    def __init__(
        self,
        *,
        url: str | None = None,
        email: str | None = None,
        password: Secret | str | None = None,
        key_id: str | None = None,
        key_file: PathLike | None = None,
        region: str | None = None,
        party: str | None = None,
        context: Context | None = None,
    ) -> None:
        super().__init__(context=context)
        self._passed = Given(url, email, password, key_id, key_file, region, party)
        self._parts: tuple[Service, ChunkSource] | None = None

    async def _open(self) -> None:
        settings = await to_thread.run_sync(settle, self._passed)
        self.endpoint = settings.url
        authentication = await to_thread.run_sync(self._authentication, settings)
        service = Service(self.context, settings.url, authentication, settings.party)
        store = self.context.http(settings.url, platform=self.name, classify=refused_link)
        segments = Links(partial(listing.segment_urls, service), batch=listing.SEGMENTS_A_BATCH)
        chunks = Links(partial(listing.chunk_urls, service), batch=listing.CHUNKS_A_BATCH)
        self._parts = service, ChunkSource(service.http, store, segments, chunks)

    def _authentication(self, settings: Settings) -> Authentication:
        login = settings.login
        if isinstance(login, ApiKey):
            return KeySigner(login.key_id, login.pem)
        jar = CookieJar(
            state_dir() / self.name, settings.url, login.email, password=login.password, legacy=login.legacy
        )
        http = self.context.http(settings.url, platform=self.name)
        return EmailSession(http, settings.url, login.email, login.password, jar)

    @property
    def _service(self) -> Service:
        return self._ready()[0]

    @property
    def _source(self) -> ChunkSource:
        return self._ready()[1]

    def _ready(self) -> tuple[Service, ChunkSource]:
        """Return the parts of an open client; its context objects when it is not open."""
        context = self.context
        assert self._parts is not None, f"{context} without parts"
        return self._parts

    def studies(self, *, search: str | None = None, party: str | None = None) -> Pager[Study]:
        """List the studies that this account can see.

        Args:
            search: Text that name, description, code or the patient's name contain, in any case.
            party: Organisation in whose name to ask.
        """
        service = self._service

        async def pages() -> AsyncGenerator[list[Study], None]:
            async with aclosing(listing.studies(service, search, party)) as raw_pages:
                async for page in raw_pages:
                    yield [Study.parse(raw)._bind(self) for raw in page]

        return Pager(pages)

    async def study(self, study_id: str) -> Study:
        """Fetch one study, without its channels.

        Raises:
            NotFound: There is no such study, or this account cannot see it.
        """
        data = await self._service.query(queries.STUDY, {"study_id": study_id})
        return Study.parse(listing.found(data, study_id))._bind(self)

    async def metadata(self, study_id: str) -> StudyMetadata:
        """Fetch a study with its channel groups, their channels, and all segments.

        Raises:
            NotFound: There is no such study, or this account cannot see it.
        """
        return StudyMetadata.parse(await listing.metadata(self._service, study_id))

    def segments(self, study_id: str) -> Pager[Segment]:
        """List the segments of a study, each with the channel group it belongs to."""
        service = self._service

        async def pages() -> AsyncGenerator[list[Segment], None]:
            async with aclosing(listing.segments(service, study_id)) as raw_pages:
                async for page, _ in raw_pages:
                    yield [Segment.parse(raw) for raw in page]

        return Pager(pages)

    async def segment_urls(self, segment_ids: Sequence[str]) -> list[SegmentUrl]:
        """Sign the base URL of each segment; segments that the service does not know are left out.

        The URL addresses chunk 0, its signature covers the others: write the index into the eleven digits of the
        file name. It runs out after a while and holds the right to read, so treat it as a secret.
        """
        signed: list[SegmentUrl] = []
        for first in range(0, len(segment_ids), listing.SEGMENTS_A_BATCH):
            batch = segment_ids[first : first + listing.SEGMENTS_A_BATCH]
            urls = await listing.segment_urls(self._service, batch)
            signed += [SegmentUrl.parse({"id": key, "baseDataChunkUrl": url}) for key, url in urls.items()]
        return signed

    async def chunk_urls(self, segment_id: str, *, first: int, last: int, s3: bool = False) -> list[ChunkUrl]:
        """Sign the URLs of the chunks `[first, last)` of a segment, one by one; None for chunks never stored.

        Args:
            segment_id: Segment.
            first: Index of the first chunk.
            last: Index after the last.
            s3: Ask for addresses in the object store rather than the CDN; better within the same cloud region.

        Raises:
            SelectionError: The range is empty or begins below zero.
        """
        if not 0 <= first < last:
            raise SelectionError(f"the range of chunks from {first} to {last} is empty or begins below zero")
        signed: list[ChunkUrl] = []
        for begin in range(first, last, listing.CHUNKS_A_BATCH):
            keys = [(segment_id, index) for index in range(begin, min(last, begin + listing.CHUNKS_A_BATCH))]
            urls = await listing.chunk_urls(self._service, keys, s3=s3)
            signed += [ChunkUrl.parse({"segmentId": key[0], "index": key[1], "url": url}) for key, url in urls.items()]
        return signed

    async def read(
        self,
        study_id: str,
        *,
        channels: Sequence[str] | str | None = None,
        groups: Sequence[str] | str | None = None,
        start: Instant | None = None,
        stop: Instant | None = None,
        dtype: str = "float32",
    ) -> list[Block]:
        """Read channel data into memory: one block a segment, in the order of groups and time.

        A block's `data` has a row a sample and a column a channel, in the group's units; rows without data
        are NaN. All of the selection is held in memory: see `stream` and `download` for more than fits.

        Args:
            study_id: Study.
            channels: Patterns such as `"EEG*"` for names and ids of channels, or of groups for all their channels.
            groups: Patterns for names and ids of channel groups.
            start: First instant wanted: ISO 8601, a datetime, or ms since 1970; without a time zone it is UTC.
            stop: First instant no longer wanted.
            dtype: Type of the samples: `float32`, or `float64` for groups stored in more than 24 bits.

        Raises:
            NotFound: There is no such study, or this account cannot see it.
            SelectionError: A pattern matches nothing, or the window holds no recording.
            FormatError: A group's parameters or chunks make no sense.
        """
        from penstock.platforms.seer.reading import Reader

        selection = await self._selection(study_id, channels, groups, start, stop, dtype)
        return await Reader(self._source, self.context, selection).read()

    async def stream(
        self,
        study_id: str,
        *,
        channels: Sequence[str] | str | None = None,
        groups: Sequence[str] | str | None = None,
        start: Instant | None = None,
        stop: Instant | None = None,
        dtype: str = "float32",
    ) -> AsyncIterator[Block]:
        """Yield channel data chunk by chunk, in time order across groups, a handful of chunks being fetched ahead.

        The blocks are as in `read`, each a chunk long (usually 10 s); memory does not grow with the selection.

        Args:
            study_id: Study.
            channels: Patterns such as `"EEG*"` for names and ids of channels, or of groups for all their channels.
            groups: Patterns for names and ids of channel groups.
            start: First instant wanted: ISO 8601, a datetime, or ms since 1970; without a time zone it is UTC.
            stop: First instant no longer wanted.
            dtype: Type of the samples: `float32`, or `float64` for groups stored in more than 24 bits.

        Raises:
            NotFound: There is no such study, or this account cannot see it.
            SelectionError: A pattern matches nothing, or the window holds no recording.
            FormatError: A group's parameters or chunks make no sense.
        """
        from penstock.platforms.seer.reading import Reader

        selection = await self._selection(study_id, channels, groups, start, stop, dtype)
        async with aclosing(Reader(self._source, self.context, selection).stream()) as blocks:
            async for block in blocks:
                yield block

    async def plan(
        self,
        study_id: str,
        *,
        to: PathLike,
        channels: Sequence[str] | str | None = None,
        groups: Sequence[str] | str | None = None,
        start: Instant | None = None,
        stop: Instant | None = None,
        format: str = "npy",
        dtype: str = "float32",
    ) -> Plan:
        """Plan a download: one file a segment, at `<study>/<group>/<start of the segment>` below the folder `to`.

        With format `npy` a segment becomes a `.npy` (float32, a row a sample, a column a channel, NaN where there is no
        data) with a `.json` beside it (names, units, rate, start, gaps); groups whose samples carry their own times
        get a `.times.npy` (float64 ms) as well.

        Args:
            study_id: Study.
            to: Target folder; made when the plan is applied.
            channels: Patterns such as `"EEG*"` for names and ids of channels, or of groups for all their channels.
            groups: Patterns for names and ids of channel groups.
            start: First instant wanted: ISO 8601, a datetime, or ms since 1970; without a time zone it is UTC.
            stop: First instant no longer wanted.
            format: `npy`.
            dtype: Type of the samples: `float32`, or `float64` for groups stored in more than 24 bits.

        Raises:
            NotFound: There is no such study, or this account cannot see it.
            SelectionError: A pattern matches nothing, the window holds no recording, or the format is not offered.
            FormatError: A group lacks what is needed to decode it.
        """
        from penstock.platforms.seer.planning import items, sink_named
        from penstock.transfer.plan import Plan

        sink = sink_named(format)
        selection = await self._selection(study_id, channels, groups, start, stop, dtype)
        asked = _asked(selection, channels, groups, format)
        return Plan(self._source, items(selection, sink), context=self.context, to=to, selection=asked)

    async def download(
        self,
        study_id: str,
        *,
        to: PathLike,
        channels: Sequence[str] | str | None = None,
        groups: Sequence[str] | str | None = None,
        start: Instant | None = None,
        stop: Instant | None = None,
        format: str = "npy",
        dtype: str = "float32",
        on_event: Subscriber | None = None,
    ) -> Report:
        """Download channel data straight to disk; run again after an interruption, it fetches what is missing.

        Args:
            study_id: Study.
            to: Target folder.
            channels: Patterns such as `"EEG*"` for names and ids of channels, or of groups for all their channels.
            groups: Patterns for names and ids of channel groups.
            start: First instant wanted: ISO 8601, a datetime, or ms since 1970; without a time zone it is UTC.
            stop: First instant no longer wanted.
            format: `npy`; see `plan` for what it writes.
            dtype: Type of the samples: `float32`, or `float64` for groups stored in more than 24 bits.
            on_event: Called with every `penstock.events.Event`; it must not block.

        Raises:
            NotFound: There is no such study, or this account cannot see it.
            SelectionError: A pattern matches nothing, the window holds no recording, or the format is not offered.
            CredentialError: The service does not accept who asks.
            TargetUnwritable: The folder cannot be written.
            DiskFull: No space is left.
        """
        plan = await self.plan(
            study_id, to=to, channels=channels, groups=groups, start=start, stop=stop, format=format, dtype=dtype
        )
        async with plan:
            return await plan.apply(on_event=on_event)

    async def _selection(
        self,
        study_id: str,
        channels: Sequence[str] | str | None,
        groups: Sequence[str] | str | None,
        start: Instant | None,
        stop: Instant | None,
        dtype: str,
    ) -> Selection:
        from penstock.platforms.seer.planning import check_decodable

        metadata = await self.metadata(study_id)
        selection = select(metadata, channels=channels, groups=groups, start=start, stop=stop, dtype=dtype)
        check_decodable(selection)
        self._source.expect(piece.segment.id for piece in selection.pieces())
        return selection


def _asked(
    selection: Selection, channels: Sequence[str] | str | None, groups: Sequence[str] | str | None, format: str
) -> JsonObject:
    """Write a selection down such that the same can be asked for again."""
    from_ms, to_ms = selection.window.finite()
    return {
        "url": f"seer://{selection.study.id}",
        "options": {
            "channels": _listed(channels),
            "groups": _listed(groups),
            "start": from_ms,
            "stop": to_ms,
            "format": format,
            "dtype": selection.dtype,
        },
    }


def _listed(patterns: Sequence[str] | str | None) -> list[str] | None:
    return [patterns] if isinstance(patterns, str) else None if patterns is None else list(patterns)
