"""A sandbox for every page, and what its blanks are filled with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.sandbox import SandboxProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxProcess]:
    """Run one tiny sandbox for all pages."""
    with SandboxProcess() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with the sandbox's environment."""
    monkeypatch.chdir(tmp_path)
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture(scope="session")
def names(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Say what the words in capitals of the documentation stand for: names that this sandbox has."""
    import penstock.sync as penstock

    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp("home")))
        for name, value in sandbox.env.items():
            patch.setenv(name, value)
        with penstock.Seer() as seer, penstock.Sds() as sds:
            study = next(iter(seer.studies())).id
            segment = next(iter(seer.segments(study))).id
            file = str(next(iter(sds.files("/captures/westford"))).uuid)
    return {
        "STUDY": study,
        "SEGMENT": segment,
        "COLLECTION/EXPERIMENT/CHANNEL": "demo/cortex/em",
        "COLLECTION/EXPERIMENT": "demo/cortex",
        "COLLECTION": "demo",
        "UUID": file,
    }
