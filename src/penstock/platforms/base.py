"""What the clients of all platforms have in common: a context, of their own or shared, and a life."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import anyio

from penstock._net.context import Context
from penstock._net.urls import origin_of
from penstock.errors import Closed

if TYPE_CHECKING:
    from types import TracebackType


class Platform:
    """A client of one platform; it is open inside `async with`.

    A platform that is given a context shares it and leaves it open; one that is not makes its own and closes it.
    Subclasses say in `_open` what happens on opening (settings are read there, never earlier) and may undo it in
    `_close`.

    Attributes:
        name: Short name of the platform, as in settings and URLs.
        endpoint: Base URL of the service, once open.
    """

    name: ClassVar[str]

    def __init__(self, *, context: Context | None = None) -> None:
        self._given = context
        self._context: Context | None = None
        self.endpoint: str | None = None

    def __repr__(self) -> str:
        where = f"at {origin_of(self.endpoint)}" if self.endpoint else "not open"
        return f"<{type(self).__name__} {where}>"

    @property
    def context(self) -> Context:
        """The context in use.

        Raises:
            Closed: The client is not open.
        """
        if self._context is None:
            kind = type(self).__name__
            raise Closed(f"this {kind} client is not open", hint=f"Use it inside `async with {kind}(…) as client:`.")
        return self._context

    async def __aenter__(self) -> Self:
        if self._context is not None:
            return self
        self._context = self._given if self._given is not None else Context()
        try:
            self._context.pool.bind()
            await self._open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the client and, if it made one, its context; safe to call again."""
        context, self._context = self._context, None
        if context is None:
            return
        with anyio.CancelScope(shield=True):
            try:
                await self._close()
            finally:
                if context is not self._given:
                    await context.aclose()

    async def _open(self) -> None:
        """Read settings and make service clients."""

    async def _close(self) -> None:
        """Give back what `_open` took besides the context."""
