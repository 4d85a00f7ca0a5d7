"""Bring a selection into memory: whole, or chunk by chunk."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from anyio import to_thread

from penstock.errors import NotFound
from penstock.formats.segment import Chunk, blank_chunk, decode_chunk
from penstock.platforms.concurrency import each
from penstock.platforms.seer.blocks import Block
from penstock.platforms.seer.planning import geometry_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Iterator

    import numpy.typing as npt

    from penstock._net.context import Context
    from penstock.formats.segment_geometry import SegmentGeometry
    from penstock.platforms.seer.selection import Piece, Selection
    from penstock.platforms.seer.source import ChunkSource
    from penstock.types import Span

AHEAD = 16
"""Chunks that a stream fetches together; also the most that read() has in flight."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One chunk of a segment, to be fetched and decoded."""

    piece: Piece
    geometry: SegmentGeometry
    number: int

    @property
    def start(self) -> float:
        """Time of the chunk's first sample in ms."""
        return self.geometry.chunk_start(self.number)


class Reader:
    """Fetches and decodes chunks within the context's limits, each retried as its policy allows."""

    def __init__(self, source: ChunkSource, context: Context, selection: Selection) -> None:
        self._source = source
        self._context = context
        self._selection = selection

    async def read(self) -> list[Block]:
        """Return one block a segment, in the order of groups and time."""
        blanks = [_Assembly(piece, geometry_of(self._selection, piece)) for piece in self._selection.pieces()]
        jobs = ((blank, part) for blank in blanks for part in blank.parts())
        await each(jobs, self._fill, at_most=AHEAD)
        return [blank.block(self._selection.study.id) for blank in blanks]

    async def stream(self) -> AsyncGenerator[Block, None]:
        """Yield one block a chunk, in time order across groups.

        Chunks are fetched a handful at a time: all of a handful at once, the next when its last block was taken.
        """
        parts = heapq.merge(*self._by_group(), key=lambda part: part.start)
        while handful := list(islice(parts, AHEAD)):
            for block in await self._blocks(handful):
                if len(block.data):
                    yield block

    def _by_group(self) -> Iterable[Iterator[Part]]:
        for selected in self._selection.groups:
            yield _parts(self._selection, self._selection.pieces_of(selected))

    async def _blocks(self, parts: list[Part]) -> list[Block]:
        blocks: dict[int, Block] = {}

        async def bring(job: tuple[int, Part]) -> None:
            number, part = job
            blocks[number] = _block(self._selection.study.id, part, await self._decoded(part, None))

        await each(enumerate(parts), bring, at_most=AHEAD)
        return [blocks[number] for number in range(len(parts))]

    async def _fill(self, job: tuple[_Assembly, Part]) -> None:
        assembly, part = job
        assembly.place(part.number, await self._decoded(part, assembly.room(part.number)))

    async def _decoded(self, part: Part, out: npt.NDArray[Any] | None) -> Chunk:
        async def attempt() -> Chunk:
            body = await self._body(part)
            return await to_thread.run_sync(partial(_decode, body, part, out))

        async with self._context.memory.reserve(part.geometry.working_bytes):
            return await self._context.retry.run(self._source.origin, attempt, limits=self._context.limits)

    async def _body(self, part: Part) -> bytes | None:
        """Fetch a chunk's bytes once; None where nothing is stored."""
        index = part.piece.chunks[0] + part.number
        async with self._context.limits.slot(self._source.origin):
            try:
                async with self._source.chunk(part.piece.segment.id, index) as body:
                    received = await body.read(2 * part.geometry.ceiling)
            except NotFound:
                return None
        if self._context.bandwidth is not None:
            await self._context.bandwidth.take(len(received))
        return received


class _Assembly:
    """The block of one segment, filled chunk by chunk in any order."""

    def __init__(self, piece: Piece, geometry: SegmentGeometry) -> None:
        self._piece = piece
        self._geometry = geometry
        self._chunks: dict[int, Chunk] = {}
        regular = not geometry.timestamped
        self._data = np.empty((geometry.rows if regular else 0, geometry.columns), geometry.output_type)

    def parts(self) -> Iterator[Part]:
        return (Part(self._piece, self._geometry, number) for number in range(self._geometry.parts))

    def room(self, number: int) -> npt.NDArray[Any] | None:
        """Return the rows that a chunk of a regular group fills."""
        return None if self._geometry.timestamped else self._data[slice(*self._geometry.span(number))]

    def place(self, number: int, chunk: Chunk) -> None:
        self._chunks[number] = chunk

    def block(self, study_id: str) -> Block:
        chunks = [self._chunks[number] for number in range(self._geometry.parts)]
        data = np.concatenate([chunk.values for chunk in chunks]) if self._geometry.timestamped else self._data
        whole = Chunk(data, _times(self._geometry, chunks), self._missing(chunks))
        return _block(study_id, Part(self._piece, self._geometry, 0), whole)

    def _missing(self, chunks: list[Chunk]) -> list[Span]:
        if self._geometry.timestamped:
            return []
        runs: list[Span] = []
        for number, chunk in enumerate(chunks):
            offset = self._geometry.span(number)[0]
            for first, last in chunk.missing:
                begin = runs.pop()[0] if runs and runs[-1][1] == offset + first else offset + first
                runs.append((begin, offset + last))
        return runs


def _parts(selection: Selection, pieces: Iterator[Piece]) -> Iterator[Part]:
    for piece in pieces:
        geometry = geometry_of(selection, piece)
        yield from (Part(piece, geometry, number) for number in range(geometry.parts))


def _decode(body: bytes | None, part: Part, out: npt.NDArray[Any] | None) -> Chunk:
    if body is not None:
        return decode_chunk(body, part.geometry, part.number, out)
    if part.geometry.timestamped:
        nothing = np.empty((0, part.geometry.columns), part.geometry.output_type)
        return Chunk(nothing, np.empty(0, np.float64))
    return blank_chunk(part.geometry, part.number, out)


def _times(geometry: SegmentGeometry, chunks: list[Chunk]) -> npt.NDArray[np.float64] | None:
    """Return the time of each row where the rate alone does not tell it."""
    if geometry.timestamped:
        return np.concatenate([np.asarray(chunk.times) for chunk in chunks])
    if geometry.is_uniform:
        return None
    return np.concatenate([geometry.times(number) for number in range(geometry.parts)])


def _block(study_id: str, part: Part, chunk: Chunk) -> Block:
    group = part.piece.selected.group
    labels = group.labels
    return Block(
        study_id=study_id,
        group=group.title,
        group_id=group.id,
        segment_id=part.piece.segment.id,
        names=tuple(labels[index] for index in part.piece.selected.indices),
        units=group.units,
        rate=group.sample_rate,
        start_ms=_first_time(part, chunk),
        data=chunk.values,
        times=chunk.times,
        missing=tuple(chunk.missing),
    )


def _first_time(part: Part, chunk: Chunk) -> float:
    times = chunk.times if chunk.times is not None else part.geometry.times(part.number)
    return float(times[0]) if len(times) else part.start
