"""From files to the items of a download."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from penstock.errors import NotFound
from penstock.transfer.names import safe_path, safe_segment
from penstock.types import Item, fingerprint

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from penstock.platforms.sds.models import File
    from penstock.platforms.sds.paths import SdsPath

_BLOCK = 2 << 20


async def begun(pages: AsyncGenerator[list[File], None], path: SdsPath) -> AsyncGenerator[list[File], None]:
    """Walk a listing up to its first file, so that a path that names nothing is reported before anything starts.

    Raises:
        NotFound: There is no file at or below the path.
    """
    async for first in pages:
        if first:
            return _again(first, pages)
    raise NotFound(
        f"there is no file at or below {path.short}",
        hint="List what there is with `penstock ls sds:///`; a directory exists only while it holds a file.",
        missing="path",
        name=path.short,
    )


async def _again(first: list[File], rest: AsyncGenerator[list[File], None]) -> AsyncGenerator[list[File], None]:
    yield first
    async with aclosing(rest):
        async for page in rest:
            yield page


async def file_items(pages: AsyncGenerator[list[File], None], folder: SdsPath) -> AsyncGenerator[Item, None]:
    """Yield one item a file."""
    async with aclosing(pages):
        async for page in pages:
            for file in page:
                yield file_item(file, folder)


def file_item(file: File, folder: SdsPath) -> Item:
    """Describe the download of one file, its target relative to the folder that was asked for."""
    uuid = file.uuid.hex
    return Item(
        key=uuid,
        target=_target(file, folder),
        identity=fingerprint(uuid, str(file.digest), file.size),
        format="raw",
        part_bytes=min(file.size, _BLOCK) + 1,
        size=file.size,
        digest=file.digest,
        source={"uuid": uuid},
    )


def _target(file: File, folder: SdsPath) -> str:
    """Find a place for it that is inside whatever the record says: a name may hold slashes, dots, anything."""
    directory = file.folder
    inside = directory.below(folder) if directory.relative != folder.relative and folder.covers(directory) else ""
    return (f"{safe_path(inside)}/" if inside else "") + safe_segment(file.name)
