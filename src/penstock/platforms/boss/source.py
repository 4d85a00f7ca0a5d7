"""Where the transfer engine gets cutouts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.formats.grid import Box
from penstock.platforms.boss.cutouts import Cutout, open_cutout
from penstock.platforms.source import HttpSource

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from penstock._net.response import Body
    from penstock.types import Item


class CutoutSource(HttpSource):
    """Every part of an item is one cutout, named by the item's tile of the same number."""

    platform = "boss"

    def open(self, item: Item, part: int) -> AbstractAsyncContextManager[Body]:
        """Ask once for one cutout."""
        source = item.source
        box = Box.from_flat(item.layout["tiles"][part])
        return open_cutout(self._http, Cutout(source["channel"], source["res"], box, source["iso"]))
