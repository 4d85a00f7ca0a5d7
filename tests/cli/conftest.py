"""The command as a person runs it: in a process of its own, against a sandbox in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cli.shell import Shell

from penstock.sandbox import SandboxProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """Run one tiny sandbox, with a request log, for all tests of the command."""
    with SandboxProcess(log=tmp_path_factory.mktemp("sandbox") / "requests.jsonl") as running:
        yield running


@pytest.fixture
def penstock(tmp_path: Path, sandbox: SandboxProcess) -> Shell:
    """Run `penstock` in an empty folder."""
    return Shell(tmp_path, sandbox)
