"""What `penstock login` keeps, and that the hints which name it are right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def login(*arguments: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "penstock", "login", *arguments]
    return subprocess.run(command, input=answers, capture_output=True, text=True, timeout=60, check=False)


def saved() -> Path:
    return Path(os.environ["XDG_CONFIG_HOME"]) / "penstock" / "credentials.toml"


def test_a_saved_token_is_found_by_the_next_client() -> None:
    from penstock.platforms.sds.settings import sds_layers

    assert login("sds", answers="abc123\n").returncode == 0
    assert sds_layers(None).secret("token").reveal() == "abc123"


def test_a_saved_login_to_seer_is_found_by_the_next_client() -> None:
    from penstock.platforms.seer.settings import EmailLogin, Given, settle

    assert login("seer", answers="me@example.org\nsecret with blanks\n").returncode == 0
    found = settle(Given()).login
    assert isinstance(found, EmailLogin)
    assert (found.email, found.password.reveal()) == ("me@example.org", "secret with blanks")


def test_the_secret_is_neither_shown_nor_readable_by_others() -> None:
    done = login("boss", answers="very-secret\n")
    assert "very-secret" not in done.stdout + done.stderr
    assert saved().stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("answers", ["", "\n", "two words\n"])
def test_what_cannot_be_a_token_is_not_saved(answers: str) -> None:
    done = login("boss", answers=answers)
    assert done.returncode == 2
    assert "Hint:" in done.stderr
    assert not saved().exists()


def test_what_was_saved_can_be_forgotten() -> None:
    login("sds", answers="abc123\n")
    assert "Forgotten" in login("sds", "--forget").stderr
    assert "abc123" not in saved().read_text()
    assert "Nothing was saved" in login("sds", "--forget").stderr
