"""`POST /assets/files/`, with contents or by reference, and the question that comes before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio.to_thread

from penstock.sandbox.sds.files import inside
from penstock.sandbox.sds.multipart import Form, read_form
from penstock.sandbox.sds.paths import MAX_DIRECTORY, resolve
from penstock.sandbox.sds.protocol import Breakdown, Call, Refusal, no_such, refuse, reply, uuid_of
from penstock.sandbox.sds.rows import created_row
from penstock.sandbox.sds.store import File

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from penstock.sandbox.sds.contents import Content

MAX_FILENAME = 100
LIMITS = {"name": 255, "directory": MAX_DIRECTORY, "media_type": 255, "permissions": 9}
NOTHING_SENT = "No file was submitted."
NOT_A_FILE = "The submitted data was not a file. Check the encoding type on the form."
DUPLICATE = "File with checksum already exists in the tree, run PATCH instead."
MISSING = {
    "directory": "No directory provided.",
    "sum_blake3": "No checksum provided.",
    "name": "No file name provided.",
}


async def check(call: Call) -> web.Response:
    """Tell whether the caller has these contents already, and whether under this name."""
    fields = await call.fields()
    for name, detail in MISSING.items():
        if not fields.get(name):
            raise refuse(detail)
    directory = inside(call, str(fields["directory"]))
    same = await anyio.to_thread.run_sync(call.store.same_content, call.account, str(fields["sum_blake3"]))
    exact = [file for file in same if file.directory == directory and file.name == fields["name"]]
    found = exact or same
    return reply(
        {
            "file_exists_in_tree": bool(exact),
            "file_contents_exist_for_user": bool(same),
            "user_mutable_attributes_differ": not exact or _differs(exact[0], fields),
            "asset_id": str(found[0].uuid) if found else None,
        }
    )


def _differs(file: File, fields: Mapping[str, Any]) -> bool:
    stored = {"media_type": file.media_type, "permissions": file.permissions}
    return any(name in fields and fields[name] != value for name, value in stored.items())


async def create(call: Call) -> web.Response:
    """Create a file; whoever sends chunks instead of a length has sent nothing, as far as the service can see."""
    if not call.request.content_type.startswith("multipart/"):
        return await _refer(call, await call.fields())
    if call.request.content_length is None:
        async for _ in call.request.content.iter_any():
            pass
        raise Refusal(400, {"file": [NOTHING_SENT]})
    form = await read_form(call.request, call.store.uploads)
    if form.content is None and "sibling_uuid" in form.fields:
        return await _refer(call, form.fields)
    return await anyio.to_thread.run_sync(_take_in, call, form)


def _take_in(call: Call, form: Form) -> web.Response:
    """Store what was sent, unless the caller has exactly this file."""
    content, filename = _sent(form)
    _check_limits(form.fields, filename)
    directory = _directory(call, form.fields)
    same = call.store.same_content(call.account, content.digest)
    name = form.fields.get("name", filename) if same else filename
    if any(file.directory == directory and file.name == name for file in same):
        raise refuse(DUPLICATE)
    return _created(call, form.fields, directory, name, content)


async def _refer(call: Call, fields: Mapping[str, Any]) -> web.Response:
    """Create a file that shares the contents of another one of the caller's; its name is taken as it comes."""
    if "sibling_uuid" not in fields:
        raise Refusal(400, {"file": [NOT_A_FILE if "file" in fields else NOTHING_SENT]})
    sibling = call.store.file(uuid_of(str(fields["sibling_uuid"])))
    if sibling is None or sibling.owner is not call.account:
        raise no_such("File")
    _check_limits(fields, None)
    directory = _directory(call, fields)
    make = _created
    return await anyio.to_thread.run_sync(make, call, fields, directory, str(fields.get("name", "")), sibling.content)


def _created(call: Call, fields: Mapping[str, Any], directory: str, name: str, content: Content) -> web.Response:
    file = File(
        uuid=call.store.new_uuid(),
        owner=call.account,
        directory=directory,
        name=name,
        media_type=str(fields.get("media_type", "")),
        content=content,
        created=call.store.now(),
        permissions=str(fields.get("permissions") or "rw-r--r--"),
    )
    row = created_row(file)
    call.store.add(file)
    return reply(row, 201)


def _sent(form: Form) -> tuple[Content, str]:
    """Take contents and name from the form.

    Raises:
        Refusal: There is no file, or there is nothing in it.
    """
    if form.content is None or form.filename is None:
        raise Refusal(400, {"file": [NOT_A_FILE if "file" in form.fields else NOTHING_SENT]})
    if form.content.size == 0:
        raise Refusal(400, {"file": ["The submitted file is empty."]})
    return form.content, form.filename


def _check_limits(fields: Mapping[str, Any], filename: str | None) -> None:
    """Refuse what is too long, naming every such field."""
    errors: dict[str, list[str]] = {}
    if filename is not None and len(filename) > MAX_FILENAME:
        errors["file"] = [f"Ensure this filename has at most {MAX_FILENAME} characters (it has {len(filename)})."]
    for name, limit in LIMITS.items():
        if len(str(fields.get(name, ""))) > limit:
            errors[name] = [f"Ensure this field has no more than {limit} characters."]
    if errors:
        raise Refusal(400, errors)


def _directory(call: Call, fields: Mapping[str, Any]) -> str:
    """Resolve the directory; here, unlike elsewhere, a bad one breaks the service."""
    text = fields.get("directory")
    directory = resolve(str(text), call.account.root) if text else None
    if directory is None:
        raise Breakdown("The directory is missing or lies outside of the user's files.")
    return directory
