"""What several clients share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import anyio.lowlevel

if TYPE_CHECKING:
    from types import TracebackType


class Context:
    """Shared limits.

    Args:
        connections: How many at once.
    """

    __sync_skip__ = ("task_group",)

    def __init__(self, *, connections: int = 4) -> None:
        self.connections = connections
        self._closed = False

    async def __aenter__(self) -> Self:
        self.task_group = anyio.create_task_group()
        await self.task_group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        await self.aclose()
        return await self.task_group.__aexit__(kind, error, trace)

    async def aclose(self) -> None:
        """Close the pools."""
        self._closed = True

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return self._closed


async def survey(context: Context, *names: str, depth: int = 1) -> dict[str, int]:
    """Survey rivers through a shared context."""
    await anyio.lowlevel.checkpoint()
    return {name: depth * context.connections for name in names}
