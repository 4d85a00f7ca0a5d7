"""Sending contents, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread
from aiohttp import web

from penstock.sandbox.sds.contents import BLOCK
from penstock.sandbox.shell import Streamed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.sandbox.sds.contents import Content


async def send(
    request: web.Request, content: Content, start: int, stop: int, status: int, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Send bytes `[start, stop)`; one that fits into a block leaves together with its head."""
    sized = {**headers, "Content-Length": str(stop - start)}
    if request.method == "HEAD":
        return web.Response(status=status, headers=sized)
    if stop - start <= BLOCK:
        return web.Response(status=status, headers=sized, body=await _all(content, start, stop))
    response = Streamed(status=status, headers=sized)
    await response.prepare(request)
    while start < stop:
        block = await _read(content, start, min(start + BLOCK, stop))
        await response.write(block)
        start += len(block)
    return response


async def size_of(content: Content) -> int:
    """Find a length, in a thread if the content has to be made for it."""
    return content.size if content.cheap else await anyio.to_thread.run_sync(lambda: content.size)


async def _all(content: Content, start: int, stop: int) -> bytes:
    parts = []
    while start < stop:
        parts.append(await _read(content, start, stop))
        start += len(parts[-1])
    return b"".join(parts)


async def _read(content: Content, start: int, stop: int) -> bytes | memoryview:
    """Read a block, in a thread if it has to be made or comes from the disk."""
    if content.cheap:
        return content.read(start, stop)
    return await anyio.to_thread.run_sync(content.read, start, stop)
