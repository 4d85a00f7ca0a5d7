"""The metadata filters of capture listings: the few query types that people use."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from penstock.sandbox.sds.indexing import props_of
from penstock.sandbox.sds.protocol import Breakdown, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.sandbox.sds.store import Capture

KEYS = ("field_path", "query_type", "filter_value")


def parsed_filters(text: str | None) -> list[dict[str, Any]]:
    """Read the `metadata_filters` parameter.

    Raises:
        Refusal: It is not a JSON list.
        Breakdown: A filter lacks one of its keys.
    """
    if not text:
        return []
    try:
        filters = json.loads(text)
    except ValueError:
        filters = None
    if not isinstance(filters, list):
        raise refuse("'metadata_filters' could not be parsed from request")
    if not all(isinstance(each, dict) and set(KEYS) <= set(each) for each in filters):
        raise Breakdown("A metadata filter lacks one of its keys.")
    return filters


def matches(capture: Capture, each: Mapping[str, Any]) -> bool:
    """Tell whether a capture's index entry satisfies one filter; a field that is absent satisfies none."""
    path, query, wanted = (each[key] for key in KEYS)
    value = _field(capture, str(path))
    if query == "exists":
        return value is not None
    if query not in {"term", "match", "range", "wildcard"}:
        raise refuse(f"Query error: unknown query [{query}]")
    if value is None:
        return False
    if query == "range":
        return _within(value, wanted)
    if query == "wildcard":
        return fnmatchcase(str(value), str(wanted["value"] if isinstance(wanted, dict) else wanted))
    return bool(value == wanted or str(value) == str(wanted))


def _within(value: Any, bounds: Mapping[str, Any]) -> bool:
    return (
        value >= bounds.get("gte", value)
        and value <= bounds.get("lte", value)
        and ("gt" not in bounds or value > bounds["gt"])
        and ("lt" not in bounds or value < bounds["lt"])
    )


def _field(capture: Capture, path: str) -> Any:
    """Look a dotted path up in the capture's index entry."""
    value: Any = {
        "capture_type": capture.kind,
        "channel": capture.channel,
        "top_level_dir": capture.top,
        "scan_group": capture.scan_group,
        "created_at": capture.created.isoformat(),
        "is_deleted": capture.deleted,
        "capture_props": props_of(capture),
        "search_props": _search_props(props_of(capture)),
    }
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _search_props(props: Mapping[str, Any]) -> dict[str, Any]:
    """Derive the fields that both capture types share."""
    metadata = props.get("metadata", {})
    frequencies = props.get("center_frequencies") or [None]
    return {
        "center_frequency": props.get("center_frequency", props.get("center_freq", frequencies[0])),
        "frequency_min": metadata.get("fmin"),
        "frequency_max": metadata.get("fmax"),
        "start_time": props.get("start_bound"),
        "end_time": props.get("end_bound"),
        "gain": props.get("gain"),
        "bandwidth": props.get("bandwidth"),
        "sample_rate": props.get("sample_rate", props.get("samples_per_second")),
    }
