"""The emulator against answers captured from the real server: same status, same code, same decoded content."""

from __future__ import annotations

import base64
import json
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

import blosc
import numpy as np
import pytest
from aiohttp.test_utils import TestClient, TestServer

from penstock.sandbox.boss.accounts import Account
from penstock.sandbox.boss.call import Service
from penstock.sandbox.boss.catalog import Catalog
from penstock.sandbox.boss.routes import application

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNTS = {"alicetoken": Account("alice", manager=True), "bobtoken": Account("bob")}


def golden(vectors: Path) -> list[dict[str, Any]]:
    """Read the captured pairs, in the order in which they were captured."""
    path = vectors / "boss" / "golden_v1.json"
    if not path.is_file():
        pytest.skip(f"no golden answers at {path}")
    pairs: list[dict[str, Any]] = json.loads(path.read_text())
    return pairs


def decoded(media: str, body: bytes) -> Any:
    """Unpack a body with the public libraries, so that equal voxels are equal whatever the packer's version."""
    if media == "application/blosc":
        return body[:4], blosc.decompress(body)
    if media == "application/blosc-python":
        array = blosc.unpack_array(body)
        return array.dtype, array.shape, array.tobytes()
    if media == "application/npygz":
        array = np.load(BytesIO(zlib.decompress(body)))
        return array.dtype, array.shape, array.tobytes()
    if media == "image/png":
        return picture(body)
    if media == "image/jpeg":
        return body[:2]
    return body


def picture(body: bytes) -> Any:
    """Read size and raw scan lines out of a PNG."""
    size, pixels, at = None, b"", 8
    while at < len(body):
        length, kind = int.from_bytes(body[at : at + 4], "big"), body[at + 4 : at + 8]
        chunk = body[at + 8 : at + 8 + length]
        size = chunk if kind == b"IHDR" else size
        pixels += chunk if kind == b"IDAT" else b""
        at += 12 + length
    return size, unfiltered(zlib.decompress(pixels), int.from_bytes((size or b"")[:4], "big"))


def unfiltered(lines: bytes, width: int) -> list[bytes]:
    """Undo the scan-line filters of an 8-bit grey PNG (the average filter does not occur in the captured one)."""
    rows: list[bytes] = [bytes(width)]
    for start in range(0, len(lines), width + 1):
        kind, line, above = lines[start], bytearray(lines[start + 1 : start + 1 + width]), rows[-1]
        for x in range(width):
            left, corner = (line[x - 1], above[x - 1]) if x else (0, 0)
            guess = left + above[x] - corner
            paeth = min((left, above[x], corner), key=lambda value: abs(guess - value))
            line[x] = (line[x] + {0: 0, 1: left, 2: above[x], 4: paeth}[kind]) & 255
        rows.append(bytes(line))
    return rows[1:]


def request_of(pair: dict[str, Any]) -> dict[str, Any]:
    """Rebuild the request of a captured pair."""
    body = pair.get("request_body_b64")
    return {
        "headers": pair["request_headers"],
        "data": base64.b64decode(body) if body else None,
        "json": pair.get("request_json"),
    }


@pytest.mark.filterwarnings("ignore:numpy.core:DeprecationWarning")  # the captured pickles name the old module
@pytest.mark.anyio
async def test_every_golden_pair_is_answered_as_the_real_server_did(vectors: Path) -> None:
    """58 requests in the captured order, from creating the resources to drawing a PNG."""
    service = Service(Catalog(), ACCOUNTS, lambda: 0.0)
    wrong: list[str] = []
    async with TestClient(TestServer(application(service))) as client:
        for pair in golden(vectors):
            response = await client.request(pair["method"], pair["path"], **request_of(pair))
            wrong += differences(pair, response.status, response.headers, await response.read())
    assert wrong == []


def differences(pair: dict[str, Any], status: int, headers: Any, body: bytes) -> list[str]:
    """List how an answer differs from the captured one."""
    if pair["content_type"] == "image/jpeg" and status == 501:
        return []  # Pillow is not there, and the emulator says so
    expected = {
        "status": pair["status"],
        "type": pair["content_type"],
        "challenge": pair["www_authenticate"],
        "content": captured_content(pair),
    }
    actual = {
        "status": status,
        "type": headers["Content-Type"],
        "challenge": headers.get("WWW-Authenticate"),
        "content": content(pair["content_type"], body),
    }
    return [f"{pair['name']}: {what} is {actual[what]!r}" for what in expected if actual[what] != expected[what]]


def captured_content(pair: dict[str, Any]) -> Any:
    """Bring a captured body to the form of `content`."""
    if "response_json" in pair:
        return pair["response_json"]
    if "response_body_b64" in pair:
        return decoded(pair["content_type"], base64.b64decode(pair["response_body_b64"]))
    return (pair.get("response_text") or "").encode()


def content(media: str, body: bytes) -> Any:
    """Bring a body to a comparable form; wording of messages does not count."""
    if media != "application/json":
        return decoded(media, body)
    answer = json.loads(body)
    answer.pop("message", None)
    return answer
