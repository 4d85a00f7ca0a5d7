"""Every way to fail: one clear message, a hint, the documented exit code, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from tests.cli.shell import files

if TYPE_CHECKING:
    from tests.cli.shell import Shell

WESTFORD = "sds:///captures/westford"
EM = "boss://kharris15/apical/em"
BOX = ("--x", "0:64", "--y", "0:64", "--z", "0:4")

CASES = [
    pytest.param(("pull", EM, *BOX), {"PENSTOCK_BOSS_TOKEN": "0" * 40}, 4, "token", id="wrong BOSS token"),
    pytest.param(("pull", "sds:///captures"), {"PENSTOCK_SDS_TOKEN": "wrong"}, 4, "key", id="wrong SDS token"),
    pytest.param(("ls", "seer://"), {"PENSTOCK_SEER_PASSWORD": "wrong"}, 4, "", id="wrong Seer password"),
    pytest.param(("pull", "boss://kharris15/apical/nope", *BOX), {}, 3, "nope", id="unknown channel"),
    pytest.param(("pull", "sds:///captures/nope"), {}, 3, "nope", id="unknown path"),
    pytest.param(("pull", "seer://00000000-0000-4000-8000-000000000000"), {}, 3, "", id="unknown study"),
    pytest.param(("pull", EM, "--x", "0:99999", "--y", "0:9", "--z", "0:9"), {}, 2, "8192", id="box out of range"),
    pytest.param(("pull", EM, "--x", "9:9", "--y", "0:9", "--z", "0:9"), {}, 2, "", id="empty box"),
    pytest.param(("pull", EM, "--x", "9"), {}, 2, "START:STOP", id="malformed range"),
    pytest.param(("pull", EM, *BOX, "--channels", "x"), {}, 2, "channels", id="option of another platform"),
    pytest.param(("pull", "ftp://x"), {}, 2, "seer://", id="unknown scheme"),
    pytest.param(("pull", EM, *BOX), {"PENSTOCK_BOSS_URL": "http://127.0.0.1:9"}, 5, "127.0.0.1", id="server down"),
]


@pytest.mark.parametrize(("arguments", "env", "code", "mention"), CASES)
def test_says_what_went_wrong(
    penstock: Shell, arguments: tuple[str, ...], env: dict[str, str], code: int, mention: str
) -> None:
    to = ("--to", "data") if arguments[0] == "pull" else ()
    ran = penstock(*arguments, *to, **env)

    assert ran.code == code, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert mention in ran.err
    assert "Hint:" in ran.err or "Usage:" in ran.err
    assert list(penstock.folder.iterdir()) == []


def test_an_unwritable_target_is_refused_before_any_data(penstock: Shell) -> None:
    (penstock.folder / "data").write_text("a file, not a folder")
    asked = len(penstock.data_requests())
    ran = penstock("pull", EM, *BOX, "--to", "data")

    assert ran.code == 8
    assert "Hint:" in ran.err
    assert len(penstock.data_requests()) == asked


def test_errors_are_json_when_asked(penstock: Shell) -> None:
    ran = penstock("pull", "sds:///captures/nope", "--to", "data", "--json")

    assert ran.code == 3
    assert ran.out == ""
    assert '"code": "not-found"' in ran.err


def test_a_mistyped_command_gets_a_suggestion(penstock: Shell) -> None:
    ran = penstock("pul")

    assert ran.code == 2
    assert "Did you mean 'pull'?" in ran.err


def test_secrets_are_never_printed(penstock: Shell) -> None:
    ran = penstock("pull", EM, *BOX, "--to", "data", "--debug", PENSTOCK_BOSS_TOKEN="canary" * 7)

    assert ran.code == 4
    assert "canary" not in ran.out + ran.err


def slow_pull(penstock: Shell, *more: str) -> subprocess.Popen[str]:
    """Start a pull that takes some seconds, and wait until data flows."""
    asked = len(penstock.data_requests())
    running = penstock.start("pull", WESTFORD, "--to", "data", "--bandwidth", "200kB/s", *more)
    deadline = time.monotonic() + 30
    while len(penstock.data_requests()) < asked + 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    return running


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_pull_can_be_resumed(penstock: Shell, number: int, code: int) -> None:
    running = slow_pull(penstock)
    started = time.monotonic()
    os.kill(running.pid, number)
    _, err = running.communicate(timeout=20)

    assert running.returncode == code
    assert time.monotonic() - started < 2
    assert "penstock resume data" in err
    stands = files(penstock.folder / "data")
    resumed = penstock("resume", "data", "--json")
    assert resumed.code == 0
    assert resumed.json["unneeded"] == len(stands)
    whole = penstock("pull", WESTFORD, "--to", "whole", "--json")
    assert (
        files(penstock.folder / "data")
        == files(penstock.folder / "whole")
        == {**files(penstock.folder / "data"), **stands}
    )
    assert whole.json["files"] > len(stands)


def test_a_folder_that_can_never_be_made_is_refused_with_a_hint(penstock: Shell) -> None:
    ran = penstock("pull", WESTFORD, "--to", "/proc/penstock")

    assert ran.code == 8
    assert "Hint:" in ran.err
