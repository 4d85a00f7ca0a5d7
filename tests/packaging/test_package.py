"""What a user installs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import penstock

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, made from the source tree without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    code = f"import hatchling.build, os; os.chdir({str(ROOT)!r}); print(hatchling.build.build_wheel({str(folder)!r}))"
    name = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()[-1]
    return zipfile.ZipFile(folder / name)


@pytest.mark.parametrize("name", penstock.__all__)
def test_every_public_name_can_be_imported_and_says_what_it_is(name: str) -> None:
    assert getattr(penstock, name).__doc__


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert penstock.__version__ == project["version"]


def test_the_wheel_holds_every_source_file(wheel: zipfile.ZipFile) -> None:
    tracked = subprocess.run(["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode != 0:
        pytest.skip("this is no git checkout, so nothing says which files belong to the package")
    expected = {name.removeprefix("src/") for name in tracked.stdout.splitlines() if (ROOT / name).exists()}

    assert expected <= set(wheel.namelist())


def test_the_wheel_is_typed_and_brings_what_the_sandbox_serves(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())

    assert "penstock/py.typed" in names
    assert any(name.startswith("penstock/sandbox/") and name.endswith(".graphql") for name in names)


def test_the_wheel_holds_no_tests_and_no_leftovers(wheel: zipfile.ZipFile) -> None:
    assert [name for name in wheel.namelist() if "test" in Path(name).parts or "__pycache__" in name] == []


def test_all_extras_are_in_all() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = extras["all"][0].removeprefix("penstock[").removesuffix("]").split(",")

    assert set(extras) - {"all", "torch"} == set(named)
