"""What every platform can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import anyio.lowlevel

from fakestock.context import Context

if TYPE_CHECKING:
    from types import TracebackType


class Platform:
    """Base of platforms."""

    name: ClassVar[str] = "platform"

    def __init__(self, *, context: Context | None = None) -> None:
        self.context: Context = context or Context()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close it."""
        await anyio.lowlevel.checkpoint()
        await self.context.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"
