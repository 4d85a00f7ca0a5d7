"""Where the transfer engine gets files from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.platforms.sds.files import FILES

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from penstock._net.http import HttpClient
    from penstock._net.response import Body
    from penstock.types import Item


class FileSource:
    """Every item is one file, in one part; the gateway always sends all of it."""

    platform = "sds"

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    @property
    def instance(self) -> str:
        """What the gateway calls itself, else its origin."""
        return self._http.instance

    @property
    def origin(self) -> str:
        """`scheme://host:port` of the gateway."""
        return self._http.origin

    def open(self, item: Item, part: int) -> AbstractAsyncContextManager[Body]:  # noqa: ARG002  # files have one part
        """Ask once for a file's bytes."""
        return self._http.stream("GET", f"{FILES}{item.source['uuid']}/download/", headers={"Accept": "*/*"})
