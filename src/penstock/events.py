"""What a transfer tells whoever watches: small frozen events, delivered in order.

A subscriber is any callable that takes one event. `Progress` is thinned at the source to at most ten a second
for each item; every other event is delivered.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from penstock.errors import PenstockError
    from penstock.transfer.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events; `at` is seconds on the monotonic clock."""

    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStarted(Event):
    """A plan is being applied to the folder `target`."""

    platform: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStarted(Event):
    """The first part of an item is about to be fetched; `size` in bytes when known, `done` of `parts` were kept."""

    item: str
    size: int | None
    parts: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Event):
    """`received` bytes of this item came over the wire so far in this run; `done` of `parts` are written."""

    item: str
    received: int
    done: int
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying(Event):
    """Attempt number `attempt` failed with `cause`; the next follows after `delay` seconds."""

    item: str
    attempt: int
    delay: float
    cause: PenstockError


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSkipped(Event):
    """Nothing had to be fetched for the item."""

    item: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFailed(Event):
    """The item could not be completed; what arrived is kept for the next run."""

    item: str
    error: PenstockError


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFinished(Event):
    """Every file of the item stands, durable, under its final name."""

    item: str
    received: int
    files: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFinished(Event):
    """The transfer ended; failures, if any, are in the report."""

    report: Report


Subscriber: TypeAlias = Callable[[Event], None]
