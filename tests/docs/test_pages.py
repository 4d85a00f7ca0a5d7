"""Everything that the README and the guides show is run, against the sandbox."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.docs.pages import GUIDES, README, SCRIPTS, Block, blocks, code, fill, table
from tests.docs.running import run_command, run_python

import penstock

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [README, *GUIDES]
SETUP = (
    "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/penstock demo",
    ".venv/bin/pip install nox && .venv/bin/nox",
)
"""Not run here: the smoke session of noxfile.py does what the first does, and the second runs this very test."""

ANSWERS = "nobody@example.invalid\na-token-or-password\n"
"""What is typed when `penstock login` asks; the environment of the sandbox counts before what is saved."""

CLIENTS = {"seer": penstock.Seer, "boss": penstock.Boss, "sds": penstock.Sds}


def every(language: str) -> list[Any]:
    return [pytest.param(block, id=str(block)) for page in PAGES for block in blocks(page, language)]


def migrations() -> list[Any]:
    rows = [(page, row) for page in GUIDES for row in table(page, "Coming from")]
    return [pytest.param(page.stem, row[1], id=f"{page.stem}: {row[0][:60]}") for page, row in rows]


def test_the_readme_begins_with_the_two_commands_that_set_everything_up() -> None:
    assert tuple(blocks(README, "console")[0].commands) == SETUP


@pytest.mark.parametrize("block", every("python"))
def test_python(block: Block, folder: Path, names: dict[str, str]) -> None:
    run_python(fill(block.text, names), name=str(block.page), line=block.line)


@pytest.mark.timeout(240)  # a process a command, on whatever machine
@pytest.mark.parametrize("block", every("console"))
def test_console(block: Block, folder: Path, sandbox: Any, names: dict[str, str]) -> None:
    for command in block.commands:
        if command in SETUP:
            continue
        assert command.startswith("penstock "), f"{command!r} is neither ours nor a known set-up command"
        ran = run_command(fill(command, names), folder, sandbox.env, ANSWERS)
        assert ran.returncode == 0, f"$ {command}\n{ran.stdout}{ran.stderr}"


@pytest.mark.parametrize(("platform", "cell"), migrations())
def test_migration(platform: str, cell: str, folder: Path, sandbox: Any, names: dict[str, str]) -> None:
    """What stands for an original call is a command, or an expression on an open client of that platform."""
    for text in code(cell):
        if text.startswith("penstock "):
            ran = run_command(fill(text, names), folder, sandbox.env)
            assert ran.returncode == 0, ran.stderr
        else:
            run_python(_SETTING.format(client=CLIENTS[platform].__name__, name=platform, text=fill(text, names)))


_SETTING = """
import penstock
async with penstock.{client}() as {name}:
    if "{name}" == "boss":
        channel = await boss.channel("demo/cortex/em")
    result = {text}
"""


@pytest.mark.parametrize("script", [pytest.param(script, id=script.name) for script in SCRIPTS])
def test_example(script: Path, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_guide_and_script_is_mentioned() -> None:
    text = README.read_text()
    assert [path.name for path in (*GUIDES, *SCRIPTS) if path.name not in text] == []
