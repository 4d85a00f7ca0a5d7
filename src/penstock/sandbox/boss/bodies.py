"""A bounded cache of packed answers, so that asking for the same voxels again costs no packing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable


class BodyCache:
    """Keeps the most recently used bodies up to a number of bytes.

    Args:
        capacity: Bytes to keep.
    """

    def __init__(self, capacity: int = 256 << 20) -> None:
        self.capacity = capacity
        self._bodies: OrderedDict[Hashable, bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> bytes | None:
        """Look a body up."""
        with self._lock:
            if key in self._bodies:
                self._bodies.move_to_end(key)
            return self._bodies.get(key)

    def put(self, key: Hashable, body: bytes) -> None:
        """Keep a body, dropping those used longest ago."""
        if len(body) > self.capacity // 4:
            return
        with self._lock:
            self._size += len(body) - len(self._bodies.pop(key, b""))
            self._bodies[key] = body
            while self._size > self.capacity:
                self._size -= len(self._bodies.popitem(last=False)[1])
