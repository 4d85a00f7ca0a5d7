"""Where the transfer engine gets cutouts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.formats.grid import Box
from penstock.platforms.boss.cutouts import Cutout, open_cutout

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from penstock._net.http import HttpClient
    from penstock._net.response import Body
    from penstock.types import Item


class CutoutSource:
    """Every part of an item is one cutout, named by the item's tile of the same number."""

    platform = "boss"

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    @property
    def instance(self) -> str:
        """What the server calls itself, else its origin."""
        return self._http.instance

    @property
    def origin(self) -> str:
        """`scheme://host:port` of the service."""
        return self._http.origin

    def open(self, item: Item, part: int) -> AbstractAsyncContextManager[Body]:
        """Ask once for one cutout."""
        source = item.source
        box = Box.from_flat(item.layout["tiles"][part])
        return open_cutout(self._http, Cutout(source["channel"], source["res"], box, source["iso"]))
