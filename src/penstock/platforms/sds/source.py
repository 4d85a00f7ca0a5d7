"""Where the transfer engine gets files from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.platforms.sds.files import FILES
from penstock.platforms.source import HttpSource

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from penstock._net.response import Body
    from penstock.types import Item


class FileSource(HttpSource):
    """Every item is one file, in one part; the gateway always sends all of it."""

    platform = "sds"

    def open(self, item: Item, part: int) -> AbstractAsyncContextManager[Body]:  # noqa: ARG002  # files have one part
        """Ask once for a file's bytes."""
        return self._http.stream("GET", f"{FILES}{item.source['uuid']}/download/", headers={"Accept": "*/*"})
