"""The client: settings when it opens, then files, listings and downloads."""

from __future__ import annotations

import re
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from penstock._net.paging import Pager
from penstock.errors import ConfigError, SelectionError
from penstock.platforms.base import Platform
from penstock.platforms.sds.faults import classify
from penstock.platforms.sds.files import fetch_file, list_pages
from penstock.platforms.sds.instants import zone
from penstock.platforms.sds.models import Account
from penstock.platforms.sds.paths import SdsPath, spells_owner
from penstock.platforms.sds.planning import begun, file_items
from penstock.platforms.sds.settings import sds_layers, with_scheme
from penstock.platforms.sds.source import FileSource
from penstock.platforms.sds.windows import Window
from penstock.transfer.plan import Plan

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from penstock._config.secrets import Secret
    from penstock._net.context import Context
    from penstock._net.http import HttpClient
    from penstock.events import Subscriber
    from penstock.platforms.sds.models import File
    from penstock.transfer.report import Report
    from penstock.types import PathLike

_AT_ONCE = 8
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+[^\s@.]")


class Sds(Platform):
    """A client of one SpectrumX Data System gateway: radio spectrum files, kept as they were recorded.

    Args:
        url: Address of the gateway; else found in the settings, else the production gateway.
        host: The same as `host[:port]`, as the service's own client takes it.
        token: API key; else found in the settings.
        context: Connection pools and limits to share with other clients; else the client has its own.
        env_file: Env file with `SDS_SECRET_TOKEN` and the like; else `.env` of the working directory.
        gateway_zone: IANA time zone that the gateway's machine is in: it writes some times without an offset.
    """

    name: ClassVar[str] = "sds"

    def __init__(
        self,
        *,
        url: str | None = None,
        host: str | None = None,
        token: str | Secret | None = None,
        context: Context | None = None,
        env_file: PathLike | None = None,
        gateway_zone: str = "America/New_York",
    ) -> None:
        super().__init__(context=context)
        if url is not None and host is not None:
            raise ConfigError("url and host both name the gateway", hint="Give one of them.")
        self._given_url = url if url is not None else host
        self._given_token = token
        self._env_file = env_file
        self._gateway_zone = gateway_zone
        self._email: str | None = None

    async def _open(self) -> None:
        self._local = zone(self._gateway_zone)
        layers = sds_layers(self._env_file)
        token = layers.secret("token", self._given_token)
        self.endpoint = with_scheme(str(layers.value("url", self._given_url)))
        self._gateway = self.context.http(
            self.endpoint,
            headers=lambda: {"Authorization": f"Api-Key: {token.reveal()}"},
            platform=self.name,
            classify=classify,
        )
        self.context.limits.etiquette(self._gateway.origin, _AT_ONCE)

    @property
    def _http(self) -> HttpClient:
        """The gateway, while the client is open."""
        _ = self.context
        return self._gateway

    async def authenticate(self) -> str:
        """Check the API key and return the account's e-mail.

        Sources: `GET /auth/`, and `GET /users/me/` where that does not tell.

        Raises:
            RejectedCredential: The gateway does not know the key.
        """
        answer = await self._http.json("GET", "/api/v1/auth/")
        found = _EMAIL.search(str(answer.get("message", "")) if isinstance(answer, dict) else "")
        self._email = found[0] if found else Account.parse(await self._http.json("GET", "/api/v1/users/me/")).email
        return self._email

    def files(
        self, path: str = "/", *, start: datetime | str | None = None, stop: datetime | str | None = None
    ) -> Pager[File]:
        """List the account's files at or below a path, each in its newest version, in the order of their paths.

        Source: `GET /assets/files/`, whose matches are cut to true directory boundaries here.

        Args:
            path: `/captures/x`, `/files/<own e-mail>/captures/x` or `sds:///captures/x`; a directory or a file.
            start: Keep only Digital RF data files that reach beyond this instant (ISO 8601; UTC without offset),
                and all other files.
            stop: Keep only Digital RF data files that begin before this instant.

        Raises:
            SelectionError: The path leads out of the account's files, or the window is empty.
            RejectedCredential: The gateway does not know the key.
        """
        window = Window.given(start, stop)
        SdsPath.given(path)
        return Pager(lambda: self._pages(path, window))

    async def file(self, uuid: str | UUID) -> File:
        """Fetch the record of one file (`GET /assets/files/{uuid}/`).

        Raises:
            SelectionError: That is no UUID; the gateway would break down over it.
            NotFound: There is no such file.
            PermissionDenied: It is not shared with this account.
        """
        try:
            key = uuid if isinstance(uuid, UUID) else UUID(uuid)
        except ValueError:
            raise SelectionError(
                f"{uuid!r} is no UUID", hint="A file's UUID stands in its listing: `penstock ls sds:///PATH --json`."
            ) from None
        return await fetch_file(self._http, key.hex, local=self._local)

    async def plan(
        self,
        path: str,
        *,
        to: PathLike,
        start: datetime | str | None = None,
        stop: datetime | str | None = None,
    ) -> Plan:
        """Plan the download of a file or of all files below a directory; nothing is written yet.

        Args:
            path: As for `files`.
            to: The target folder; targets are relative to the directory that was asked for.
            start: As for `files`.
            stop: As for `files`.

        Returns:
            A plan of one item a file, each checked against its BLAKE3 digest.

        Raises:
            SelectionError: The path leads out of the account's files, or the window is empty.
            NotFound: There is no file at or below the path.
        """
        window = Window.given(start, stop)
        place = await self._place(path)
        pages = await begun(list_pages(self._http, place, window=window, local=self._local), place)
        selection = {"url": f"sds://{place.short}", "options": {"start": _text(start), "stop": _text(stop)}}
        return Plan(FileSource(self._http), file_items(pages, place), context=self.context, to=to, selection=selection)

    async def download(
        self,
        path: str,
        *,
        to: PathLike,
        start: datetime | str | None = None,
        stop: datetime | str | None = None,
        on_event: Subscriber | None = None,
    ) -> Report:
        """Download a file or all files below a directory; run again, it fetches only what is missing.

        Args:
            path: As for `files`.
            to: The target folder.
            start: As for `files`.
            stop: As for `files`.
            on_event: Called with every `penstock.events.Event`.

        Returns:
            What happened, file by file; files that failed are in it.

        Raises:
            SelectionError: As for `plan`.
            NotFound: There is no file at or below the path.
            CredentialError: The key is not accepted.
            TransferError: The folder cannot be written.
        """
        async with await self.plan(path, to=to, start=start, stop=stop) as plan:
            return await plan.apply(on_event=on_event)

    async def _place(self, path: str) -> SdsPath:
        """Read a path; only its long spelling needs to know whose account this is."""
        owner = (self._email or await self.authenticate()) if spells_owner(path) else None
        return SdsPath.given(path, owner=owner)

    async def _pages(self, path: str, window: Window | None) -> AsyncGenerator[list[File], None]:
        place = await self._place(path)
        async with aclosing(list_pages(self._http, place, window=window, local=self._local)) as pages:
            async for page in pages:
                yield page


def _text(instant: datetime | str | None) -> str | None:
    """Keep an instant as JSON can."""
    return instant.isoformat() if isinstance(instant, datetime) else instant
