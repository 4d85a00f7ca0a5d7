"""What someone meets who has just installed penstock and knows nothing yet."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.shell import Shell

SCRIPTS = Path(sys.executable).parent
PLACES = {
    "seer": ["PENSTOCK_SEER_EMAIL", "penstock.toml [seer]", "~/.seerpy/credentials", "PENSTOCK_SEER_KEY_FILE", ".pem"],
    "sds": ["PENSTOCK_SDS_TOKEN", "SDS_SECRET_TOKEN", ".env", "penstock.toml [sds]"],
}


@pytest.mark.parametrize("platform", PLACES)
def test_without_any_account_every_place_searched_is_named(platform: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "penstock", "ls", f"{platform}:///"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4
    assert not [place for place in PLACES[platform] if place not in done.stderr]
    assert f"penstock login {platform}" in done.stderr


def test_help_tells_what_is_special_to_a_command_before_what_all_have(penstock: Shell) -> None:
    text = penstock("pull", "--help").out
    assert text.index("--to DIR") < text.index("--bandwidth") < text.index("--json")


def test_listing_a_path_that_holds_no_file_is_not_found(penstock: Shell) -> None:
    ran = penstock("ls", "sds:///nowhere")
    assert ran.code == 3
    assert "sds:///nowhere" in ran.err


@pytest.mark.skipif(not (SCRIPTS / "penstock").exists(), reason="penstock is not installed as a command here")
def test_a_program_in_the_sandbox_finds_penstock_without_an_active_environment(tmp_path: Path) -> None:
    path = os.pathsep.join(
        part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(part) != SCRIPTS
    )
    command = [SCRIPTS / "penstock", "sandbox", "run", "--", "penstock", "--version"]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, timeout=60)
    assert done.returncode == 0


def test_a_password_without_an_address_is_told_from_no_account(penstock: Shell) -> None:
    ran = penstock("ls", "seer://", PENSTOCK_SEER_EMAIL="", PENSTOCK_SEER_KEY_FILE="")
    assert ran.code == 4
    assert "no e-mail address" in ran.err


def test_a_missing_key_file_is_named(penstock: Shell) -> None:
    ran = penstock(
        "ls", "seer://", PENSTOCK_SEER_EMAIL="", PENSTOCK_SEER_PASSWORD="", PENSTOCK_SEER_KEY_FILE="no/such.pem"
    )
    assert ran.code == 2
    assert "no key file no/such.pem" in ran.err


def test_resume_brings_back_what_was_deleted(penstock: Shell) -> None:
    penstock("pull", "sds:///captures/westford", "--to", "captures")
    next((penstock.folder / "captures").rglob("*.h5")).unlink()
    assert penstock("verify", "captures").code == 7
    assert penstock("resume", "captures").code == 0
    assert penstock("verify", "captures").code == 0


def test_a_kept_session_does_not_vouch_for_a_wrong_password(penstock: Shell) -> None:
    assert penstock("ls", "seer://").code == 0
    assert penstock("ls", "seer://", PENSTOCK_SEER_PASSWORD="wrong").code == 4
    assert penstock("ls", "seer://").code == 0
