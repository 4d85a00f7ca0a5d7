"""What of a study is wanted: channels by glob, groups by glob, a half-open window of time."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from penstock.errors import FormatError, SelectionError
from penstock.platforms.seer.chunks import chunk_span
from penstock.platforms.seer.instants import Instant, milliseconds, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from penstock.platforms.seer.models import ChannelGroup, Segment, StudyMetadata
    from penstock.types import Span

DTYPES = ("float32", "float64")


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open interval of time in ms; infinite where nothing was said."""

    from_ms: float = -math.inf
    to_ms: float = math.inf

    @classmethod
    def between(cls, start: Instant | None, stop: Instant | None) -> Window:
        """Read the two ends.

        Raises:
            SelectionError: An end is no instant, or the interval is empty.
        """
        from_ms = -math.inf if start is None else milliseconds(start)
        window = cls(from_ms, math.inf if stop is None else milliseconds(stop))
        if window.from_ms >= window.to_ms:
            problem = f"the time selection from {start} to {stop} is empty"
            raise SelectionError(problem, hint="Let stop be later than start.")
        return window

    def finite(self) -> tuple[float | None, float | None]:
        """Return the two ends, None where nothing was said."""
        from_ms = self.from_ms if math.isfinite(self.from_ms) else None
        return from_ms, self.to_ms if math.isfinite(self.to_ms) else None

    def clipped(self, segment: Segment) -> tuple[float, float]:
        """Cut the window to a segment."""
        return max(self.from_ms, segment.start_time), min(self.to_ms, segment.end_time)


@dataclass(frozen=True, slots=True)
class Selected:
    """The chosen channels of one group: their indices in server order."""

    group: ChannelGroup
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """What is wanted of one segment: its chunks `[first, last)`."""

    selected: Selected
    segment: Segment
    chunks: Span


@dataclass(frozen=True, slots=True)
class Selection:
    """Groups, channels and window, checked against the metadata of one study."""

    study: StudyMetadata
    groups: tuple[Selected, ...]
    window: Window
    dtype: str = "float32"

    def pieces(self) -> Iterator[Piece]:
        """Walk over the segments that overlap the window, group by group, each group in time order."""
        for selected in self.groups:
            yield from self.pieces_of(selected)

    def pieces_of(self, selected: Selected) -> Iterator[Piece]:
        """Walk over the segments of one group that overlap the window, in time order."""
        for segment in sorted(selected.group.segments, key=lambda segment: (segment.start_time, segment.id)):
            if (piece := self._piece(selected, segment)) is not None:
                yield piece

    def _piece(self, selected: Selected, segment: Segment) -> Piece | None:
        period = (selected.group.chunk_period or 0) * 1000
        chunks = chunk_span(segment.start_time, segment.duration, period, self.window.from_ms, self.window.to_ms)
        return Piece(selected, segment, chunks) if chunks[0] < chunks[1] else None


def select(
    study: StudyMetadata,
    *,
    channels: Sequence[str] | str | None = None,
    groups: Sequence[str] | str | None = None,
    start: Instant | None = None,
    stop: Instant | None = None,
    dtype: str = "float32",
) -> Selection:
    """Check a selection against a study's metadata.

    Raises:
        SelectionError: The study has no channels, a pattern matches nothing, or the window lies outside the recording.
        FormatError: A chosen group lacks what is needed to decode it.
    """
    window = Window.between(start, stop)
    if dtype not in DTYPES:
        raise SelectionError(f"samples cannot be had as {dtype!r}", hint=f"Types: {', '.join(DTYPES)}.")
    if not any(group.channels for group in study.channel_groups):
        raise SelectionError(f"study {study.id} has no channel groups with channels", hint="Choose another study.")
    chosen = [group for group in _groups(study, _patterns("groups", groups)) if group.channels]
    selection = Selection(study, tuple(_channels(chosen, _patterns("channels", channels))), window, dtype)
    for selected in selection.groups:
        _check_period(selected.group)
    _check_window(selection)
    return selection


def folder_names(groups: Iterable[ChannelGroup]) -> dict[str, str]:
    """Give every group a name of its own, by id: its title, marked when another group has the same but for case."""
    groups = list(groups)
    shared = Counter(group.title.casefold() for group in groups)
    return {group.id: group.title if shared[group.title.casefold()] == 1 else _marked(group) for group in groups}


def _marked(group: ChannelGroup) -> str:
    return f"{group.title}~{sha256(group.id.encode()).hexdigest()[:8]}"


def _patterns(what: str, given: Sequence[str] | str | None) -> list[str] | None:
    if given is None:
        return None
    patterns: list[Any] = [given] if isinstance(given, str) else list(given)
    if not patterns or not all(isinstance(pattern, str) and pattern for pattern in patterns):
        raise SelectionError(f"{what}={given!r} names nothing", hint=f"Leave {what} out to take all.")
    return patterns


def _groups(study: StudyMetadata, patterns: list[str] | None) -> list[ChannelGroup]:
    if patterns is None:
        return list(study.channel_groups)
    for pattern in patterns:
        if not any(_matches(pattern, group.id, group.name) for group in study.channel_groups):
            known = [name for group in study.channel_groups for name in (group.name, group.id) if name]
            raise _unmatched("channel group", pattern, study, known)
    return [group for group in study.channel_groups if any(_matches(p, group.id, group.name) for p in patterns)]


def _channels(groups: Sequence[ChannelGroup], patterns: list[str] | None) -> Iterator[Selected]:
    if patterns is None:
        yield from (Selected(group, tuple(range(len(group.channels)))) for group in groups)
        return
    matched: set[str] = set()
    for group in groups:
        hits = {index: found for index, found in enumerate(_hits(group, patterns)) if found}
        matched.update(*hits.values())
        if hits:
            yield Selected(group, tuple(hits))
    for pattern in patterns:
        if pattern not in matched:
            raise _unmatched("channel", pattern, None, _channel_names(groups))


def _hits(group: ChannelGroup, patterns: Sequence[str]) -> list[set[str]]:
    """Say for each channel which patterns match it, its id, or its group."""
    whole = {pattern for pattern in patterns if _matches(pattern, group.id, group.name)}
    return [whole | {p for p in patterns if _matches(p, channel.id, channel.name)} for channel in group.channels]


def _matches(pattern: str, *names: str | None) -> bool:
    return any(name == pattern or fnmatchcase(name, pattern) for name in names if name)


def _channel_names(groups: Sequence[ChannelGroup]) -> list[str]:
    names = [name for group in groups for channel in group.channels for name in (channel.name, channel.id) if name]
    return [group.name for group in groups if group.name] + names


def _unmatched(what: str, pattern: str, study: StudyMetadata | None, known: Sequence[str]) -> SelectionError:
    where = f" of study {study.id}" if study else ""
    near = _near(pattern, known)
    guess = f"; near it: {', '.join(near)}" if near else ""
    hint = f"There are: {', '.join(dict.fromkeys(known[:12]))}."
    return SelectionError(f"no {what}{where} matches {pattern!r}{guess}", hint=hint, pattern=pattern, near=near)


def _near(pattern: str, known: Sequence[str]) -> list[str]:
    by_folded = {name.casefold(): name for name in reversed(known)}
    folded = pattern.casefold()
    alike = [name for low, name in by_folded.items() if fnmatchcase(low, folded)][:5]
    bare = folded.strip("*?")
    close = [by_folded[low] for low in get_close_matches(bare, list(by_folded), n=5, cutoff=0.5)]
    return list(dict.fromkeys([*alike, *close]))[:5]


def _check_period(group: ChannelGroup) -> None:
    if not (group.chunk_period or 0) > 0:
        raise FormatError(
            f"channel group {group.title!r} cannot be decoded: the service gives no chunk period",
            hint="Leave this group out with groups= or channels=.",
        )


def _check_window(selection: Selection) -> None:
    segments = [segment for selected in selection.groups for segment in selected.group.segments]
    window = selection.window
    begins = min((segment.start_time for segment in segments), default=math.inf)
    ends = max((segment.end_time for segment in segments), default=-math.inf)
    if not segments or window.from_ms >= ends or window.to_ms <= begins:
        extent = f"from {moment(begins).isoformat()} to {moment(ends).isoformat()}" if segments else "nothing at all"
        raise SelectionError(
            f"the time selection holds no recording: the chosen groups of study {selection.study.id} cover {extent}"
        )
