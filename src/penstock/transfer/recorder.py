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
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from penstock.errors import PenstockError, TargetExists, TransferError
from penstock.formats.files import local_errors
from penstock.transfer.admission import is_unchanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from penstock.formats.sink import Sink
    from penstock.transfer.folder import Folder
    from penstock.transfer.journal import Journal, Placed
    from penstock.types import JsonObject, Output, Span

T = TypeVar("T")

UNSETTLED = 128
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

    def __init__(self, open_target: Callable[[], tuple[Folder, Journal]]) -> None:
        self._folder: Folder
        self._inbox: queue.SimpleQueue[Callable[[], bool] | None] = queue.SimpleQueue()
        self._group = _Group()
        self._room = threading.Semaphore(UNSETTLED)
        self._journal: Journal | None = None
        self._refusal: PenstockError = TransferError("the journal is not open")
        self._syncers = ThreadPoolExecutor(SYNCERS, "penstock-sync")
        self._breaking = threading.Lock()
        self.opened = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, args=(open_target,), name="penstock-recorder", daemon=True)
        self._thread.start()

    def ask(self, question: Callable[[Journal], T], *, durable: bool = True) -> Future[T]:
        """Have the recorder's thread call something with the journal, in its own small transaction."""
        answer: Future[T] = Future()

        def call() -> bool:
            if answer.set_running_or_notify_cancel():
                try:
                    with self._open.transaction(durable=durable):
                        result = question(self._open)
                except BaseException as error:  # noqa: BLE001  # it belongs to whoever asked
                    answer.set_exception(error)
                else:
                    answer.set_result(result)
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

    def _run(self, open_target: Callable[[], tuple[Folder, Journal]]) -> None:
        try:
            self._folder, self._journal = open_target()
            self.opened = True
            while self._gather():
                self._commit()
            self._commit()
            self._journal.close()
        except Exception as error:  # noqa: BLE001  # told to everybody who waits, below
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Without a journal nothing can be finished: tell every item and every asker why, until closed."""
        self._refusal = error if isinstance(error, PenstockError) else TransferError(f"the journal failed: {error!r}")
        journal, self._journal = self._journal, None
        if journal is not None:
            with suppress(PenstockError):  # that it cannot be used is what `error` says
                journal.close()
        self._fail(self._group)
        while not self._closing and (message := self._inbox.get()) is not None:
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
            with suppress(OSError):  # the files themselves have been synced, or have failed
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
                self._closing = True
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
                complete = {record: outputs for record, outputs in complete.items() if self._announced(record, outputs)}
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
        mtimes: dict[Record, dict[str, int]] = {record: {} for record in complete}
        for record, outputs in complete.items():
            self._survives(record, partial(place_all, self._folder, outputs, mtimes[record]))
        self._folder.sync_parents({target for placed in mtimes.values() for target in placed})
        with journal.transaction(durable=False):  # `roll_forward` comes to the same conclusion
            for record, placed in mtimes.items():
                settle = journal.withdraw if record.broken else journal.set_done
                settle(record.number, placed)
            journal.set_fact("manifest", "stale")
        for record in complete:
            if not record.broken:
                self._folder.discard(record.scratch)
                record.outcome(None)

    def _announced(self, record: Record, outputs: list[Output]) -> bool:
        """Enter the files of an item as about to take their names, unless one is another item's with other bytes.

        Files of its earlier version that the new one lacks go first: should that be all that happens, they are gone
        from an item that is void anyway.
        """
        journal = self._open
        for output in outputs:
            owner = journal.owner(output.target)
            if owner is not None and owner.item != record.number and self._is_in_the_way(owner, output):
                self._break(record, _belongs_to_another(output.target, self._folder))
                return False
        self._survives(record, partial(_retire, self._folder, journal.outputs(record.number), outputs))
        if not record.broken:
            journal.set_publishing(record.number, outputs)
        return not record.broken

    def _is_in_the_way(self, owner: Placed, output: Output) -> bool:
        """Tell whether another item's file stands, or is about to stand, under the name, with other bytes."""
        stands = owner.mtime_ns is None or self._folder.stat(output.target) is not None
        return stands and owner.digest != output.digest


def _belongs_to_another(target: str, folder: Folder) -> TargetExists:
    return TargetExists(
        f"{target} in {folder.root} belongs to another item, whose bytes are others",
        hint="Download one of them to another folder.",
    )


def _retire(folder: Folder, before: Iterable[Placed], outputs: Iterable[Output]) -> None:
    """Remove the files of an earlier version that the new one lacks; those that were changed here are kept."""
    targets = {output.target for output in outputs}
    for placed in before:
        if placed.target not in targets and is_unchanged(placed, folder):
            folder.remove(placed.target)


def place_all(folder: Folder, outputs: Iterable[Output], mtimes: dict[str, int]) -> None:
    """Move finished files to their names, entering the modification time in ns of each that got there."""
    for output in outputs:
        mtimes[output.target] = folder.place(output.temporary, output.target)


def _sync(output: Output) -> None:
    fd = os.open(output.temporary, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def roll_forward(journal: Journal, folder: Folder) -> None:
    """Finish the renames that a crash cut short; what cannot be finished is fetched again."""
    for item, outputs in journal.unpublished():
        mtimes = _standing(folder, outputs)
        with suppress(PenstockError, OSError):  # it will be met again, and told of, when the item is published anew
            place_all(folder, [output for output in outputs if output.temporary.exists()], mtimes)
        folder.sync_parents(set(mtimes))
        with journal.transaction():
            if len(mtimes) == len(outputs):
                journal.set_done(item, mtimes)
            elif mtimes:
                journal.withdraw(item, mtimes)
            else:
                journal.void(item)
            journal.set_fact("manifest", "stale")


def _standing(folder: Folder, outputs: Iterable[Output]) -> dict[str, int]:
    """Return the modification times of the files that have taken their names already."""
    found = {output: folder.stat(output.target) for output in outputs if not output.temporary.exists()}
    return {o.target: there.st_mtime_ns for o, there in found.items() if there is not None and there.st_size == o.size}
