"""The one thread that makes progress durable: sync the data, then the claim, in groups.

Workers hand over what they have written and go on. The recorder gathers a group, until some megabytes or parts
have come, or a moment has passed, or an item is complete and nobody else is waiting. Then, for the group
as a whole, it syncs the part files, claims their spans, syncs the finished files, moves them to their names, syncs
the directories, and marks the items done. Only then does the engine hear that an item is finished.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from penstock.errors import PenstockError, TransferError
from penstock.formats.files import local_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from penstock.formats.sink import Sink
    from penstock.transfer.folder import Folder
    from penstock.transfer.journal import Journal
    from penstock.types import JsonObject, Output, Span

T = TypeVar("T")

UNSETTLED = 256
"""Complete items that may wait for the recorder before whoever completes more has to wait for it."""

SYNCERS = 8
"""Files that are synced at once."""

GROUP_BYTES = 64 << 20
GROUP_PARTS = 256
"""A group is committed when it reaches either of these, or has waited long enough."""
SHORTEST_WAIT = 0.02
LONGEST_WAIT = 1.0
WAIT_PER_COMMIT = 1
"""A group waits as long as the last commit took: a slow disk has time for data, and little is lost with a process."""


@dataclass(eq=False, slots=True)
class Record:
    """One item as the recorder sees it.

    Attributes:
        number: Its number in the journal.
        scratch: Folder of its part files.
        sink: What has written its part files; the recorder syncs it, and closes it once it was handed over complete.
        outcome: Called once, from the recorder's thread, when the item stands or cannot: with None or the error.
    """

    number: int
    scratch: Path
    sink: Sink
    outcome: Callable[[PenstockError | None], None]
    broken: bool = False


@dataclass(slots=True)
class _Progress:
    spans: list[Span] = field(default_factory=list)
    notes: dict[int, JsonObject] = field(default_factory=dict)


@dataclass(slots=True)
class _Group:
    """What will be committed together."""

    wait: float = SHORTEST_WAIT
    since: float | None = None
    size: int = 0
    progress: dict[Record, _Progress] = field(default_factory=dict)
    complete: dict[Record, list[Output]] = field(default_factory=dict)
    waiting: list[threading.Event] = field(default_factory=list)

    @property
    def parts(self) -> int:
        return sum(len(progress.spans) for progress in self.progress.values())

    def is_due(self) -> bool:
        return self.size >= GROUP_BYTES or self.parts >= GROUP_PARTS or self.patience() == 0

    def patience(self) -> float | None:
        """Return how many seconds the group may still wait; None while it is empty."""
        return None if self.since is None else max(0.0, self.since + self.wait - time.monotonic())


class Recorder:
    """Owns the journal, and a thread, from start to close.

    Any method may be called from any thread. `completed` waits when too many items are complete but not yet
    durable; `flush` and `close` wait for the disk.
    """

    def __init__(self, folder: Folder, open_journal: Callable[[], Journal]) -> None:
        self._folder = folder
        self._inbox: queue.SimpleQueue[Callable[[], bool] | None] = queue.SimpleQueue()
        self._group = _Group()
        self._room = threading.Semaphore(UNSETTLED)
        self._journal: Journal | None = None
        self._refusal: PenstockError = TransferError("the journal is not open")
        self._syncers = ThreadPoolExecutor(SYNCERS, "penstock-sync")
        self._breaking = threading.Lock()
        self.opened = False
        self._thread = threading.Thread(target=self._run, args=(open_journal,), name="penstock-recorder", daemon=True)
        self._thread.start()

    def ask(self, question: Callable[[Journal], T], *, durable: bool = True) -> Future[T]:
        """Have the recorder's thread call something with the journal, in its own small transaction."""
        answer: Future[T] = Future()

        def call() -> bool:
            if answer.set_running_or_notify_cancel():
                try:
                    with self._open.transaction(durable=durable):
                        answer.set_result(question(self._open))
                except BaseException as error:  # noqa: BLE001  # it belongs to whoever asked
                    answer.set_exception(error)
            return False

        self._inbox.put(call)
        return answer

    def wrote(self, record: Record, spans: Iterable[Span], notes: dict[int, JsonObject], size: int) -> None:
        """Report that spans of an item are in its part files, not yet synced."""

        def take() -> bool:
            progress = self._group.progress.setdefault(record, _Progress())
            progress.spans.extend(spans)
            progress.notes.update(notes)
            self._started(size)
            return False

        self._inbox.put(take)

    def completed(self, record: Record, outputs: list[Output]) -> None:
        """Hand over an item whose files are complete under temporary names, not yet synced."""
        self._room.acquire()

        def take() -> bool:
            self._group.complete[record] = outputs
            self._started(sum(output.size for output in outputs))
            return True

        self._inbox.put(take)

    def flush(self) -> None:
        """Wait until everything handed over so far is durable or has failed."""
        done = threading.Event()

        def take() -> bool:
            self._group.waiting.append(done)
            return True

        self._inbox.put(take)
        done.wait()

    def _started(self, size: int) -> None:
        self._group.size += size
        if self._group.since is None:
            self._group.since = time.monotonic()

    def close(self) -> None:
        """Commit what is left, end the thread and close the journal."""
        self._inbox.put(None)
        self._thread.join()
        self._syncers.shutdown()

    @property
    def _open(self) -> Journal:
        if self._journal is None:
            raise self._refusal
        return self._journal

    def _run(self, open_journal: Callable[[], Journal]) -> None:
        try:
            self._journal = open_journal()
            self.opened = True
            while self._gather():
                self._commit()
            self._commit()
        except Exception as error:  # noqa: BLE001  # told to everybody who waits, below
            self._give_up(error)
        finally:
            if self._journal is not None:
                self._journal.close()

    def _give_up(self, error: Exception) -> None:
        """Without a journal nothing can be finished: tell every item and every asker why, until closed."""
        self._refusal = error if isinstance(error, PenstockError) else TransferError(f"the journal failed: {error!r}")
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()
        self._fail(self._group)
        while (message := self._inbox.get()) is not None:
            message()
            self._fail(self._group)

    def _fail(self, group: _Group) -> None:
        self._group = _Group()
        for record in {*group.progress, *group.complete}:
            self._break(record, self._refusal)
        self._release(group)

    def _release(self, group: _Group) -> None:
        """Let go of everything that came with a group."""
        for record in group.complete:
            record.sink.close()
            self._room.release()
        for event in group.waiting:
            event.set()

    def _gather(self) -> bool:
        """Take messages until a group is due; False when the recorder is to close."""
        hurried = False
        while not self._group.is_due():
            try:
                message = self._inbox.get(timeout=0 if hurried else self._group.patience())
            except queue.Empty:
                return True
            if message is None:
                return False
            hurried = message() or hurried
        return True

    def _commit(self) -> None:
        started = time.monotonic()
        group = self._group
        journal = self._open
        unfinished = [record for record in group.progress if record not in group.complete]
        files = [(record, partial(_sync, output)) for record, outputs in group.complete.items() for output in outputs]
        self._each_survives([*((record, record.sink.sync) for record in unfinished), *files])
        with_spans = [record for record in unfinished if not record.broken]
        complete = {record: outputs for record, outputs in group.complete.items() if not record.broken}
        if with_spans or complete:
            with journal.transaction():
                for record in with_spans:
                    journal.add_spans(record.number, group.progress[record].spans)
                    journal.add_notes(record.number, group.progress[record].notes)
                for record, outputs in complete.items():
                    journal.set_publishing(record.number, outputs)
        if complete:
            self._publish(journal, complete)
        spent = time.monotonic() - started
        self._group = _Group(wait=min(max(SHORTEST_WAIT, WAIT_PER_COMMIT * spent), LONGEST_WAIT))
        self._release(group)

    def _each_survives(self, steps: list[tuple[Record, Callable[[], None]]]) -> None:
        """Run steps that wait for the disk several at once: what it writes together costs little more than one."""
        for outcome in [self._syncers.submit(self._survives, record, step) for record, step in steps]:
            outcome.result()

    def _survives(self, record: Record, step: Callable[[], None]) -> None:
        """Run a step for one item; when it fails, the item is reported and nothing more is claimed of it.

        After a failed sync the kernel may have dropped the pages, so what was not claimed is never claimed.
        """
        if record.broken:
            return
        try:
            with local_errors(record.scratch):
                step()
        except (PenstockError, OSError) as error:
            self._break(
                record, error if isinstance(error, PenstockError) else TransferError(f"writing failed: {error}")
            )

    def _break(self, record: Record, error: PenstockError) -> None:
        """Report an item as failed, once."""
        with self._breaking:
            if record.broken:
                return
            record.broken = True
        record.outcome(error)

    def _publish(self, journal: Journal, complete: dict[Record, list[Output]]) -> None:
        mtimes: dict[Record, dict[str, int]] = {}
        for record, outputs in complete.items():
            self._survives(record, lambda r=record, o=outputs: mtimes.update({r: place_all(self._folder, o)}))  # type: ignore[misc]  # defaults bind the loop's variables
        self._folder.sync_parents({target for placed in mtimes.values() for target in placed})
        with journal.transaction(durable=False):  # `roll_forward` comes to the same conclusion
            for record, placed in mtimes.items():
                journal.set_done(record.number, placed)
            journal.set_fact("manifest", "stale")
        for record in mtimes:
            self._folder.discard(record.scratch)
            record.outcome(None)


def place_all(folder: Folder, outputs: Iterable[Output]) -> dict[str, int]:
    """Move finished files to their names; return their modification times in ns by target."""
    return {output.target: folder.place(output.temporary, output.target) for output in outputs}


def _sync(output: Output) -> None:
    fd = os.open(output.temporary, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def roll_forward(journal: Journal, folder: Folder) -> None:
    """Finish the renames that a crash cut short; an item that cannot be finished is forgotten and fetched again."""
    for item, outputs in journal.unpublished():
        waiting = [output for output in outputs if output.temporary.exists()]
        there = [output for output in outputs if output not in waiting]
        if all((found := folder.stat(o.target)) is not None and found.st_size == o.size for o in there):
            place_all(folder, waiting)
            folder.sync_parents({output.target for output in outputs})
            mtimes = {o.target: found.st_mtime_ns for o in outputs if (found := folder.stat(o.target)) is not None}
            with journal.transaction():
                journal.set_done(item, mtimes)
                journal.set_fact("manifest", "stale")
        else:
            with journal.transaction():
                journal.void(item)
