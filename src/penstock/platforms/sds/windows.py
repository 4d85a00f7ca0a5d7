"""Time windows over Digital RF data files, whose names carry the instant of their first sample."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from penstock.errors import SelectionError
from penstock.platforms.sds.instants import requested

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.platforms.sds.models import File

_DATA_FILE = re.compile(r"rf@(\d{1,11})\.(\d{1,3})\.h5")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2286, 11, 20, tzinfo=UTC)  # the gateway compares names as text: from then on seconds have 11 digits
_CADENCE = timedelta(seconds=1)


def first_sample(name: str) -> datetime | None:
    """Read the instant out of a data file's name, `rf@SECONDS.MILLISECONDS.h5`; None for any other file."""
    found = _DATA_FILE.fullmatch(name)
    if found is None:
        return None
    return _EARLIEST + timedelta(seconds=int(found[1]), milliseconds=int(found[2]))


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time `[start, stop)`, both ends aware and in UTC."""

    start: datetime = _EARLIEST
    stop: datetime = _LATEST

    @classmethod
    def given(cls, start: datetime | str | None, stop: datetime | str | None) -> Window | None:
        """Read what a user asked for; None when no end is given.

        Raises:
            SelectionError: An end is no instant, or the window is empty.
        """
        if start is None and stop is None:
            return None
        window = cls(
            max(requested(start), _EARLIEST) if start is not None else _EARLIEST,
            min(requested(stop), _LATEST) if stop is not None else _LATEST,
        )
        if window.start >= window.stop:
            raise SelectionError(f"the window from {window.start} to {window.stop} is empty")
        return window

    @property
    def query(self) -> dict[str, str]:
        """What to ask the gateway for: it leaves out the file that covers the start, so ask for one file more."""
        start = max(self.start - _CADENCE, _EARLIEST)
        return {"start_time": _text(start), "end_time": _text(self.stop)}


class Trimmer:
    """Keep the data files that overlap a window, and every other file.

    A name tells when a file begins, never when it ends: it is taken to reach to the next one in its
    directory, or for a second when it is the last. Files must come in the order of their paths.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._held: File | None = None

    def feed(self, files: Iterable[File]) -> Iterator[File]:
        """Yield those of the next files whose fate is known by now."""
        for file in files:
            begins = first_sample(file.name)
            if begins is None:
                yield file
                continue
            yield from self._settle(begins if self._held and self._held.directory == file.directory else None)
            if begins < self._window.start:
                self._held = file
            elif begins < self._window.stop:
                yield file

    def finish(self) -> Iterator[File]:
        """Yield the file that was held back to the end, if it counts."""
        yield from self._settle(None)

    def _settle(self, ends: datetime | None) -> Iterator[File]:
        """Decide about the file held back, whose last sample lies before `ends`."""
        held, self._held = self._held, None
        if held is None:
            return
        begins = first_sample(held.name)
        if begins is not None and (ends or begins + _CADENCE) > self._window.start:
            yield held


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
