"""Asking for one block of voxels: its URL, one attempt at it, and what its failure really means."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.errors import CredentialError, NotFound, PenstockError, ServerFailure
from penstock.platforms.boss.paths import resource_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from penstock._net.http import HttpClient
    from penstock._net.response import Body
    from penstock.formats.grid import Box
    from penstock.types import Span

_ACCEPT = {"Accept": "application/blosc"}


@dataclass(frozen=True, slots=True)
class Cutout:
    """One block of one channel at one level.

    Attributes:
        channel: `collection/experiment/channel`.
        res: The level.
        box: Voxels of that level.
        iso: Whether the isotropic pyramid is meant.
        time: Time samples; None is the channel's default one, and then the answer has no time axis.
    """

    channel: str
    res: int
    box: Box
    iso: bool = False
    time: Span | None = None

    @property
    def url(self) -> str:
        """The request, cache left alone: bulk reading would push out what others use."""
        spans = [*self.box, self.time] if self.time else [*self.box]
        ranges = "/".join(f"{start}:{stop}" for start, stop in spans)
        return f"/v1/cutout/{self.channel}/{self.res}/{ranges}/?access-mode=no-cache" + "&iso=true" * self.iso


@asynccontextmanager
async def open_cutout(http: HttpClient, cutout: Cutout) -> AsyncGenerator[Body, None]:
    """Ask once for a block; its body is a Blosc frame.

    The service cannot say "401" or "403" in Blosc and breaks down instead, so a 500 is followed by asking for
    the channel's own record, whose answer tells what was wrong.

    Raises:
        RejectedCredential: The token is not accepted.
        PermissionDenied: The account may not read the channel.
        NotFound: The channel is gone.
        ServerFailure: The service broke down for reasons of its own.
    """
    async with AsyncExitStack() as stack:
        try:
            body = await stack.enter_async_context(http.stream("GET", cutout.url, headers=_ACCEPT))
        except ServerFailure as failure:
            if failure.status == 500:
                await _diagnose(http, cutout.channel)
            raise
        yield body


async def _diagnose(http: HttpClient, channel: str) -> None:
    """Raise what the channel's record is refused with, if it is refused.

    This runs inside the slot of the cutout that failed, so it takes none of its own: with every slot held by a
    failing cutout, nobody could get on.
    """
    try:
        async with http.stream("GET", resource_url(*channel.split("/")), headers={"Accept": "application/json"}):
            pass
    except (CredentialError, NotFound):
        raise
    except PenstockError:
        return
