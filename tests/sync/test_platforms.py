"""The twins of the real platforms, against the sandbox."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

import penstock.sync
from penstock.events import Event, TransferFinished
from penstock.sandbox.process import SandboxProcess


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """All platforms, emulated by another process."""
    with SandboxProcess() as running:
        yield running


@pytest.fixture(autouse=True)
def settings(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point every platform at the sandbox."""
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)


def test_boss_reads_and_downloads(tmp_path: Path) -> None:
    events: list[tuple[threading.Thread, Event]] = []

    with penstock.sync.Boss() as boss:
        channel = boss.channel("kharris15/apical/em")
        block = channel.read(x=(0, 64), y=(0, 32), z=(0, 4))
        report = channel.download(
            x=(0, 64),
            y=(0, 32),
            z=(0, 4),
            to=tmp_path,
            on_event=lambda event: events.append((threading.current_thread(), event)),
        )

    assert block.shape == (4, 32, 64)
    assert report.files == 4
    assert {thread for thread, _ in events} == {threading.main_thread()}
    assert isinstance(events[-1][1], TransferFinished)


def test_platforms_share_a_context_and_lists_are_lifted() -> None:
    with (
        penstock.sync.Context(connections=4) as context,
        penstock.sync.Seer(context=context) as seer,
        penstock.sync.Sds(context=context) as sds,
    ):
        studies = list(seer.studies())
        files = sds.files("/captures/westford").first()

    assert {type(study).__module__ for study in studies} == {"penstock.sync._generated_seer"}
    assert files


def test_a_client_needs_no_with(tmp_path: Path) -> None:
    sds = penstock.sync.Sds()

    report = sds.download("/captures/westford", to=tmp_path)

    assert report.done == report.items > 0
    assert penstock.sync.verify(tmp_path).files == report.files


def test_a_plan_can_be_looked_at_and_applied(tmp_path: Path) -> None:
    with penstock.sync.Sds() as sds, sds.plan("/captures/westford", to=tmp_path) as plan:
        actions = {operation.action for operation in plan}
        report = plan.apply()
        again = sds.download("/captures/westford", to=tmp_path)

    assert actions == {"fetch"}
    assert report.done > 0
    assert (again.done, again.received) == (0, 0)


def test_a_script_that_forgets_to_close_ends_cleanly(sandbox: SandboxProcess, tmp_path: Path) -> None:
    script = """
        import penstock.sync as penstock

        for study in penstock.Seer().studies():
            print(study.id)
            break
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(script)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


def test_a_script_that_downloads_ends_without_a_word(tmp_path: Path) -> None:
    script = (
        "import penstock.sync as penstock\n"
        "with penstock.Sds() as sds:\n"
        "    assert sds.download('/captures/westford', to='captures').complete\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
