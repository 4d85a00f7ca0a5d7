"""What the gateway says about files and those who own them."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, ValidationInfo

from penstock.platforms.answer import Answer
from penstock.platforms.sds.instants import moment, zone
from penstock.platforms.sds.paths import SdsPath
from penstock.types import Digest


def _instant(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str):
        return value
    local: tzinfo = (info.context or {}).get("local") or zone("America/New_York")
    return moment(value, local)


Instant = Annotated[datetime, BeforeValidator(_instant)]
"""An aware datetime in UTC."""


class Account(Answer):
    """The account that the API key belongs to."""

    email: str
    name: str = ""


class Owner(Answer):
    """Whose file it is."""

    email: str
    name: str = ""
    id: int | None = None


class File(Answer):
    """One version of a file: its content never changes, and nothing of it is on this machine.

    `sum_blake3` is the BLAKE3 digest of the bytes in hex, `size` is in bytes, all times are aware and in UTC.
    """

    uuid: UUID
    name: str
    directory: str
    size: int = Field(ge=0)
    sum_blake3: str = Field(pattern="^[0-9a-f]{64}$")
    media_type: str = ""
    permissions: str = "rw-r--r--"
    owner: Owner | None = None
    created_at: Instant
    updated_at: Instant | None = None
    expiration_date: Instant | None = None
    is_public: bool = False

    @property
    def path(self) -> SdsPath:
        """Directory and name, the same whichever way the gateway spelt them."""
        return SdsPath.recorded(self.directory, self.name, owner=self.owner.email if self.owner else None)

    @property
    def folder(self) -> SdsPath:
        """The directory alone."""
        return SdsPath.recorded(self.directory, owner=self.owner.email if self.owner else None)

    @property
    def digest(self) -> Digest:
        """What the bytes hash to."""
        return Digest("blake3", self.sum_blake3)


class FilePage(Answer):
    """One page of a listing."""

    count: int = 0
    next: str | None = None
    results: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
