"""Signed links, in the three manners of the real service, and the check of each.

* `base`: a CDN link whose policy has a wildcard, good for all chunks of a segment
* `chunk`: a CDN link to one chunk, with its expiry in plain sight
* `object`: an object-store link to one chunk
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.sandbox.seer.controls import Controls
    from penstock.sandbox.world import World

KEY_PAIR = "SANDBOXKEYPAIR"
CHUNKS = "/chunks"
BUCKET = "/sandbox-seer-chunks"
STAMP = "%Y%m%dT%H%M%SZ"
TO_CDN = str.maketrans("+=/", "-_~")
FROM_CDN = str.maketrans("-_~", "+=/")


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a link is not honoured, as the XML of the real service says it."""

    code: str
    message: str
    details: tuple[tuple[str, str], ...] = ()


def file_name(segment: str, index: int) -> str:
    """Name a chunk's file: its index in eleven digits."""
    return f"{segment}_{index:011d}.dat"


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and checks links.

    Attributes:
        world: Gives clock, secret and the CDN's address.
        controls: Says how long a link lasts.
    """

    world: World
    controls: Controls

    def base(self, segment: str) -> str:
        """Link to the first chunk of a segment, by a policy that covers all of them."""
        policy = {
            "Statement": [
                {
                    "Resource": f"{self._host}{CHUNKS}/{segment}_*",
                    "Condition": {"DateLessThan": {"AWS:EpochTime": self._expiry()}},
                }
            ]
        }
        text = json.dumps(policy, separators=(",", ":"))
        query = {"Policy": _to_cdn(text.encode()), "Key-Pair-Id": KEY_PAIR, "Signature": self._sign("policy", text)}
        return f"{self._host}{CHUNKS}/{file_name(quote(segment), 0)}?{urlencode(query, safe='~')}"

    def chunk(self, segment: str, index: int) -> str:
        """Link to one chunk on the CDN."""
        path, expires = f"{CHUNKS}/{file_name(segment, index)}", str(self._expiry())
        query = {"Expires": expires, "Signature": self._sign("canned", path, expires), "Key-Pair-Id": KEY_PAIR}
        return f"{self._host}{quote(path)}?{urlencode(query, safe='~')}"

    def object(self, segment: str, index: int) -> str:
        """Link to one chunk in the object store."""
        path = f"{BUCKET}/{file_name(segment, index)}"
        fields = self._object_fields()
        query = {**fields, "X-Amz-Signature": self._hex("object", path, *_spelt(fields))}
        return f"{self._host}{quote(path)}?{urlencode(query)}"

    def upload(self, document: str) -> str:
        """Link to where a document may be put."""
        return self._document("PUT", document)

    def download(self, document: str) -> str:
        """Link to a document."""
        return self._document("GET", document)

    def denial(self, method: str, path: str, query: Mapping[str, str]) -> Denial | None:
        """Tell why a request is denied; None if its link is right and in time."""
        try:
            if "Policy" in query:
                return self._policy_denial(path, query)
            if "Expires" in query:
                return self._canned_denial(path, query)
            if "X-Amz-Signature" in query:
                return self._object_denial(method, path, query)
        except (ValueError, LookupError, TypeError):
            return Denial("MalformedPolicy", "Malformed Policy")
        if path.startswith(CHUNKS):
            return Denial("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
        return Denial("AccessDenied", "Access Denied")

    def _policy_denial(self, path: str, query: Mapping[str, str]) -> Denial | None:
        text = base64.b64decode(query["Policy"].translate(FROM_CDN), validate=True).decode()
        if not _same(query["Signature"], self._sign("policy", text)) or query["Key-Pair-Id"] != KEY_PAIR:
            return Denial("AccessDenied", "Access denied")
        statement: dict[str, Any] = json.loads(text)["Statement"][0]
        in_time = self.world.clock() < statement["Condition"]["DateLessThan"]["AWS:EpochTime"]
        covered = fnmatchcase(f"{self._host}{path}", statement["Resource"])
        return None if in_time and covered else Denial("AccessDenied", "Access denied")

    def _canned_denial(self, path: str, query: Mapping[str, str]) -> Denial | None:
        right = _same(query["Signature"], self._sign("canned", path, query["Expires"]))
        in_time = self.world.clock() < float(query["Expires"])
        return None if right and in_time else Denial("AccessDenied", "Access denied")

    def _object_denial(self, method: str, path: str, query: Mapping[str, str]) -> Denial | None:
        fields = {name: value for name, value in query.items() if name.startswith("X-Amz-") and "Signature" not in name}
        manner = "object" if path.startswith(BUCKET) else f"document {'PUT' if method == 'PUT' else 'GET'}"
        if not _same(query["X-Amz-Signature"], self._hex(manner, path, *_spelt(fields))):
            message = "The request signature we calculated does not match the signature you provided."
            return Denial("SignatureDoesNotMatch", message)
        signed = datetime.strptime(query["X-Amz-Date"], STAMP).replace(tzinfo=UTC).timestamp()
        expiry = signed + float(query["X-Amz-Expires"])
        if self.world.clock() < expiry:
            return None
        details = (
            ("X-Amz-Expires", query["X-Amz-Expires"]),
            ("Expires", _iso(expiry)),
            ("ServerTime", _iso(self.world.clock())),
        )
        return Denial("AccessDenied", "Request has expired", details)

    def _document(self, method: str, document: str) -> str:
        path = f"/documents/{document}"
        fields = self._object_fields()
        query = {**fields, "X-Amz-Signature": self._hex(f"document {method}", path, *_spelt(fields))}
        return f"{self._host}{quote(path)}?{urlencode(query)}"

    def _object_fields(self) -> dict[str, str]:
        stamp = datetime.fromtimestamp(self.world.clock(), UTC).strftime(STAMP)
        return {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"SANDBOXACCESSKEY/{stamp[:8]}/ap-southeast-2/s3/aws4_request",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": f"{self.controls.link_seconds:g}",
        }

    @property
    def _host(self) -> str:
        return self.world.urls["seer-cdn"]

    def _expiry(self) -> int:
        return int(self.world.clock() + self.controls.link_seconds)

    def _sign(self, *parts: str) -> str:
        return _to_cdn(self._digest(*parts))

    def _hex(self, *parts: str) -> str:
        return self._digest(*parts).hex()

    def _digest(self, *parts: str) -> bytes:
        return hmac.new(self.world.entropy("seer", "links"), "\n".join(parts).encode(), sha256).digest()


def _spelt(fields: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(fields.items())]


def _to_cdn(content: bytes) -> str:
    return base64.b64encode(content).decode().translate(TO_CDN)


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
