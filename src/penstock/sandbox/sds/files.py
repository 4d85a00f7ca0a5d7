"""`/assets/files/`: list, read, download, delete, and an update that changes nothing."""

from __future__ import annotations

import sys
from email.header import Header
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from aiohttp import web

from penstock.sandbox.sds.paging import paged
from penstock.sandbox.sds.paths import resolve
from penstock.sandbox.sds.protocol import Call, Refusal, no_such, refuse, reply
from penstock.sandbox.sds.rows import created_row, file_row
from penstock.sandbox.sds.serving import send, size_of
from penstock.sandbox.sds.store import newest
from penstock.sandbox.sds.window import narrowed

if TYPE_CHECKING:
    from penstock.sandbox.sds.store import File

OUTSIDE = "The provided path must be in the user's files directory."


async def listing(call: Call) -> web.Response:
    """List files; the rows are made in a thread, since a first look at a file may have to make and hash it."""
    return reply(await anyio.to_thread.run_sync(_list, call))


def _list(call: Call) -> dict[str, Any]:
    found, warnings = _matching(call)
    envelope = paged(call, found, lambda file: file_row(file, call.store))
    return {**envelope, "warnings": warnings}


def _matching(call: Call) -> tuple[list[File], list[str]]:
    """Apply the three rules: everything accessible, one file, or a prefix of the directory.

    The prefix is one of text, not of folders: `demo/on` also finds `demo/one`.
    """
    path = call.query.get("path", "/")
    if path in {"", "/"}:
        return call.store.accessible(call.account), []
    directory = inside(call, path)
    versions = call.store.at(call.account, directory)
    if versions:
        return newest(versions), []
    return narrowed(call.store.newest_below(call.account, directory), call.query)


def inside(call: Call, text: str) -> str:
    """Make a directory absolute.

    Raises:
        Refusal: It lies outside of the caller's own.
    """
    directory = resolve(text, call.account.root)
    if directory is None:
        raise refuse(OUTSIDE)
    return directory


async def record(call: Call) -> web.Response:
    """Describe one file."""
    file = _readable(call, "You do not have permission to access this file.")
    return reply(await anyio.to_thread.run_sync(file_row, file, call.store))


async def download(call: Call) -> web.StreamResponse:
    """Send a file's bytes: always all of them, without ETag or digest."""
    file = _readable(call, "You do not have permission to download this file.")
    headers = {
        "Content-Type": file.media_type or "application/octet-stream",
        "Content-Disposition": disposition(file.name),
    }
    return await send(call.request, file.content, 0, await size_of(file.content), 200, headers)


def disposition(name: str) -> str:
    """Spell a file's name in a header, encoded as mail would do it when it is not plain ASCII."""
    text = f'attachment; filename="{name}"'
    return text if name.isascii() and name.isprintable() else Header(text, "utf-8", maxlinelen=sys.maxsize).encode()


async def update(call: Call) -> web.Response:
    """Answer as if the change had been made; nothing is."""
    file = _own(call)
    fields = await call.fields()
    if not fields.get("directory"):
        raise refuse("No directory provided.")
    directory = inside(call, str(fields["directory"]))
    mutable = ("name", "permissions") if file.media_type else ("name", "permissions", "media_type")
    changed = {name: fields[name] for name in mutable if name in fields}
    link = file_row(file, call.store)["file"]
    extra = {"capture": None, "dataset": None, "file": link, "owner": call.account.id, "directory": directory}
    return reply({**created_row(file), **changed, **extra})


async def delete(call: Call) -> web.Response:
    """Delete softly, unless a capture or a data set holds the file."""
    file = _own(call)
    captures, datasets = call.store.captures_of(file), call.store.datasets_of(file)
    if captures or datasets:
        raise Refusal(
            403, {"detail": protected("file", file.name, [_held("captures", captures), _held("datasets", datasets)])}
        )
    call.store.delete(file)
    return reply_nothing()


async def detach(call: Call) -> web.Response:
    """Take a file out of the draft data sets that hold it."""
    file = _own(call)
    for dataset in call.store.datasets_of(file):
        dataset.artifacts.remove(file)
    return reply({"message": "File detached from its datasets."})


def protected(kind: str, name: str, holders: list[str]) -> str:
    """Spell why something cannot be deleted, as the repr of a Python tuple, which is what the service sends."""
    reason = f"it is associated with {' and '.join(filter(None, holders))}. "
    message = f"Cannot delete {kind} '{name}': {reason}Delete (or remove from) the associated object(s) first."
    return f"({message!r}, {{<{kind.capitalize()}: {name}>}})"


def _held(what: str, holders: list[Any]) -> str:
    return f"{what} ({len(holders)}): {','.join(str(holder.uuid) for holder in holders)}" if holders else ""


def reply_nothing() -> web.Response:
    """Answer 204."""
    return web.Response(status=204)


def _readable(call: Call, refusal: str) -> File:
    file = call.store.file(call.uuid)
    if file is None:
        raise no_such("File")
    if not call.store.readable(file, call.account):
        raise refuse(refusal, 403)
    return file


def _own(call: Call) -> File:
    file = call.store.file(call.uuid)
    if file is None or file.owner is not call.account:
        raise no_such("File")
    return file
