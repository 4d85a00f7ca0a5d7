"""The vocabulary that every room shares: items, outputs, digests, boxes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from os import PathLike as OsPathLike
from pathlib import Path
from typing import Any, TypeAlias

PathLike: TypeAlias = str | OsPathLike[str]
JsonObject: TypeAlias = Mapping[str, Any]
Span: TypeAlias = tuple[int, int]
"""A half-open interval `[start, stop)`."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A checksum: the algorithm's name and its value in lower-case hex."""

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read `algorithm:hex`."""
        algorithm, _, value = text.partition(":")
        return cls(algorithm, value.lower())


@dataclass(frozen=True, slots=True)
class Item:
    """One unit of a plan: what is fetched together and appears together.

    An SDS file is an item of one part; a Seer segment has a part a chunk; a BOSS slab has a part a cutout.
    Everything in it is JSON, so that a plan can be saved, sharded and applied elsewhere; it holds no secret
    and no signed URL.

    Attributes:
        key: Stable name of the remote thing within its platform instance; the journal knows it by this.
        target: Path of the result relative to the target folder, `/`-separated. A format that writes several
            files (a TIFF stack) takes it as their common folder or stem.
        identity: Fingerprint of the remote version and of everything that shapes the result; when it changes,
            what the journal knows of the item is void.
        format: Name of the sink in `penstock.formats`.
        parts: How many separately fetched parts there are, numbered from 0.
        part_bytes: Upper estimate of the memory that one part needs while in flight, body and decoded.
        size: Bytes that will cross the wire for the whole item, when known.
        digest: What the service says the bytes hash to.
        source: What the platform needs to fetch a part.
        layout: What the sink needs to place a part.
    """

    key: str
    target: str
    identity: str
    format: str
    parts: int = 1
    part_bytes: int = 1 << 20
    size: int | None = None
    digest: Digest | None = None
    source: JsonObject = field(default_factory=dict)
    layout: JsonObject = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Render as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: JsonObject) -> Item:
        """Rebuild from `to_json`."""
        digest = values["digest"]
        return cls(**{**values, "digest": Digest(**digest) if digest else None})


@dataclass(frozen=True, slots=True)
class Output:
    """One finished file, complete under a temporary name and ready to take its own.

    Attributes:
        temporary: Where the bytes are now, on the target's file system.
        target: Final path relative to the target folder.
        size: Bytes.
        digest: Digest of the file's bytes.
        level: What the digest was checked against: `strong` (the service's cryptographic digest), `weak`
            (its checksum), `frame` (lengths inside the encoding), `size`, or `none`.
    """

    temporary: Path
    target: str
    size: int
    digest: Digest
    level: str


def fingerprint(*values: Any) -> str:
    """Condense JSON-able values to a short, stable identity."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()[:32]
