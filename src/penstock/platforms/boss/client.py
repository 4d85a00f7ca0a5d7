"""The client: settings when it opens, then collections, experiments and channels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from penstock._net.paging import Pager
from penstock.platforms.base import Platform
from penstock.platforms.boss.channel import Channel
from penstock.platforms.boss.faults import classify
from penstock.platforms.boss.levels import describe_levels
from penstock.platforms.boss.paths import split_path
from penstock.platforms.boss.settings import boss_layers
from penstock.platforms.boss.wire import Wire
from penstock.platforms.concurrency import together

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from penstock._config.secrets import Secret
    from penstock._net.context import Context
    from penstock.platforms.boss.models import Collection, Experiment
    from penstock.types import PathLike

_AT_ONCE = 8
"""Requests that the service should get from one client at once; its operators run sixteen workers for everybody."""


class Boss(Platform):
    """A client of one BOSS service: volumetric images, as collections of experiments of channels.

    Args:
        url: Address of the service; else found in the settings, else `https://api.bossdb.io`.
        token: API token; else found in the settings, else `public`, which reads what everybody may read.
        context: Connection pools and limits to share with other clients; else the client has its own.
        config_file: INI file with a section `Default` of `protocol`, `host` and `token`, as ndpull and intern
            read them.
    """

    name: ClassVar[str] = "boss"

    def __init__(
        self,
        *,
        url: str | None = None,
        token: str | Secret | None = None,
        context: Context | None = None,
        config_file: PathLike | None = None,
    ) -> None:
        super().__init__(context=context)
        self._given_url = url
        self._given_token = token
        self._config_file = config_file

    async def _open(self) -> None:
        layers = boss_layers(self._config_file)
        token = layers.secret("token", self._given_token)
        self.endpoint = str(layers.value("url", self._given_url))
        self._http = self.context.http(
            self.endpoint,
            headers=lambda: {"Authorization": f"Token {token.reveal()}"},
            platform=self.name,
            classify=classify,
        )
        self.context.limits.etiquette(self._http.origin, _AT_ONCE)

    @property
    def _wire(self) -> Wire:
        """The service, while the client is open."""
        context = self.context
        return Wire(self._http, context)

    def collections(self) -> Pager[str]:
        """List the names of the collections that the account may see (`GET /v1/collection/`).

        Raises:
            RejectedCredential: The token is not accepted.
        """

        async def fetch() -> tuple[str, ...]:
            return await self._wire.collections()

        return _names(fetch)

    def experiments(self, collection: str) -> Pager[str]:
        """List the names of the experiments of a collection.

        Raises:
            NotFound: There is no such collection.
        """
        (name,) = split_path(collection, 1)

        async def fetch() -> tuple[str, ...]:
            return (await self._wire.collection(name)).experiments

        return _names(fetch)

    def channels(self, experiment: str) -> Pager[str]:
        """List the names of the channels of an experiment.

        Args:
            experiment: `collection/experiment`.

        Raises:
            NotFound: There is no such experiment.
        """
        collection, name = split_path(experiment, 2)

        async def fetch() -> tuple[str, ...]:
            return (await self._wire.experiment(collection, name)).channels

        return _names(fetch)

    async def collection(self, name: str) -> Collection:
        """Fetch what the service says about a collection.

        Raises:
            NotFound: There is no such collection; the hint lists those that there are.
        """
        return await self._wire.collection(*split_path(name, 1))

    async def experiment(self, path: str) -> Experiment:
        """Fetch what the service says about an experiment.

        Args:
            path: `collection/experiment`.

        Raises:
            NotFound: The experiment or its collection is missing; the hint lists those that there are.
        """
        return await self._wire.experiment(*split_path(path, 2))

    async def channel(self, path: str) -> Channel:
        """Open a channel: its record, its experiment, its frame and its pyramids.

        Args:
            path: `collection/experiment/channel`, with or without `boss://`.

        Raises:
            SelectionError: The path has another form.
            NotFound: The message says which of the three names is missing, the hint what there is instead.
            CredentialError: The token is not accepted, or may not see the channel.
        """
        collection, experiment, name = split_path(path, 3)
        wire = self._wire
        facts = await wire.channel(collection, experiment, name)
        parent = await wire.experiment(collection, experiment)
        whole = f"{collection}/{experiment}/{name}"
        table, isotropic_table = await together(
            partial(wire.pyramid, whole, iso=False), partial(wire.pyramid, whole, iso=True)
        )
        frame = await wire.frame(parent.coord_frame)
        return Channel(
            wire,
            facts,
            parent,
            frame,
            describe_levels(facts, parent, frame, table, iso=False),
            describe_levels(facts, parent, frame, isotropic_table, iso=True),
        )


def _names(fetch: Callable[[], Awaitable[tuple[str, ...]]]) -> Pager[str]:
    """Make a listing of what the service gives in one piece."""

    async def pages() -> AsyncGenerator[tuple[str, ...], None]:
        yield await fetch()

    return Pager(pages)
