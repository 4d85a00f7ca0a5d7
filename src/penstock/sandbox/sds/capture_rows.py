"""How captures look in answers: single ones, and several channels of one recording merged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from penstock.sandbox.sds.indexing import data_files, props_of
from penstock.sandbox.sds.rows import SERVER_ZONE, aware, dataset_summary, member_row, owner_row

if TYPE_CHECKING:
    from penstock.sandbox.sds.store import Account, Capture, File, Store

TYPE_NAMES = {"drf": "Digital RF", "rh": "RadioHound", "sigmf": "SigMF"}
DISPLAY = "%m/%d/%Y %I:%M:%S %p"


def capture_row(capture: Capture, store: Store, viewer: Account) -> dict[str, Any]:
    """Describe a capture of one channel."""
    props = props_of(capture)
    frequency, rate = _frequency(props), props.get("samples_per_second") or props.get("sample_rate")
    return {
        "uuid": str(capture.uuid),
        **_common(capture),
        "name": capture.name,
        "channel": capture.channel,
        "scan_group": capture.scan_group,
        **_sharing([capture], viewer),
        "is_shared_with_me": capture.owner is not viewer,
        "permission_level": "owner" if capture.owner is viewer else "viewer",
        "capture_props": props,
        **_files(capture.files),
        "datasets": [dataset_summary(dataset) for dataset in store.datasets if capture in dataset.captures],
        "center_frequency_ghz": frequency / 1e9 if frequency is not None else None,
        "sample_rate_mhz": rate / 1e6 if rate is not None else None,
        **_span(props),
        "formatted_created_at": capture.created.astimezone(SERVER_ZONE).strftime(DISPLAY),
        "post_processed_data": [],
        "created_at": aware(capture.created),
        "updated_at": aware(capture.updated),
        "deleted_at": None,
        "dataset": None,
        "shared_with": [account.id for account in capture.shared_with],
    }


def composite_listed(captures: list[Capture]) -> dict[str, Any]:
    """Describe the channels of one recording in a listing: the latest update comes first and lends its id."""
    ordered = sorted(captures, key=lambda capture: capture.updated, reverse=True)
    latest = ordered[0]
    return {
        "uuid": str(latest.uuid),
        **_common(latest),
        "is_multi_channel": True,
        "created_at": _zulu(latest.created),
        "updated_at": _zulu(latest.updated),
        "deleted_at": None,
        "channels": [_channel(capture) for capture in ordered],
    }


def composite_record(captures: list[Capture], viewer: Account) -> dict[str, Any]:
    """Describe the channels of one recording on their own: here they stand by name, and the first lends its id."""
    ordered = sorted(captures, key=lambda capture: capture.channel)
    first = ordered[0]
    files = [file for capture in ordered for file in capture.files]
    return {
        "uuid": str(first.uuid),
        **_common(first),
        "is_multi_channel": True,
        **_sharing(ordered, viewer),
        "created_at": aware(first.created),
        "updated_at": aware(first.updated),
        "deleted_at": None,
        "channels": [{**_channel(capture), **_span(props_of(capture))} for capture in ordered],
        **_files(files),
        **_span(props_of(first)),
    }


def _common(capture: Capture) -> dict[str, Any]:
    return {
        "capture_type": capture.kind,
        "capture_type_display": TYPE_NAMES[capture.kind],
        "top_level_dir": capture.top,
        "index_name": capture.index,
        "origin": "user",
        "owner": owner_row(capture.owner),
        "is_deleted": False,
        "is_public": False,
    }


def _sharing(captures: list[Capture], viewer: Account) -> dict[str, Any]:
    """List who may see a capture; a viewer is told as much as the owner."""
    shares = [
        {
            "item_type": "capture",
            "item_uuid": str(capture.uuid),
            "shared_with": owner_row(account),
            "permission_level": "viewer",
        }
        for capture in captures
        for account in capture.shared_with
    ]
    return {"share_permissions": shares, "is_shared": bool(shares) and captures[0].owner is viewer}


def _channel(capture: Capture) -> dict[str, Any]:
    return {"channel": capture.channel, "uuid": str(capture.uuid), "channel_metadata": props_of(capture)}


def _files(files: list[File]) -> dict[str, Any]:
    data = data_files(files)
    total = sum(file.content.size for file in files)
    data_total = sum(file.content.size for file in data)
    info: dict[str, Any] = {"total_count": len(files), "total_size": total, "count": len(data)}
    if data:
        info |= {"data_files_total_size": data_total, "per_data_file_size": data_total / len(data)}
    return {
        "files": [member_row(file) for file in files],
        "total_file_count": len(files),
        "total_file_size": total,
        "data_files_info": info,
    }


def _frequency(props: dict[str, Any]) -> float | None:
    frequencies = props.get("center_frequencies") or [None]
    value = props.get("center_freq", frequencies[0])
    return props.get("center_frequency") if value is None else float(value)


def _span(props: dict[str, Any]) -> dict[str, Any]:
    """Spell the bounds, whole seconds as the index keeps them; the cadence is lost there."""
    start, end = props.get("start_bound"), props.get("end_bound")
    return {
        "length_of_capture_ms": (end - start) * 1000 if start is not None and end is not None else None,
        "file_cadence_ms": None,
        "capture_start_epoch_sec": start,
        "capture_start_iso_utc": _iso(start),
        "capture_end_iso_utc": _iso(end),
        "capture_start_display": _display(start),
        "capture_end_display": _display(end),
    }


def _iso(second: int | None) -> str | None:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if second is not None else None


def _display(second: int | None) -> str | None:
    return datetime.fromtimestamp(second, SERVER_ZONE).strftime(DISPLAY) if second is not None else None


def _zulu(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
