"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on plain asyncio, the only loop penstock supports."""
    return "asyncio"


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Folder of real test vectors; tests that need it skip, saying so, when it is absent."""
    folder = Path(os.environ.get("PENSTOCK_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real test vectors are absent: set PENSTOCK_TEST_DATA (looked in {folder})")
    return folder


@pytest.fixture(autouse=True)
def scrubbed_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the developer's own accounts, proxies and configuration out of every test."""
    prefixes = (
        "PENSTOCK_",
        "SEER",
        "SDK_",
        "BOSS_",
        "INTERN_",
        "SDS_",
        "AWS_",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    )
    for name in [name for name in os.environ if name.upper().startswith(prefixes) and name != "PENSTOCK_TEST_DATA"]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
