"""`/assets/captures/`: gather stored files into captures, list and read them, and let them go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from penstock.sandbox.sds.capture_rows import capture_row, composite_listed, composite_record
from penstock.sandbox.sds.files import protected, reply_nothing
from penstock.sandbox.sds.indexing import collect, data_files
from penstock.sandbox.sds.paging import paged
from penstock.sandbox.sds.paths import resolve, within
from penstock.sandbox.sds.protocol import Breakdown, Call, Refusal, no_such, refuse, reply, uuid_of
from penstock.sandbox.sds.searching import matches, parsed_filters
from penstock.sandbox.sds.store import Capture

if TYPE_CHECKING:
    from aiohttp import web

KINDS = ("drf", "rh")
MAX_NAME = 255
VIOLATED = "One or more capture creation constraints violated:\n\tCapture creation constraints violated:\n\t\t"


async def listing(call: Call) -> web.Response:
    """List captures; asking for a page breaks the paging, whichever page it is.

    The published original client asks for one each time, and so cannot list captures here: hence `lenient`.
    """
    kind = call.query.get("capture_type")
    if kind == "sigmf":
        raise refuse("Unknown capture type")
    if kind is not None and kind not in KINDS:
        raise refuse(f"'{kind}' is not a valid CaptureType")
    if "page" in call.query and call.store.world.quirks == "strict":
        raise refuse("unsupported operand type(s) for -: 'str' and 'int'")
    return reply(await anyio.to_thread.run_sync(_list, call, kind))


def _list(call: Call, kind: str | None) -> dict[str, Any]:
    filters = parsed_filters(call.query.get("metadata_filters"))
    visible = [c for c in call.store.captures if c.visible_to(call.account) and kind in {None, c.kind}]
    found = [capture for capture in visible if all(matches(capture, each) for each in filters)]
    envelope = paged(call, grouped(found), lambda group: _listed(call, group))
    return {**envelope, "next": _without_filters(envelope["next"])}


def grouped(captures: list[Capture]) -> list[list[Capture]]:
    """Group by directory, whoever owns it, the latest update first."""
    groups: dict[str, list[Capture]] = {}
    for capture in sorted(captures, key=lambda capture: capture.updated, reverse=True):
        groups.setdefault(capture.top, []).append(capture)
    return list(groups.values())


def _listed(call: Call, group: list[Capture]) -> dict[str, Any]:
    return capture_row(group[0], call.store, call.account) if len(group) == 1 else composite_listed(group)


def _without_filters(link: str | None) -> str | None:
    return re.sub(r"(?:capture_type|metadata_filters)=[^&]*&?", "", link) if link else None


async def record(call: Call) -> web.Response:
    """Describe one capture, with its sister channels if it has any."""
    capture = _visible(call)
    group = [capture, *_sisters(call, capture)]
    if len(group) > 1:
        return reply(await anyio.to_thread.run_sync(composite_record, group, call.account))
    return reply(await anyio.to_thread.run_sync(capture_row, capture, call.store, call.account))


def _sisters(call: Call, capture: Capture) -> list[Capture]:
    """List the other channels of the same recording."""
    return [
        other
        for other in call.store.captures
        if other is not capture and other.visible_to(call.account) and other.kind == "drf"
        if other.owner is capture.owner and other.top == capture.top
    ]


async def create(call: Call) -> web.Response:
    """Create a capture out of files that are stored already."""
    fields = await call.fields()
    return reply(await anyio.to_thread.run_sync(_create, call, fields), 201)


def _create(call: Call, fields: dict[str, Any]) -> dict[str, Any]:
    capture = _drafted(call, fields)
    _check_unique(call, capture)
    capture.files = collect(call.store, capture)
    _check_files(capture)
    call.store.captures.append(capture)
    return capture_row(capture, call.store, call.account)


def _drafted(call: Call, fields: dict[str, Any]) -> Capture:
    """Read the request.

    Raises:
        Refusal: Something is missing or cannot be.
        Breakdown: The type has no index.
    """
    kind = fields.get("capture_type")
    if not kind:
        raise refuse("The `capture_type` field is required.")
    if kind not in KINDS:
        raise Breakdown(f"No mapping for capture type {kind!r}.")
    channel = str(fields.get("channel") or "")
    if kind == "drf" and not channel:
        raise refuse("The `channel` field is required for DigitalRF captures.")
    top, now = _top(call, str(fields.get("top_level_dir", ""))), call.store.now()
    uuid = call.store.new_uuid()
    if not fields.get("index_name"):
        raise refuse(
            f"Error handling metadata for capture '{uuid}': Empty value passed for a required argument 'index'."
        )
    return Capture(
        uuid=uuid,
        owner=call.account,
        kind=kind,
        top=top,
        index=str(fields["index_name"]),
        name=str(fields.get("name") or top.rpartition("/")[2]),
        created=now,
        updated=now,
        channel=channel if kind == "drf" else "",
        scan_group=_scan_group(fields.get("scan_group")),
    )


def _top(call: Call, text: str) -> str:
    """Normalise the directory; one that is spelt in full is kept so, and escapes the check for duplicates."""
    directory = resolve(text, call.account.root)
    if directory is None:
        raise refuse("The provided `top_level_dir` is invalid.")
    return directory if text.startswith(call.account.root) else within(directory, call.account.root)


def _scan_group(text: Any) -> str | None:
    if not text:
        return None
    try:
        return str(uuid_of(str(text)))
    except Breakdown:
        raise Refusal(400, {"scan_group": ["Must be a valid UUID."]}) from None


def _check_unique(call: Call, new: Capture) -> None:
    for other in call.store.captures:
        if other.deleted or other.owner is not new.owner:
            continue
        if new.kind == other.kind == "drf" and (other.channel, other.top) == (new.channel, new.top):
            what = "drf_unique_channel_and_tld: This channel and top level directory are"
        elif new.kind == other.kind == "rh" and new.scan_group and other.scan_group == new.scan_group:
            what = "rh_unique_scan_group: This scan group is"
        else:
            continue
        raise refuse(f"{VIOLATED}{what} already in use by another capture: {other.uuid}")


def _check_files(new: Capture) -> None:
    if new.kind == "drf" and not data_files(new.files):
        reason = f"No channels found: top_level_dir /tmp/sds/{new.uuid} has no channels"
        raise refuse(f"Error handling metadata for capture '{new.uuid}': {reason}")
    if new.kind == "rh" and not new.files:
        raise refuse(f"Error handling metadata: No files found for capture '{new.uuid}' at '{new.top}'")


async def update(call: Call) -> web.Response:
    """Gather the files anew."""
    capture = _own(call)

    def regather() -> dict[str, Any]:
        capture.files, capture.props = collect(call.store, capture), None
        return _touched(call, capture)

    return reply(await anyio.to_thread.run_sync(regather))


async def rename(call: Call) -> web.Response:
    """Give a capture another name."""
    capture = _own(call)
    name = str((await call.fields()).get("name") or "").strip()
    if not name:
        raise refuse("Name field is required.")
    if len(name) > MAX_NAME:
        raise refuse(f"Name must be {MAX_NAME} characters or less.")
    capture.name = name
    return reply(await anyio.to_thread.run_sync(_touched, call, capture))


def _touched(call: Call, capture: Capture) -> dict[str, Any]:
    capture.updated = call.store.now()
    return capture_row(capture, call.store, call.account)


async def delete(call: Call) -> web.Response:
    """Delete a capture and release its files."""
    capture = _own(call)
    if capture.shared_with:
        raise refuse("Capture is shared and cannot be deleted. Revoke its share permissions first.", 403)
    holders = [d for d in call.store.datasets if not d.deleted and capture in d.captures]
    if holders:
        uuids = ",".join(str(dataset.uuid) for dataset in holders)
        raise refuse(protected("capture", capture.name, [f"datasets ({len(holders)}): {uuids}"]), 403)
    capture.deleted = True
    return reply_nothing()


async def revoke(call: Call) -> web.Response:
    """Take every share off a capture."""
    _own(call).shared_with.clear()
    return reply({"message": "Share permissions revoked."})


async def detach(call: Call) -> web.Response:
    """Take a capture out of its data sets."""
    capture = _own(call)
    for dataset in call.store.datasets:
        if capture in dataset.captures:
            dataset.captures.remove(capture)
    return reply({"message": "Capture detached from its datasets."})


def _visible(call: Call) -> Capture:
    uuid = call.uuid
    found = next((c for c in call.store.captures if c.uuid == uuid and c.visible_to(call.account)), None)
    if found is None:
        raise no_such("Capture")
    return found


def _own(call: Call) -> Capture:
    capture = _visible(call)
    if capture.owner is not call.account:
        raise no_such("Capture")
    return capture
