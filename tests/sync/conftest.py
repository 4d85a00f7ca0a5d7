"""A small asynchronous library and its generated twins, made once for all tests of this folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

import penstock
from penstock._build import make_sync
from penstock.sync import shutdown

SOURCE = Path(__file__).parent / "fakestock"


@pytest.fixture(scope="session")
def fake_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the small library and its twins."""
    root = tmp_path_factory.mktemp("fake")
    shutil.copytree(SOURCE, root / "fakestock", ignore=shutil.ignore_patterns("__pycache__"))
    assert make_sync.main(["--root", str(root), "--package", "fakestock"]) == 0
    return root


@pytest.fixture(scope="session")
def twins(fake_root: Path) -> Iterator[ModuleType]:
    """The generated blocking package, imported."""
    sys.path.insert(0, str(fake_root))
    yield import_module("fakestock.sync")
    sys.path.remove(str(fake_root))


@pytest.fixture(autouse=True)
def fresh_loop() -> Iterator[None]:
    """End the background loop after each test, and with it whatever the test left open."""
    yield
    shutdown()


@pytest.fixture
def environment(fake_root: Path) -> dict[str, str]:
    """Environment of subprocesses that import both libraries."""
    paths = [str(fake_root), str(Path(penstock.__file__).parents[1])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def script(environment: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a script in a Python of its own, with every warning an error."""

    def start(text: str, *options: str) -> subprocess.Popen[str]:
        path = tmp_path / "script.py"
        path.write_text(dedent(text), encoding="utf-8")
        command = [sys.executable, "-W", "error", *options, str(path)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True)

    return start


@pytest.fixture
def output(script: Callable[..., subprocess.Popen[str]]) -> Callable[..., list[str]]:
    """Run a script to its end, which must be a good and a silent one, and return the lines it printed."""

    def run(text: str, *options: str) -> list[str]:
        process = script(text, *options)
        stdout, stderr = process.communicate(timeout=50)
        assert stderr == ""
        assert process.returncode == 0
        return stdout.splitlines()

    return run
