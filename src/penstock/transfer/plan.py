"""What a download would do, before it does it: a lazy list of operations, each with its reason."""

from __future__ import annotations

import json
import tempfile
import weakref
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread

from penstock.errors import Closed
from penstock.transfer.admission import Operation, look
from penstock.transfer.engine import Transfer
from penstock.transfer.folder import Folder
from penstock.transfer.journal import Journal
from penstock.types import Item

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType
    from typing import IO

    from penstock._net.context import Context
    from penstock.events import Subscriber
    from penstock.transfer.report import Report
    from penstock.transfer.source import Source
    from penstock.types import JsonObject, PathLike


class Plan:
    """The operations that a download would carry out, listed lazily.

    Iterate over it to see them, which is the dry run and touches nothing on disk, and `apply` it to carry them
    out. The remote listing is walked once: what a preview has seen is spooled to a temporary file, so
    that a plan of millions of items costs no memory.

    Args:
        source: Where the bytes come from.
        items: The items, as the platform lists them.
        context: Whose limits, retries and memory budget apply.
        to: The target folder; made when the plan is applied.
        selection: What was asked for, as JSON: the `url` that names it and the `options` that its platform's
            `plan` took; kept in the journal so that the folder can be resumed.
    """

    def __init__(
        self, source: Source, items: AsyncIterator[Item], *, context: Context, to: PathLike, selection: JsonObject
    ) -> None:
        self._source = source
        self._items = items
        self._context = context
        self._spool: IO[str] | None = None
        self._applied = False
        self._broken = False
        self._root = Path(to).expanduser().absolute()
        self.to = Path(to)
        self.selection = selection

    @property
    def platform(self) -> str:
        """Name of the platform that the bytes come from."""
        return self._source.platform

    def __repr__(self) -> str:
        return f"<Plan {self.platform} → {self.to}>"

    def __aiter__(self) -> AsyncIterator[Operation]:
        return self._operations()

    async def _operations(self) -> AsyncGenerator[Operation, None]:
        """Look at each item beside what the folder's journal knows, if there is one."""
        look = await to_thread.run_sync(_Look, self._root)
        try:
            async with aclosing(self._all_items(keep=True)) as items:
                async for item in items:
                    yield await to_thread.run_sync(look.at, self._source, item)
        finally:
            await to_thread.run_sync(look.close)

    async def apply(self, *, on_event: Subscriber | None = None) -> Report:
        """Carry the plan out: fetch what is missing, verify it, and put it in place.

        Run again after an interruption, it fetches only what is missing. Items that fail are collected in the
        report; what concerns the whole transfer is raised.

        Args:
            on_event: Called with every `penstock.events.Event`; it must not block.

        Raises:
            CredentialError: The service does not accept the credentials.
            TargetLocked: Another process works on the folder.
            TargetUnwritable: The folder cannot be written.
            DiskFull: No space is left.
            Closed: The plan was applied before; make a new one.
        """
        if self._applied:
            raise Closed("this plan has been applied", hint="Make a new plan: it sees what is there by now.")
        self._applied = True
        async with self, aclosing(self._all_items(keep=False)) as items:
            transfer = Transfer(self._source, items, context=self._context, on_event=on_event)
            return await transfer.run(self._root, self.selection)

    async def _all_items(self, *, keep: bool) -> AsyncGenerator[Item, None]:
        """Yield what a preview has spooled, then what is still to be listed."""
        if self._broken:
            raise Closed("the listing of this plan broke off", hint="Make a new plan: this one would miss items.")
        if self._spool is not None:
            self._spool.seek(0)
            while line := await to_thread.run_sync(self._spool.readline):
                yield Item.from_json(json.loads(line))
        async with aclosing(self._listed(keep=keep)) as rest:
            async for item in rest:
                yield item

    async def _listed(self, *, keep: bool) -> AsyncGenerator[Item, None]:
        """Yield what is still to be listed; an error or a cancellation meanwhile may have swallowed items."""
        listing = aiter(self._items)
        while True:
            self._broken = True
            try:
                item = await anext(listing)
            except StopAsyncIteration:
                self._broken = False
                return
            if keep:
                await to_thread.run_sync(self._keep, item)
            self._broken = False
            yield item

    def _keep(self, item: Item) -> None:
        if self._spool is None:
            self._spool = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # outlives the call
            weakref.finalize(self, self._spool.close)
        self._spool.write(json.dumps(item.to_json()) + "\n")

    async def aclose(self) -> None:
        """Stop the listing and drop the spool."""
        if isinstance(self._items, AsyncGenerator):
            await self._items.aclose()
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    async def __aenter__(self) -> Plan:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class _Look:
    """A read-only view of a target folder, which need not exist."""

    def __init__(self, to: Path) -> None:
        journal = to / ".penstock" / "journal.sqlite3"
        self._journal = Journal(journal, readonly=True) if journal.exists() else None
        self._folder = Folder(to, hold=False) if to.is_dir() else None

    def at(self, source: Source, item: Item) -> Operation:
        return look(self._journal, self._folder, source, item).operation

    def close(self) -> None:
        if self._journal:
            self._journal.close()
        if self._folder:
            self._folder.close()
