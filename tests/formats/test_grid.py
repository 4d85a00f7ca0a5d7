"""Boxes, tiles and levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import SelectionError
from penstock.formats.grid import CUBOID, Box, halved, isotropic_level, slabs, tiles


def spans(limit):
    return st.tuples(st.integers(0, limit), st.integers(1, limit)).map(lambda pair: (pair[0], pair[0] + pair[1]))


BOXES = st.builds(Box, spans(5000), spans(5000), spans(100))


def test_slabs_meet_on_the_global_grid():
    assert slabs(90, 100) == [(90, 96), (96, 100)]
    assert slabs(14, 34) == [(14, 16), (16, 32), (32, 34)]
    assert slabs(5, 5) == []


@given(box=BOXES, itemsize=st.sampled_from([1, 2, 8]), budget=st.integers(1, 1 << 28))
@settings(deadline=None)
def test_tiles_partition_the_box(box, itemsize, budget):
    pieces = tiles(box, itemsize, budget)
    assert sum(piece.voxels for piece in pieces) == box.voxels
    for axis in range(3):
        starts, stops = {piece[axis][0] for piece in pieces}, {piece[axis][1] for piece in pieces}
        assert (min(starts), max(stops)) == box[axis]
        inner = starts - {box[axis][0]}
        assert inner == stops - {box[axis][1]}
        assert all(edge % CUBOID[axis] == 0 for edge in inner)
    assert len({tuple(piece.flat()[::2]) for piece in pieces}) == len(pieces)


@given(box=BOXES, itemsize=st.sampled_from([1, 2, 8]), budget=st.integers(1, 1 << 26))
@settings(deadline=None)
def test_only_a_single_cuboid_may_exceed_the_budget(box, itemsize, budget):
    for piece in tiles(box, itemsize, budget):
        one_cuboid = all((stop - 1) // step == start // step for (start, stop), step in zip(piece, CUBOID, strict=True))
        assert one_cuboid or piece.voxels * itemsize <= budget


def test_tiles_are_even_rather_than_greedy():
    pieces = tiles(Box((0, 5 * 512), (0, 512), (0, 16)), 1, 4 * 512 * 512 * 16)
    assert [piece.x for piece in pieces] == [(0, 1024), (1024, 2560)]


def test_tiles_come_in_order_of_z_y_x():
    pieces = tiles(Box((0, 1024), (0, 1024), (0, 32)), 1, 512 * 512 * 16)
    assert pieces == sorted(pieces, key=lambda box: (box.z, box.y, box.x))
    assert len(pieces) == 8


def test_a_huge_section_is_planned_quickly():
    assert len(tiles(Box((0, 100_000), (0, 100_000), (0, 16)), 1, 16 << 20)) > 2000


@pytest.mark.parametrize("box", [Box((3, 3), (0, 1), (0, 1)), Box((0, 1), (2, 1), (0, 1))])
def test_empty_boxes_are_refused(box):
    with pytest.raises(SelectionError):
        tiles(box, 1, 100)


@given(BOXES)
def test_a_box_survives_being_flattened(box):
    assert Box.from_flat(box.flat()) == box


def test_a_tile_finds_its_place():
    outer, inner = Box((10, 20), (5, 9), (0, 4)), Box((12, 15), (5, 6), (3, 4))
    array = np.zeros(outer.shape, int)
    array[inner.within(outer)] = 1
    assert np.argwhere(array).tolist() == [[3, 0, 2], [3, 0, 3], [3, 0, 4]]


def test_levels_are_halved_upwards():
    """The service's own table for a frame of 1406 by 621 by 138 voxels."""
    assert [halved(1406, level) for level in range(6)] == [1406, 703, 352, 176, 88, 44]
    assert [halved(621, level) for level in range(6)] == [621, 311, 156, 78, 39, 20]
    assert [halved(138, level) for level in range(3)] == [138, 69, 35]


@given(st.integers(1, 10**6), st.integers(0, 12))
def test_halving_at_once_is_halving_again_and_again(length, times):
    step = length
    for _ in range(times):
        step = (step + 1) // 2
    assert halved(length, times) == step


@pytest.mark.parametrize(("voxel", "level"), [((4, 4, 35), 3), ((1, 1, 1), 0), ((2, 2, 50), 5), ((10, 10, 5), 0)])
def test_level_at_which_voxels_are_cubes(voxel, level):
    assert isotropic_level(voxel) == level
