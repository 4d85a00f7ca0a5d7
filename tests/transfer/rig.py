"""A source and a sink of the simplest kind, to watch the engine with."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import anyio

from penstock.formats.files import file_digest
from penstock.types import Item, Output

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from penstock.types import JsonObject

PART = 4096


def body(key: str, part: int) -> bytes:
    """Return what the part of an item holds: the same every time, different everywhere."""
    return (f"{key}/{part};".encode() * PART)[:PART]


def whole(item: Item) -> bytes:
    """Return what the item's file must hold in the end."""
    return b"".join(body(item.key, part) for part in range(item.parts))


def item(key: str, parts: int = 3, **changes: Any) -> Item:
    """Describe an item of the rig."""
    return Item(**{"key": key, "target": f"{key}.bin", "identity": "v1", "format": "rig", "parts": parts, **changes})


@dataclass
class Answer:
    """The incoming body of one part."""

    content: bytes

    @property
    def blocks(self) -> AsyncIterator[bytes]:
        return self._blocks()

    async def _blocks(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self.content), 1000):
            await anyio.lowlevel.checkpoint()
            yield self.content[at : at + 1000]


@dataclass
class RigSource:
    """Serves parts from memory, and fails on demand.

    Attributes:
        trouble: Called with key, part and the number of the attempt before each answer; may raise, wait or
            return other bytes.
    """

    trouble: Callable[[str, int, int], Any] | None = None
    platform: str = "rig"
    instance: str = "rig-0"
    origin: str = "http://rig.invalid"
    asked: list[tuple[str, int]] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0

    @asynccontextmanager
    async def open(self, item: Item, part: int) -> AsyncIterator[Answer]:
        self.asked.append((item.key, part))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            content = None
            if self.trouble:
                content = self.trouble(item.key, part, self.asked.count((item.key, part)))
                if hasattr(content, "__await__"):
                    content = await content
            yield Answer(body(item.key, part) if content is None else content)
        finally:
            self._now -= 1


class RigSink:
    """Places fixed-size parts one after another in one file."""

    whole: ClassVar[bool] = True

    def __init__(self, item: Item, scratch: Path) -> None:
        self._item = item
        self._path = scratch / "rig.part"
        self._fd = -1

    @classmethod
    def targets(cls, item: Item) -> list[str]:
        return [item.target]

    def open(self, resume: bool) -> None:
        self._fd = os.open(self._path, os.O_RDWR | (0 if resume else os.O_CREAT | os.O_TRUNC))
        os.ftruncate(self._fd, self._item.parts * PART)

    def write(self, part: int, at: int, body: memoryview | bytes) -> JsonObject | None:
        os.pwrite(self._fd, body, part * PART)
        return {"first": bytes(body[:1]).decode()}

    def gap(self, part: int) -> JsonObject | None:
        os.pwrite(self._fd, b"-" * PART, part * PART)
        return {"gap": True}

    def sync(self) -> None:
        os.fdatasync(self._fd)

    def finish(self, notes: Mapping[int, JsonObject]) -> list[Output]:
        assert set(notes) == set(range(self._item.parts))
        size = self._path.stat().st_size
        return [Output(self._path, self._item.target, size, file_digest(self._path), "size")]

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


async def listed(*items: Item) -> AsyncIterator[Item]:
    """List items as a platform would."""
    for each in items:
        yield each
