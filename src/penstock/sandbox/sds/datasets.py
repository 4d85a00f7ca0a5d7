"""`/assets/datasets/`: read a data set and its manifest; there is no route to list or to make one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import anyio.to_thread

from penstock.sandbox.sds.files import reply_nothing
from penstock.sandbox.sds.paging import paged
from penstock.sandbox.sds.paths import is_below
from penstock.sandbox.sds.protocol import Call, no_such, refuse, reply
from penstock.sandbox.sds.rows import SERVER_ZONE, capture_summaries, file_row, member_row, owner_row

if TYPE_CHECKING:
    from aiohttp import web

    from penstock.sandbox.sds.store import Dataset, File

TRUE = frozenset({"1", "true", "yes"})


async def record(call: Call) -> web.Response:
    """Describe one data set."""
    return reply(await anyio.to_thread.run_sync(_row, _visible(call)))


async def manifest(call: Call) -> web.Response:
    """List the files of a data set; one without files is not found."""
    dataset = _visible(call)
    if not dataset.files():
        raise refuse("No files found in dataset.", 404)
    chosen = _chosen(call, dataset)
    return reply(await anyio.to_thread.run_sync(paged, call, chosen, lambda file: file_row(file, call.store)))


async def delete(call: Call) -> web.Response:
    """Delete a data set and release its members."""
    _visible(call).deleted = True
    return reply_nothing()


async def revoke(call: Call) -> web.Response:
    """Take every share off a data set; there are none in the sandbox."""
    _visible(call)
    return reply({"message": "Share permissions revoked."})


def _chosen(call: Call, dataset: Dataset) -> list[File]:
    """Apply the manifest's filters; captures and directories are alternatives.

    A directory is compared with the stored, long one: the short one that captures show never matches.
    """
    if call.query.get("artifacts_only", "").lower() in TRUE:
        return [file for file in dataset.files() if file in dataset.artifacts]
    uuids, directories = {_capture_uuid(text) for text in _values(call, "capture")}, _values(call, "top_level_dir")
    if not uuids and not directories:
        return dataset.files()
    held = {file for capture in dataset.captures if capture.uuid in uuids for file in capture.files}
    return [
        f for f in dataset.files() if f in held or any(is_below(f.directory, directory) for directory in directories)
    ]


def _values(call: Call, name: str) -> list[str]:
    """Read a parameter that may be repeated, or hold commas, or both."""
    return [value for text in call.request.query.getall(name, []) for value in text.split(",") if value]


def _capture_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise refuse(f"Invalid capture UUID: '{text}'.") from None


def _visible(call: Call) -> Dataset:
    uuid = call.uuid
    dataset = next((each for each in call.store.datasets if each.uuid == uuid and not each.deleted), None)
    if dataset is None:
        raise no_such("Dataset")
    if dataset.owner is not call.account:
        raise refuse("You do not have permission to access this dataset.", 403)
    return dataset


def _row(dataset: Dataset) -> dict[str, Any]:
    files = dataset.files()
    created = dataset.created.astimezone(SERVER_ZONE)
    return {
        "uuid": str(dataset.uuid),
        "name": dataset.name,
        "status": "draft",
        "status_display": "Draft",
        "version": 1,
        "is_public": False,
        "is_deleted": False,
        "deleted_at": None,
        "created_at": created.strftime("%Y-%m-%d %H:%M:%S%z"),
        "updated_at": created.isoformat(),
        **_publication(dataset),
        **_access(dataset),
        "captures": capture_summaries(capture for capture in dataset.captures if not capture.deleted),
        "files": [member_row(file) for file in dataset.artifacts if not file.deleted],
        "data_files_info": {
            "total_count": len(files),
            "total_size": sum(file.content.size for file in files),
            "capture_linked_files": len(files) - len(dataset.artifacts),
            "artifact_files": len(dataset.artifacts),
        },
        "previous_version": None,
        "next_version": None,
    }


def _publication(dataset: Dataset) -> dict[str, Any]:
    """Spell the publication metadata; `institutions` is a list that someone turned to text."""
    return {
        "abstract": dataset.abstract,
        "description": "",
        "doi": None,
        "license": "CC0-1.0",
        "repository": None,
        "website": None,
        "release_date": None,
        "authors": [{"name": dataset.owner.name, "orcid_id": ""}],
        "institutions": "['Institute of Invalid Domains']",
        "keywords": ["sandbox", "rf-spectrum"],
        "provenance": None,
        "citation": None,
        "other": None,
    }


def _access(dataset: Dataset) -> dict[str, Any]:
    return {
        "owner": owner_row(dataset.owner),
        "owner_name": dataset.owner.name,
        "owner_email": dataset.owner.email,
        "is_owner": True,
        "is_shared": False,
        "is_shared_with_me": False,
        "can_edit": True,
        "can_advance_version": True,
        "permission_level": "owner",
        "share_permissions": [],
        "shared_users": [],
        "shared_with": [],
    }
