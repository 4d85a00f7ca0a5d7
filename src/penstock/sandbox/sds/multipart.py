"""Multipart bodies as the gateway reads them, with its own idea of what a file is called."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aiohttp import BodyPartReader
from aiohttp.hdrs import CONTENT_DISPOSITION

from penstock.sandbox.sds.contents import Content, Kept, OnDisk

if TYPE_CHECKING:
    from aiohttp import web

IN_MEMORY = 4 << 20
"""Uploads up to this size stay in memory; larger ones go to the upload folder."""
PARAMETER = re.compile(r';\s*([\w*]+)=(?:"((?:\\.|[^"\\])*)"|([^;]*))')


@dataclass(slots=True)
class Form:
    """What a multipart body held: plain fields, and perhaps the part called `file`."""

    fields: dict[str, str] = field(default_factory=dict)
    filename: str | None = None
    content: Content | None = None


async def read_form(request: web.Request, folder: Path) -> Form:
    """Read a multipart body, large files into `folder`."""
    form = Form()
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        parameters = _parameters(part.headers.get(CONTENT_DISPOSITION, ""))
        name = parameters.get("name", "")
        if "filename" not in parameters:
            form.fields[name] = (await part.read()).decode("utf-8", "replace")
        elif name == "file":
            form.filename = stored_name(parameters["filename"])
            form.content = await _spool(part, folder)
        else:
            await part.release()
    return form


def stored_name(given: str) -> str | None:
    """Turn a part's `filename` into the name that is stored; None means that no file was sent."""
    text = re.split(r"[/\\]", html.unescape(given))[-1]
    name = "".join(letter for letter in text if letter.isprintable()).strip()
    return None if name in {"", ".", ".."} else name


def _parameters(disposition: str) -> dict[str, str]:
    """Read the parameters of a Content-Disposition; `%` means itself unless the starred form is used."""
    found: dict[str, str] = {}
    for name, quoted, bare in PARAMETER.findall(disposition):
        if name.endswith("*"):
            found[name[:-1]] = unquote(bare.strip().rpartition("'")[2])
        else:
            found.setdefault(name, re.sub(r"\\(.)", r"\1", quoted) or bare.strip())
    return found


async def _spool(part: BodyPartReader, folder: Path) -> Content:
    """Take in a part of any length."""
    head = bytearray()
    while len(head) <= IN_MEMORY:
        chunk = await part.read_chunk(1 << 18)
        if not chunk:
            return Kept(bytes(head))
        head += chunk
    with NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(head)
        while chunk := await part.read_chunk(1 << 18):
            file.write(chunk)
    return OnDisk(Path(file.name))
