"""How far each level of a pyramid reaches: the service's table, and the same arithmetic where it has none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from penstock.errors import SelectionError
from penstock.platforms.boss.levels import describe_levels, find_level
from penstock.platforms.boss.models import ChannelFacts, Experiment, Frame, Pyramid

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.platforms.boss.levels import Level


def frame(stop: tuple[int, int, int], voxel: tuple[float, float, float], start=(0, 0, 0), unit="nanometers") -> Frame:
    values: dict[str, Any] = {"name": "f", "voxel_unit": unit}
    for axis, a, b, size in zip("xyz", start, stop, voxel, strict=True):
        values |= {f"{axis}_start": a, f"{axis}_stop": b, f"{axis}_voxel_size": size}
    return Frame.parse(values)


def levels(
    frame: Frame, count: int, *, method="anisotropic", table: Pyramid | None = None, iso=False, base=0
) -> dict[int, Level]:
    facts = ChannelFacts.parse(
        {"name": "c", "experiment": "e", "type": "image", "datatype": "uint8", "base_resolution": base}
    )
    experiment = Experiment.parse(
        {
            "name": "e", "collection": "c", "coord_frame": "f", "num_hierarchy_levels": count,
            "hierarchy_method": method,
        }
    )  # fmt: skip
    return describe_levels(facts, experiment, frame, table, iso=iso)


def stops(levels: dict[int, Level]) -> list[tuple[int, ...]]:
    return [tuple(stop for _, stop in level.extent) for level in levels.values()]


ZBRAIN = frame((1406, 621, 138), (4, 4, 35))


def test_stops_are_halved_rounding_up_level_by_level() -> None:
    assert stops(levels(ZBRAIN, 6)) == [
        (1406, 621, 138), (703, 311, 138), (352, 156, 138), (176, 78, 138), (88, 39, 138), (44, 20, 138),
    ]  # fmt: skip


def test_the_isotropic_pyramid_halves_z_once_voxels_are_cubes() -> None:
    assert stops(levels(ZBRAIN, 6, iso=True))[3:] == [(176, 78, 138), (88, 39, 69), (44, 20, 35)]


def test_an_isotropic_experiment_halves_z_always() -> None:
    assert stops(levels(frame((100, 100, 33), (5, 5, 5)), 3, method="isotropic")) == [
        (100, 100, 33), (50, 50, 17), (25, 25, 9),
    ]  # fmt: skip


def test_starts_are_rounded_down() -> None:
    found = levels(frame((1000, 1000, 100), (4, 4, 40), start=(101, 7, 3)), 3)
    assert found[2].extent == ((25, 250), (1, 250), (3, 100))


def test_levels_begin_at_the_base_resolution() -> None:
    found = levels(ZBRAIN, 2, base=1)
    assert list(found) == [1, 2]
    assert found[1].extent.x == (0, 703)


def test_the_services_table_counts_before_our_arithmetic() -> None:
    table = Pyramid.parse({"status": "DOWNSAMPLED", "extent": {"1": [700, 300, 130]}, "voxel_size": {"1": [9, 9, 9]}})
    found = levels(ZBRAIN, 2, table=table)
    assert found[0].extent.x == (0, 1406)
    assert found[1].extent == ((0, 700), (0, 300), (0, 130))
    assert found[1].voxel_size == (9, 9, 9)


def test_voxel_sizes_are_nanometres() -> None:
    found = levels(frame((10, 10, 10), (0.5, 0.5, 1.0), unit="micrometers"), 2)
    assert found[0].voxel_size == (500.0, 500.0, 1000.0)
    assert found[1].voxel_size == (1000.0, 1000.0, 1000.0)


def test_a_level_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(SelectionError, match="levels 0 to 5, not 6"):
        find_level(levels(ZBRAIN, 6), 6, "c/e/h")


@pytest.mark.parametrize(("query", "iso"), [("", False), ("?iso=true", True)])
def test_the_arithmetic_agrees_with_a_real_server(vectors: Path, query: str, *, iso: bool) -> None:
    captured = json.loads((vectors / "boss" / "golden_v1.json").read_text())
    answer = next(each["response_json"] for each in captured if each["name"] == f"get downsample/gold/e/u8{query}")
    table = Pyramid.parse(answer)
    real = frame((1100, 621, 138), (4.0, 4.0, 35.0))
    assert levels(real, 5, iso=iso) == levels(real, 5, table=table, iso=iso)
    assert stops(levels(real, 5, iso=iso)) == list(table.extent.values())
