"""Plain values and aliases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
DEFAULT_SPAN: Span = (0, 10)


@dataclass(frozen=True)
class Reading:
    """One measurement."""

    level: float


Subscriber: TypeAlias = Callable[[Reading], None]
Filter: TypeAlias = Callable[[Reading], bool]
