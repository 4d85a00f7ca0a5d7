"""Carry a plan out: a fixed crew of workers between the listing, the network and the disk.

One task walks the plan and hands out parts; the workers fetch them and hand over to the recorder, which makes
them durable in groups and says when an item stands. Nothing here grows with the number of items.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import ExitStack, closing, suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
from anyio import lowlevel, to_thread

from penstock.errors import PenstockError, sole
from penstock.events import Event, ItemStarted, Retrying, TransferFinished, TransferStarted
from penstock.transfer.admission import conflict
from penstock.transfer.admit import Admitted, admit_all
from penstock.transfer.fetch import Fetcher
from penstock.transfer.folder import Folder
from penstock.transfer.journal import Journal
from penstock.transfer.manifest import write_manifest
from penstock.transfer.recorder import Record, Recorder, roll_forward
from penstock.transfer.tally import Tally
from penstock.transfer.work import Work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    from penstock._net.context import Context
    from penstock.events import Subscriber
    from penstock.transfer.report import Report
    from penstock.transfer.source import Source
    from penstock.types import Item, JsonObject, PathLike

T = TypeVar("T")
Job = tuple[Work, int | None]
Settled = tuple[Work, PenstockError | None]

AHEAD = 64
"""Items that are listed, and admitted together, before anybody is free to fetch them."""


class Transfer:
    """One run of the engine over one plan.

    Args:
        source: Where the bytes come from.
        items: What to fetch.
        context: Slots, memory, retries.
        on_event: Told of everything, on the event loop.
    """

    def __init__(
        self, source: Source, items: AsyncIterator[Item], *, context: Context, on_event: Subscriber | None
    ) -> None:
        self._source = source
        self._items = items
        self._emit: Callable[[Event], None] = on_event or _unheard
        self._fetcher = Fetcher(source, context)
        self._tally = Tally(self._emit)
        self._open: set[Work] = set()
        self._held = ExitStack()
        self._loop: asyncio.AbstractEventLoop
        self._folder: Folder
        self._recorder: Recorder
        self._settled: MemoryObjectSendStream[Settled]

    async def run(self, to: PathLike, selection: JsonObject) -> Report:
        """Fetch everything that is missing into a folder.

        Raises:
            PenstockError: What concerns the whole transfer; the failures of items are in the report.
        """
        self._loop = asyncio.get_running_loop()
        self._recorder = Recorder(partial(self._open_target, to))
        try:
            run = await self._ask(lambda journal: journal.start_run(selection))
            self._emit(TransferStarted(platform=self._source.platform, target=str(self._folder.root)))
            await self._carry_out()
            report = self._tally.report(self._source.platform, str(self._folder.root))
            if report.complete:
                await self._ask(lambda journal: journal.finish_run(run))
        except BaseExceptionGroup as group:
            raise sole(group) from None
        finally:
            with anyio.CancelScope(shield=True):
                await _to_the_end(self._wind_up)
        self._emit(TransferFinished(report=report))
        return report

    def _open_target(self, to: PathLike) -> tuple[Folder, Journal]:
        """Take the folder and finish what a crash left; in the recorder's thread, which no cancellation can lose."""
        self._folder = self._held.enter_context(closing(Folder(to)))
        with ExitStack() as undo:
            journal = undo.enter_context(closing(Journal(self._folder.journal)))
            roll_forward(journal, self._folder)
            self._folder.sweep(journal.resumable())
            undo.pop_all()
        return self._folder, journal

    def _wind_up(self) -> None:
        """Leave the folder consistent, however the run ended."""
        with self._held:
            self._recorder.close()
            for work in self._open:
                with suppress(OSError):
                    work.sink.close()
            if self._recorder.opened:
                write_manifest(self._folder)

    async def _carry_out(self) -> None:
        self._settled, settled = anyio.create_memory_object_stream[Settled](math.inf)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._settle, settled)
            with self._settled:
                await self._fetch_all()
                await to_thread.run_sync(self._recorder.flush)
                await lowlevel.checkpoint()  # what the recorder has just said is then in the stream

    async def _fetch_all(self) -> None:
        list_to, listed = anyio.create_memory_object_stream["Item"](AHEAD)
        send, receive = anyio.create_memory_object_stream[Job](0)
        with receive:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._list, list_to)
                tasks.start_soon(self._hand_out, listed, send)
                for _ in range(self._fetcher.crew):
                    tasks.start_soon(self._work, receive.clone())

    async def _list(self, items: MemoryObjectSendStream[Item]) -> None:
        """Walk the plan a little ahead of those who fetch."""
        with items:
            async for item in self._items:
                await items.send(item)

    async def _hand_out(self, items: MemoryObjectReceiveStream[Item], jobs: MemoryObjectSendStream[Job]) -> None:
        """Admit what has been listed, and hand each item's missing parts to whoever is free."""
        with items, jobs:
            async for first in items:
                batch = [first, *_waiting(items)]
                admit = partial(admit_all, folder=self._folder, source=self._source, items=batch)
                for admitted in await self._ask(admit, durable=False):
                    work = await self._begun(admitted)
                    if work is not None:
                        for part in work.jobs():
                            await jobs.send((work, part))

    async def _begun(self, admitted: Admitted) -> Work | None:
        """Open the sink of an admitted item; None when there is nothing to fetch."""
        operation, item = admitted.operation, admitted.operation.item
        if operation.action in {"unneeded", "adopt"}:
            self._tally.skipped(item, operation.reason)
            return None
        if operation.action == "conflict":
            self._tally.failed(item, conflict(operation, self._folder))
            return None
        work = self._work_for(admitted) if item.parts == 1 else await self._fetcher.hop(self._work_for, admitted)
        self._open.add(work)
        try:
            if not work.opens_itself:
                await self._open_sink(work)
        except PenstockError as error:
            self._fail(work, error)
            self._open.discard(work)
            return None
        self._emit(ItemStarted(item=item.key, size=item.size, parts=item.parts, done=len(work.spans)))
        return work

    async def _open_sink(self, work: Work) -> None:
        """Open a sink; when what it was to continue is gone or cut short, start anew."""
        try:
            await self._fetcher.hop(work.open)
        except PenstockError as error:
            if error.fatal or not work.spans:
                raise
            await self._start_over(work)

    async def _start_over(self, work: Work) -> None:
        """Forget what has come of an item, in the journal first."""
        await self._ask(lambda journal: journal.forget_progress(work.record.number))
        await self._fetcher.hop(work.start_over)

    def _work_for(self, admitted: Admitted) -> Work:
        sink = admitted.make_sink()

        def outcome(error: PenstockError | None) -> None:
            self._loop.call_soon_threadsafe(self._outcome, work, error)

        record = Record(admitted.number, admitted.scratch, sink, outcome)
        work = Work(admitted.operation.item, sink, record, admitted.spans, admitted.notes, self._emit)
        return work

    async def _work(self, jobs: MemoryObjectReceiveStream[Job]) -> None:
        """Take parts until there are none, and see items to their end."""
        with jobs:
            async for work, part in jobs:
                try:
                    if part is not None and work.error is None:
                        await self._bring(work, part)
                except PenstockError as error:
                    self._fail(work, error)
                work.left -= 1
                if work.left == 0:
                    await self._conclude(work)

    async def _bring(self, work: Work, part: int) -> None:
        size = await self._fetcher.fetch(work, part)
        if work.item.parts > 1:
            notes = {part: work.notes[part]} if part in work.notes else {}
            self._recorder.wrote(work.record, [(part, part + 1)], notes, size)

    async def _conclude(self, work: Work) -> None:
        """Assemble an item whose parts are all there, and hand its files to the recorder."""
        try:
            if work.error is None:
                await self._finish(work)
        except PenstockError as error:
            self._fail(work, error)
        if work.error is not None and not work.outputs:
            await to_thread.run_sync(self._recorder.flush)  # which may still have to sync what has arrived
            await self._fetcher.hop(self._drop, work)
        self._tally.received(work.received)
        self._open.discard(work)

    def _drop(self, work: Work) -> None:
        """Let go of an item that failed; a single part cannot be continued, so what came of it is of no use."""
        with suppress(OSError):
            work.sink.close()
        if work.item.parts == 1:
            self._folder.discard(work.record.scratch)

    async def _finish(self, work: Work) -> None:
        """Finish an item; when its bytes turn out wrong, fetch all of it once more."""
        try:
            await self._fetcher.hop(self._hand_over, work)
            return
        except PenstockError as error:
            if not work.may_refetch(error):
                raise
            self._emit(Retrying(item=work.item.key, attempt=1, delay=0.0, cause=error))
        await to_thread.run_sync(self._recorder.flush)
        work.refetched = True
        await self._start_over(work)
        for part in range(work.item.parts):
            await self._bring(work, part)
        await self._fetcher.hop(self._hand_over, work)

    def _hand_over(self, work: Work) -> None:
        """Assemble an item's files and leave them, and its sink, to the recorder; in a worker thread."""
        work.outputs = work.sink.finish(work.notes)
        self._recorder.completed(work.record, work.outputs)

    def _outcome(self, work: Work, error: PenstockError | None) -> None:
        """Pass the recorder's word on, unless the transfer has been given up meanwhile."""
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            self._settled.send_nowait((work, error))

    async def _settle(self, settled: MemoryObjectReceiveStream[Settled]) -> None:
        """Take the recorder's word on items, one after another."""
        with settled:
            async for work, error in settled:
                if error is None:
                    self._tally.finished(work)
                else:
                    self._fail(work, error)

    def _fail(self, work: Work, error: PenstockError) -> None:
        """Give an item up, or the whole transfer when the error concerns it all."""
        if error.fatal:
            raise error
        if work.error is None:
            work.error = error
            self._tally.failed(work.item, error)

    async def _ask(self, question: Callable[[Journal], T], *, durable: bool = True) -> T:
        """Ask the journal something through the recorder's thread."""
        return await asyncio.wrap_future(self._recorder.ask(question, durable=durable))


def _waiting(items: MemoryObjectReceiveStream[Item]) -> Iterator[Item]:
    """Take what is in a stream without waiting for more."""
    with suppress(anyio.WouldBlock, anyio.EndOfStream):
        while True:
            yield items.receive_nowait()


async def _to_the_end(call: Callable[[], None]) -> None:
    """Run something in a thread and wait for it, even if asyncio itself, which knows no shields, cancels the task."""
    work = asyncio.get_running_loop().run_in_executor(None, call)
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    work.result()
    if cancelled is not None:
        raise cancelled


def _unheard(event: Event) -> None:
    """Take the events that nobody asked for."""
