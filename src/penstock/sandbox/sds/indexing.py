"""How the gateway gathers a capture's files and what it reads out of them."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

from penstock.sandbox.sds.paths import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.sandbox.sds.store import Capture, File, Store

DRF_SUFFIXES = (".h5", ".hdf", ".hdf5", ".he5")
DATA_FILE = re.compile(r"^rf@\d+\.\d+\.h5$")
KNOWN_SETTINGS = ("center_freq", "span", "gain", "bandwidth", "antenna", "indoor_outdoor", "antenna_direction")


def collect(store: Store, capture: Capture) -> list[File]:
    """List the files that belong to a capture: the owner's, below its directory, fit for its kind."""
    directory = resolve(capture.top, capture.owner.root)
    if directory is None:
        return []
    below = store.below(capture.owner, directory)
    if capture.kind == "drf":
        return [
            file for file in below if file.name.lower().endswith(DRF_SUFFIXES) and in_channel(file, capture.channel)
        ]
    return [file for file in below if file.name.endswith(".rh.json") and in_scan_group(file, capture.scan_group)]


def in_channel(file: File, channel: str) -> bool:
    """Tell whether a component of the file's directory is the channel, which the service takes as a pattern."""
    return any(re.fullmatch(channel, part) for part in file.directory.split("/"))


def in_scan_group(file: File, group: str | None) -> bool:
    """Tell whether the file's document carries the scan group; any does when none is asked for."""
    return group is None or json.loads(file.content.whole()).get("scan_group") == group


def data_files(files: list[File]) -> list[File]:
    """Pick the Digital RF data files, earliest first."""
    return sorted((file for file in files if DATA_FILE.match(file.name)), key=lambda file: file.name)


def props_of(capture: Capture) -> dict[str, Any]:
    """Return what the index knows of a capture; reading it out of the files happens once."""
    if capture.props is None:
        capture.props = _digital_rf(capture.files) if capture.kind == "drf" else _radiohound(capture.files)
    return capture.props


def _radiohound(files: list[File]) -> dict[str, Any]:
    """Take one document of the capture, whole."""
    props: dict[str, Any] = json.loads(files[0].content.whole()) if files else {}
    return props


def _digital_rf(files: list[File]) -> dict[str, Any]:
    """Read properties, digital metadata and the bounds of the data.

    The service loses the integers of 64 bits without sign (rates, cadences): so does this.
    """
    data = data_files(files)
    if not data:
        return {}
    properties = _attributes(_named(files, "drf_properties.h5"))
    rate = properties["sample_rate_numerator"] / properties["sample_rate_denominator"]
    props = {
        "samples_per_second": int(rate),
        "start_bound": int(_bounds(data[0])[0] / rate),
        "end_bound": int(_bounds(data[-1])[1] / rate),
        "is_complex": bool(properties["is_complex"]),
        "is_continuous": bool(properties["is_continuous"]),
        **{name: properties[name] for name in ("epoch", "digital_rf_time_description", "digital_rf_version")},
    }
    return {**props, **_settings(files), "custom_attrs": _custom(files, properties)}


def _settings(files: list[File]) -> dict[str, Any]:
    """Pick the receiver's settings that have a place of their own in the index."""
    metadata = _metadata(files)
    settings = {name: metadata[f"receiver/{name}"] for name in KNOWN_SETTINGS if f"receiver/{name}" in metadata}
    frequency = metadata.get("receiver/center_freq")
    frequencies = [frequency] if frequency is not None else metadata.get("center_frequencies", [])
    return {"uuid_str": metadata.get("uuid_str", ""), "center_frequencies": frequencies, **settings}


def _custom(files: list[File], properties: dict[str, Any]) -> dict[str, Any]:
    kept = {"num_subchannels": properties["num_subchannels"]}
    return {**kept, **{name: value for name, value in _metadata(files).items() if "/" in name or name == "index"}}


def _metadata(files: list[File]) -> dict[str, Any]:
    """Flatten the first entry of the first digital metadata file to slash-joined names."""
    first = next((file for file in files if file.name.startswith("metadata@")), None)
    if first is None:
        return {}
    with _hdf5(first) as file:
        index = next(iter(file))
        return {"index": int(index), **dict(_leaves(file[index]))}


def _leaves(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in group.items():
        if hasattr(value, "items"):
            yield from _leaves(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", _plain(value[()])


def _plain(value: Any) -> Any:
    """Turn what h5py returns into what JSON knows."""
    if isinstance(value, bytes):
        return value.decode()
    return value.tolist() if hasattr(value, "tolist") else value


def _bounds(file: File) -> tuple[int, int]:
    """Global indices of a data file's first and last sample."""
    with _hdf5(file) as data:
        first = int(data["rf_data_index"][0, 0])
        return first, first + len(data["rf_data"]) - 1


def _attributes(file: File) -> dict[str, Any]:
    with _hdf5(file) as properties:
        return {name: _text(_plain(value)) for name, value in properties.attrs.items()}


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _named(files: list[File], name: str) -> File:
    return next(file for file in files if file.name == name)


def _hdf5(file: File) -> Any:
    import h5py

    return h5py.File(io.BytesIO(file.content.whole()), "r")
