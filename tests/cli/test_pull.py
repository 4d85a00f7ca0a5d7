"""Pulling from each platform, from the shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from tests.cli.shell import files

if TYPE_CHECKING:
    from tests.cli.shell import Shell

EM = "boss://kharris15/apical/em"
BOX = ("--x", "500:1100", "--y", "0:600", "--z", "10:40")
WESTFORD = "sds:///captures/westford"


def formula(x: tuple[int, int], y: tuple[int, int], z: int) -> np.ndarray:
    """Return a plane of the volume that the sandbox documents by a formula, axes Y X."""
    return ((3 * np.arange(*x)[None, :] + 5 * np.arange(*y)[:, None] + 7 * z) % 251 + 1).astype("uint8")


@pytest.fixture
def study(penstock: Shell) -> str:
    """Return the URL of the first study."""
    return str(penstock("ls", "seer://", "--quiet").out.splitlines()[0])


def test_a_box_becomes_a_stack_that_equals_the_formula(penstock: Shell) -> None:
    ran = penstock("pull", EM, *BOX, "--to", "stack", "--format", "tiff")

    assert ran.code == 0, ran.err
    names = sorted(files(penstock.folder / "stack"))
    assert names == [f"kharris15_apical_em_x500-1100_y0-600_z{z:02d}.tif" for z in range(10, 40)]
    for z in (10, 15, 16, 39):
        plane = tifffile.imread(penstock.folder / "stack" / names[z - 10])
        np.testing.assert_array_equal(plane, formula((500, 1100), (0, 600), z))


def test_a_folder_of_files_arrives_verified(penstock: Shell) -> None:
    ran = penstock("pull", WESTFORD, "--to", "captures", "--json")

    assert ran.code == 0, ran.err
    assert ran.json["levels"] == {"strong": ran.json["files"]}
    assert any(name.endswith(".h5") for name in files(penstock.folder / "captures"))
    assert penstock("verify", "captures").code == 0


def test_a_study_becomes_arrays_with_sidecars(penstock: Shell, study: str) -> None:
    ran = penstock("pull", study, "--channels", "*EEG*", "--to", "data")

    assert ran.code == 0, ran.err
    arrays = sorted((penstock.folder / "data").rglob("*.npy"))
    assert arrays
    for path in arrays:
        if path.name.endswith(".times.npy"):
            continue
        sidecar = json.loads(path.with_suffix(".json").read_text())
        assert list(np.load(path, mmap_mode="r").shape) == sidecar["shape"]


@pytest.mark.parametrize("url", [WESTFORD, EM])
def test_the_second_pull_downloads_nothing(penstock: Shell, url: str) -> None:
    box = BOX if url == EM else ()
    penstock("pull", url, *box, "--to", "data")
    before = (
        len(penstock.data_requests()),
        {p: p.stat().st_mtime_ns for p in (penstock.folder / "data").rglob("*.*f")},
    )
    ran = penstock("pull", url, *box, "--to", "data")

    assert ran.code == 0
    assert "Nothing to download" in ran.out
    assert (len(penstock.data_requests()), {path: path.stat().st_mtime_ns for path in before[1]}) == before


def test_a_dry_run_explains_and_leaves_nothing(penstock: Shell) -> None:
    asked = len(penstock.data_requests())
    ran = penstock("pull", EM, *BOX, "--to", "stack", "--dry-run", "--json")

    assert ran.code == 0
    assert {row["action"] for row in ran.json} == {"fetch"}
    assert len(ran.json) == 3
    assert list(penstock.folder.iterdir()) == []
    assert len(penstock.data_requests()) == asked


def test_json_lines_tell_of_events_as_they_happen(penstock: Shell) -> None:
    lines = [json.loads(line) for line in penstock("pull", WESTFORD, "--to", "captures", "--jsonl").out.splitlines()]

    assert lines[0]["event"] == "TransferStarted"
    assert lines[-1]["failed"] == 0
    assert any(line.get("event") == "ItemFinished" for line in lines)


def test_quiet_prints_the_folder_alone(penstock: Shell) -> None:
    ran = penstock("pull", WESTFORD, "--to", "captures", "-q")

    assert ran.out.splitlines() == [str(penstock.folder / "captures")]
    assert ran.err == ""


def test_another_selection_adds_to_the_folder(penstock: Shell) -> None:
    penstock("pull", EM, "--x", "0:64", "--y", "0:64", "--z", "0:4", "--to", "stack")
    ran = penstock("pull", EM, "--x", "0:64", "--y", "0:64", "--z", "4:8", "--to", "stack")

    assert ran.code == 0
    assert len(files(penstock.folder / "stack")) == 8
    assert penstock("verify", "stack", "--json").json["files"] == 8


def test_a_moved_folder_still_verifies_and_resumes(penstock: Shell) -> None:
    penstock("pull", WESTFORD, "--to", "captures")
    (penstock.folder / "captures").rename(penstock.folder / "elsewhere")
    asked = len(penstock.data_requests())

    assert penstock("verify", "elsewhere").code == 0
    assert penstock("pull", WESTFORD, "--to", "elsewhere").code == 0
    assert len(penstock.data_requests()) == asked
