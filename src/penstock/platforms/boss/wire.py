"""The open connection to one service, as channels and listings use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.errors import InvalidRequest, NotFound, PenstockError
from penstock.platforms.boss.models import ChannelFacts, Collection, Experiment, Frame, Listing, Pyramid
from penstock.platforms.boss.paths import frame_url, pyramid_url, resource_url

if TYPE_CHECKING:
    from penstock._net.context import Context
    from penstock._net.http import HttpClient

_JSON = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Wire:
    """A service that answers, and the context whose limits apply.

    Attributes:
        http: Sends requests with the account's token.
        context: Limits, memory and retries.
    """

    http: HttpClient
    context: Context

    async def ask(self, url: str, **params: str) -> Any:
        """Ask for a JSON record."""
        return await self.http.json("GET", url, params=params or None, headers=_JSON)

    async def collections(self) -> tuple[str, ...]:
        """List the collections that the account may see."""
        return Listing.parse(await self.ask("/v1/collection/")).collections

    async def collection(self, name: str) -> Collection:
        """Fetch a collection, or say which ones there are."""
        return Collection.parse(await self._resource(name))

    async def experiment(self, collection: str, name: str) -> Experiment:
        """Fetch an experiment, or say what is missing."""
        return Experiment.parse(await self._resource(collection, name))

    async def channel(self, collection: str, experiment: str, name: str) -> ChannelFacts:
        """Fetch a channel's record, or say what is missing."""
        return ChannelFacts.parse(await self._resource(collection, experiment, name))

    async def frame(self, name: str) -> Frame:
        """Fetch a coordinate frame."""
        return Frame.parse(await self.ask(frame_url(name)))

    async def pyramid(self, path: str, *, iso: bool) -> Pyramid | None:
        """Fetch the table of a channel's levels; None where the service cannot work it out (400)."""
        try:
            return Pyramid.parse(await self.ask(pyramid_url(path), **({"iso": "true"} if iso else {})))
        except InvalidRequest:
            return None

    async def _resource(self, *names: str) -> Any:
        try:
            return await self.ask(resource_url(*names))
        except NotFound as error:
            raise await self._explained(error, names) from None

    async def _explained(self, error: NotFound, names: tuple[str, ...]) -> PenstockError:
        """Find out which name of a path is the wrong one, and what there is instead."""
        kinds = ("collection", "experiment", "channel")
        for depth in range(len(names)):
            try:
                siblings = await self._children(names[:depth])
            except PenstockError:
                return error
            if names[depth] not in siblings:
                return _missing(kinds[depth], names[:depth], names[depth], siblings, error)
        return error

    async def _children(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """List the names below a collection or experiment, or all collections."""
        if not names:
            return await self.collections()
        record = await self.ask(resource_url(*names))
        return Collection.parse(record).experiments if len(names) == 1 else Experiment.parse(record).channels


def _missing(kind: str, parents: tuple[str, ...], name: str, siblings: tuple[str, ...], error: NotFound) -> NotFound:
    shown = ", ".join(sorted(siblings)[:8]) + (f" and {len(siblings) - 8} more" if len(siblings) > 8 else "")
    where = f"in {'/'.join(parents)}" if parents else "there"
    return NotFound(
        f"there is no {kind} {'/'.join((*parents, name))}, or this account cannot see it",
        hint=f"{kind.capitalize()}s {where}: {shown or 'none'}.",
        status=error.status,
        url=error.url,
        missing=kind,
        name=name,
    )
