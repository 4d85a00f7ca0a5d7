"""How files look in answers: one shape for reads, another for what was just created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from penstock.sandbox.sds.paths import within
from penstock.sandbox.sds.signing import signed_url
from penstock.sandbox.sds.store import BUCKET

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from penstock.sandbox.sds.store import Account, Capture, Dataset, File, Store

SERVER_ZONE = ZoneInfo("America/New_York")


def aware(time: datetime) -> str:
    """Spell a time as answers to creations do: ISO 8601 with offset."""
    return time.astimezone(SERVER_ZONE).isoformat(timespec="microseconds")


def naive(time: datetime) -> str:
    """Spell a time as reads of files do: local to the server, and not saying so."""
    return time.astimezone(SERVER_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def owner_row(account: Account) -> dict[str, Any]:
    """Describe an account."""
    return {"id": account.id, "email": account.email, "name": account.name}


def file_row(file: File, store: Store) -> dict[str, Any]:
    """Describe a file in a listing, on its own, or in a manifest; the digest may have to be computed first."""
    return {
        "uuid": str(file.uuid),
        "owner": owner_row(file.owner),
        "captures": capture_summaries(store.captures_of(file)),
        "datasets": [dataset_summary(dataset) for dataset in store.datasets_of(file)],
        "created_at": naive(file.created),
        "updated_at": naive(file.created),
        "expiration_date": naive(file.expires),
        "deleted_at": None,
        "is_deleted": False,
        "is_public": False,
        "directory": file.directory,
        "file": signed_url(store.world, store.publish(file.content)),
        "media_type": file.media_type,
        "name": file.name,
        "permissions": file.permissions,
        "size": file.content.size,
        "sum_blake3": file.content.digest,
        "bucket_name": BUCKET,
        "dataset": None,
        "capture": None,
    }


def created_row(file: File) -> dict[str, Any]:
    """Describe a file to whoever has just created it."""
    return {
        "uuid": str(file.uuid),
        "created_at": aware(file.created),
        "directory": within(file.directory, file.owner.root),
        "expiration_date": aware(file.expires),
        "media_type": file.media_type,
        "name": file.name,
        "permissions": file.permissions,
        "size": file.content.size,
        "sum_blake3": file.content.digest,
        "updated_at": aware(file.created),
    }


def member_row(file: File) -> dict[str, Any]:
    """Describe a file within a capture or data set."""
    return {
        "uuid": str(file.uuid),
        "name": file.name,
        "directory": file.directory,
        "media_type": file.media_type,
        "size": file.content.size,
    }


def capture_summaries(captures: Iterable[Capture]) -> list[dict[str, Any]]:
    """Summarise captures; those over one directory become one row."""
    merged: dict[str, dict[str, Any]] = {}
    for capture in captures:
        fresh = {
            "uuid": str(capture.uuid),
            "capture_type": capture.kind,
            "top_level_dir": capture.top,
            "index_name": capture.index,
            "origin": "user",
            "is_multi_channel": False,
            "channels": [],
        }
        row = merged.setdefault(capture.top, fresh)
        row["channels"].append({"channel": capture.channel, "uuid": str(capture.uuid)})
        row["is_multi_channel"] = len(row["channels"]) > 1
    return list(merged.values())


def dataset_summary(dataset: Dataset) -> dict[str, Any]:
    """Summarise a data set."""
    return {
        "uuid": str(dataset.uuid),
        "name": dataset.name,
        "version": 1,
        "status": "draft",
        "is_public": False,
    }
