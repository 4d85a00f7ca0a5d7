"""Links into the object store that work without a key, for an hour."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.sandbox.world import World

LIFETIME_SECONDS = 3600
STAMP = "%Y%m%dT%H%M%SZ"


def signed_url(world: World, path: str) -> str:
    """Sign a GET of an object, from now on."""
    stamp = datetime.fromtimestamp(world.clock(), UTC).strftime(STAMP)
    fields = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"SANDBOXKEY/{stamp[:8]}/us-east-1/s3/aws4_request",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(LIFETIME_SECONDS),
        "X-Amz-SignedHeaders": "host",
    }
    query = urlencode({**fields, "X-Amz-Signature": _signature(world, path, fields)})
    return f"{world.urls['sds-s3']}{quote(path)}?{query}"


def is_signed(world: World, path: str, query: Mapping[str, str]) -> bool:
    """Tell whether a query carries the signature that belongs to it."""
    fields = {name: value for name, value in query.items() if name != "X-Amz-Signature"}
    return hmac.compare_digest(_signature(world, path, fields), query.get("X-Amz-Signature", ""))


def is_expired(world: World, query: Mapping[str, str]) -> bool:
    """Tell whether a rightly signed link has run out."""
    begun = datetime.strptime(query["X-Amz-Date"], STAMP).replace(tzinfo=UTC)
    return world.clock() - begun.timestamp() > int(query["X-Amz-Expires"])


def _signature(world: World, path: str, fields: Mapping[str, str]) -> str:
    """Sign method, path and fields; the sandbox checks its own signatures, so no canonical form is needed."""
    text = "\n".join(["GET", path, urlencode(sorted(fields.items()))])
    return hmac.new(world.entropy("sds", "signing"), text.encode(), sha256).hexdigest()
