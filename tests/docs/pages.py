"""Read the pages of the documentation: their code blocks and their tables.

Words in capitals stand for names that a reader fills in. Here they are replaced by what the sandbox has:
see `fill`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
GUIDES = sorted((ROOT / "examples" / "guides").glob("*.md"))
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (?P<command>(?:.*\\\n)*.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of code: where its first line stands, in what language, and the code."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """What is typed at the prompts of a `console` block, continued lines joined."""
        return [found["command"].replace("\\\n", "") for found in _COMMAND.finditer(self.text)]


def blocks(page: Path, language: str) -> list[Block]:
    """Return a page's blocks in one language."""
    text = page.read_text()
    return [
        Block(page, text.count("\n", 0, found.start()) + 2, found["language"], found["text"])
        for found in _FENCE.finditer(text)
        if found["language"] == language
    ]


def table(page: Path, heading: str) -> list[list[str]]:
    """Return the rows of the first table below a heading, without its head."""
    _, _, below = page.read_text().partition(f"\n## {heading}\n")
    return list(_rows(below.partition("\n## ")[0]))[2:]


def _rows(text: str) -> Iterator[list[str]]:
    started = False
    for line in text.splitlines():
        if line.startswith("|"):
            started = True
            yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        elif started:
            return


def code(cell: str) -> list[str]:
    """Return what stands between backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def fill(text: str, names: Mapping[str, str]) -> str:
    """Replace the words that a reader fills in, longest first."""
    words = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"(?<!\w)(?:{words})(?!\w)", lambda found: names[found[0]], text)
