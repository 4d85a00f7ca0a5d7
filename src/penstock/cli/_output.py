"""Where commands write: data on stdout, everything else on stderr, and nothing that a terminal would obey.

A command describes its result once, as JSON-able values and as rows; this module renders it for a person, for a
pipe, as one JSON document, or as bare names.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

Style = Literal["human", "json", "jsonl", "quiet"]

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@dataclass
class Output:
    """The one way out for commands.

    Attributes:
        style: `human` tables and prose, `json` one document, `jsonl` a line an event, `quiet` bare names.
        progress: Whether bars may be drawn.
    """

    style: Style = "human"
    progress: bool = True
    debug: bool = False
    resume_with: str | None = field(default=None)

    @cached_property
    def _stderr(self) -> Console:
        from rich.console import Console

        return Console(stderr=True, highlight=False)

    @property
    def console(self) -> Console:
        """The console on stderr, for progress."""
        return self._stderr

    def result(self, document: Any, *, text: str | None = None, names: Iterable[str] = ()) -> None:
        """Write the result of a command: `document` for programs, `text` for people, `names` for scripts."""
        if self.style in {"json", "jsonl"}:
            self._write(
                json.dumps(document, ensure_ascii=False, indent=None if self.style == "jsonl" else 2, default=str)
            )
        elif self.style == "quiet":
            for name in names:
                self._write(visible(name))
        elif text is not None:
            self._write(text)

    @property
    def wants_all_rows(self) -> bool:
        """Whether a listing can only be written once its last row is known."""
        return self.style == "json" or (self.style == "human" and sys.stdout.isatty())

    def facts(self, facts: Mapping[str, Any]) -> None:
        """Write what is known of one thing; its first fact is its name."""
        width = max(len(name) for name in facts)
        lines = [f"{name:<{width}}  {visible(str(value))}" for name, value in facts.items()]
        self.result(dict(facts), text="\n".join(lines), names=[str(next(iter(facts.values())))])

    def table(self, rows: Sequence[Mapping[str, Any]], *, empty: str, aligned: bool = False) -> None:
        """Write a listing: a table on a terminal, tab-separated lines in a pipe, the first column when quiet.

        With `aligned` a pipe gets the table too: for what people read in a log and nobody parses.
        """
        if self.style == "json":
            self.result(list(rows))
        elif self.style == "jsonl":
            for row in rows:
                self.result(row)
        elif self.style == "quiet":
            self.result(None, names=[str(next(iter(row.values()))) for row in rows])
        elif not rows:
            self.say(empty)
        elif aligned or sys.stdout.isatty():
            self._draw(rows)
        else:
            for row in rows:
                self._write("\t".join(visible(str(value)) for value in row.values()))

    def _draw(self, rows: Sequence[Mapping[str, Any]]) -> None:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for name, value in rows[0].items():
            table.add_column(name, justify="right" if isinstance(value, int | float) else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(visible(str(value))) for value in row.values()))
        Console(highlight=False).print(table)

    def event(self, document: Mapping[str, Any]) -> None:
        """Write one event, when events were asked for."""
        if self.style == "jsonl":
            self.result(document)

    def say(self, message: str) -> None:
        """Tell a person something, on stderr; silent when quiet."""
        if self.style != "quiet":
            sys.stderr.write(visible(message, keep="\n") + "\n")

    def complain(self, message: str) -> None:
        """Tell a person what went wrong, on stderr, whatever the style."""
        sys.stderr.write(visible(message, keep="\n") + "\n")

    def _write(self, text: str) -> None:
        sys.stdout.write(encodable(text) + "\n")
        sys.stdout.flush()


def visible(text: str, *, keep: str = "") -> str:
    """Show control, direction and other invisible characters as escapes, so that no name can act on a terminal."""
    return "".join(
        character
        if character in keep or unicodedata.category(character) not in _HIDDEN
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


def encodable(text: str) -> str:
    """Replace what stdout cannot encode, rather than fail over it."""
    encoding = sys.stdout.encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def human_size(size: float) -> str:
    """Write bytes the way people read them: `12.3 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")
