"""Name resolution that notices when a public service sends us into a private network."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver

from penstock._net.urls import is_private

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult


class PrivateAddress(OSError):
    """A name that a server gave us stands for a private address."""


class GuardedResolver(AbstractResolver):
    """Resolve names; one that nobody configured must not stand for a private address.

    Services that are themselves on a private network may point to each other.
    """

    def __init__(self) -> None:
        self._plain = ThreadedResolver()
        self._configured: set[str] = set()
        self._among_private = False

    def trust(self, host: str) -> None:
        """Let a host that the user configured stand for any address."""
        self._configured.add(host)
        self._among_private = self._among_private or is_private(host)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host.

        Raises:
            PrivateAddress: It must not be contacted.
        """
        found = await self._plain.resolve(host, port, family)
        private = any(is_private(result["host"]) for result in found)
        if host in self._configured:
            self._among_private = self._among_private or private
        elif private and not self._among_private:
            raise PrivateAddress
        return found

    async def close(self) -> None:
        """Release nothing: threads belong to the loop."""
        await self._plain.close()
