"""Finds chunks by the names of their files, and makes them when they are asked for."""

from __future__ import annotations

import re
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from penstock.sandbox.seer import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.sandbox.seer.studies import Group, Segment, Study

FILE = re.compile(r"(?P<segment>.+)_(?P<index>\d{11})\.dat")
CACHE_BYTES = 32 << 20

Place: TypeAlias = "tuple[Study, Group, Segment]"
ChunkKey: TypeAlias = tuple[str, str, int]


class Recorder:
    """All stored chunks of some studies.

    Args:
        studies: What there is.
        cache_bytes: How much of what was made is kept.
    """

    def __init__(self, studies: Iterable[Study], cache_bytes: int = CACHE_BYTES) -> None:
        self._places = {
            segment.id: (study, group, segment)
            for study in studies
            for group in study.groups
            for segment in group.segments
        }
        self._room = cache_bytes
        self._made: OrderedDict[ChunkKey, bytes] = OrderedDict()
        self._lock = Lock()

    def place(self, segment: str) -> Place | None:
        """Find a segment, with its group and study."""
        return self._places.get(segment)

    def has_link(self, segment: str, index: int) -> bool:
        """Tell whether the service has a URL for a chunk: those that were never stored have none."""
        place = self._places.get(segment)
        if place is None or not place[2].stored:
            return False
        return 0 <= index < place[1].chunks(place[2]) and index not in place[2].never

    def find(self, name: str) -> tuple[Study, Group, Segment, int] | None:
        """Find the chunk behind a file name; None if nothing is stored there."""
        match = FILE.fullmatch(name)
        if match is None or not self.has_link(match["segment"], int(match["index"])):
            return None
        study, group, segment = self._places[match["segment"]]
        index = int(match["index"])
        return None if index in segment.lost else (study, group, segment, index)

    def ready(self, name: str) -> bytes | None:
        """Return a chunk if it has been made before."""
        found = self.find(name)
        if found is None:
            return None
        with self._lock:
            return self._kept(chunks.key(*found[1:]))

    def body(self, name: str) -> bytes | None:
        """Return the bytes of a chunk, making them if need be; None if nothing is stored there."""
        found = self.find(name)
        if found is None:
            return None
        key = chunks.key(*found[1:])
        with self._lock:
            kept = self._kept(key)
        if kept is not None:
            return kept
        study, group, segment, index = found
        body = chunks.stored(study.start, group, segment, index)
        with self._lock:
            self._keep(key, body)
        return body

    def _kept(self, key: ChunkKey) -> bytes | None:
        body = self._made.get(key)
        if body is not None:
            self._made.move_to_end(key)
        return body

    def _keep(self, key: ChunkKey, body: bytes) -> None:
        if key not in self._made:
            self._made[key] = body
            self._room -= len(body)
        while self._room < 0:
            self._room += len(self._made.popitem(last=False)[1])
