"""A bounded cache for what is costly to make again: rendered cuboids and packed answers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Shelf(Generic[T]):
    """Keeps the most recently used values up to a number of bytes; several threads may use it at once.

    Args:
        capacity: Bytes to keep. A value of more than a quarter of it is not kept at all.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._values: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self._makers = [threading.Lock() for _ in range(64)]

    def obtain(self, key: Hashable, make: Callable[[], T], size: Callable[[T], int]) -> T:
        """Look a value up or make it; who asks for the same meanwhile waits rather than makes it again."""
        with self._makers[hash(key) % len(self._makers)]:
            value = self.get(key)
            if value is None:
                value = make()
                self.put(key, value, size(value))
        return value

    def get(self, key: Hashable) -> T | None:
        """Look a value up."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Hashable, value: T, size: int) -> None:
        """Keep a value of `size` bytes, dropping those used longest ago."""
        if size > self.capacity // 4:
            return
        with self._lock:
            if key in self._values:
                self._size -= self._values.pop(key)[1]
            self._values[key] = value, size
            self._size += size
            while self._size > self.capacity:
                self._size -= self._values.popitem(last=False)[1][1]
