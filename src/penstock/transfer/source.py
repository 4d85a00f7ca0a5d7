"""Where an item's bytes come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from penstock.types import Item


class Incoming(Protocol):
    """One answer of a service, its body not yet read, in blocks of whatever size the wire gives.

    Reading it raises Truncated when it is not as long as announced, and ConnectionFailed or DeadlineExceeded
    when it breaks off or stalls.
    """

    @property
    def blocks(self) -> AsyncIterator[bytes]:
        """The body; to be read once."""
        ...


class Source(Protocol):
    """What a platform gives the engine: one attempt at one part, and whom to be polite to."""

    @property
    def platform(self) -> str:
        """The platform's name, as the journal records it."""
        ...

    @property
    def instance(self) -> str:
        """What the server calls itself, else its origin; with `Item.key` it names a remote thing for good."""
        ...

    @property
    def origin(self) -> str:
        """`scheme://host:port` that connections, limits and pauses are counted against."""
        ...

    def open(self, item: Item, part: int) -> AbstractAsyncContextManager[Incoming]:
        """Ask once for one part of an item; the engine takes slots, retries and reads.

        Raises:
            NotFound: The service has no such part; an item whose layout allows gaps then records one.
            PenstockError: Anything else, classified by its `recovery`.
        """
        ...
