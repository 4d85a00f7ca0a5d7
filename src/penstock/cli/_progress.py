"""Watch transfers on stderr: bars on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from penstock.cli._output import human_size, visible
from penstock.events import ItemFailed, ItemFinished, ItemSkipped, ItemStarted, Progress, Retrying

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from penstock.cli._output import Output
    from penstock.events import Event, Subscriber

LINE_SECONDS = 10.0


class Account:
    """What one transfer has done so far, from its events."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.done = 0
        self.failed = 0
        self.announced = 0
        self._received: dict[str, int] = {}
        self._settled = 0

    @property
    def received(self) -> int:
        """Bytes that came over the wire."""
        return self._settled + sum(self._received.values())

    def take(self, event: Event) -> None:
        """Count one event."""
        match event:
            case ItemStarted():
                self.announced += event.size or 0
                self._received[event.item] = 0
            case Progress():
                self._received[event.item] = event.received
            case ItemFinished():
                self._settled += event.received
                self._received.pop(event.item, None)
                self.done += 1
            case ItemFailed():
                self._settled += self._received.pop(event.item, 0)
                self.failed += 1
            case ItemSkipped():
                self.done += 1
            case _:
                pass

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.label}: {self.done} items, {human_size(self.received)}{failed}"


class Display:
    """Shows any number of transfers at once; make a subscriber for each with `watch`."""

    def __init__(self, output: Output, bars: Bars | None) -> None:
        self._output = output
        self._bars = bars
        self._told = time.monotonic()
        self._warned = -LINE_SECONDS

    def watch(self, label: str) -> Subscriber:
        """Return a subscriber for one transfer."""
        account = Account(label)
        task = self._bars.add_task(visible(label), total=None, items=0, failed="") if self._bars else None

        def take(event: Event) -> None:
            account.take(event)
            self._output.event(as_json(event, label))
            if isinstance(event, Retrying) and time.monotonic() - self._warned >= LINE_SECONDS:
                self._warned = time.monotonic()
                self._output.say(f"{label}: {event.cause}; trying again")
            if self._bars is not None and task is not None:
                self._draw(self._bars, task, account)
            elif self._output.progress and time.monotonic() - self._told >= LINE_SECONDS:
                self._told = time.monotonic()
                self._output.say(str(account))

        return take

    def _draw(self, bars: Bars, task: TaskID, account: Account) -> None:
        bars.update(
            task,
            completed=account.received,
            total=max(account.announced, account.received) or None,
            items=account.done,
            failed=f"{account.failed} failed" if account.failed else "",
        )


def as_json(event: Event, label: str) -> dict[str, object]:
    """Render an event as JSON-able values, without the report, which is the result itself."""
    facts = {name: getattr(event, name) for name in event.__dataclass_fields__ if name not in {"at", "report"}}
    words = {name: str(value) if isinstance(value, Exception) else value for name, value in facts.items()}
    return {"event": type(event).__name__, "transfer": label, **words}


@contextmanager
def display(output: Output) -> Iterator[Display]:
    """Show progress while inside: bars when stderr is a terminal and a person is to read it."""
    if not (output.progress and output.style == "human" and output.console.is_terminal):
        yield Display(output, None)
        return
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(binary_units=True),
        progress.TransferSpeedColumn(),
        progress.TextColumn("{task.fields[items]} items"),
        progress.TextColumn("[red]{task.fields[failed]}"),
    )
    with progress.Progress(*columns, console=output.console, transient=True) as bars:
        yield Display(output, bars)
