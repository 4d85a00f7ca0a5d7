"""Tables of the README that repeat what the code knows."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest
from tests.docs.pages import README, code, table

from penstock import errors
from penstock._config.settings import Layers
from penstock.platforms.boss.settings import boss_layers
from penstock.platforms.sds.settings import sds_layers

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = {"130", "143"}


def error_rows(kind: type[errors.PenstockError] = errors.PenstockError) -> Iterator[str]:
    """Write the table of errors as the README has it: a class, what it is a kind of, its exit code, its meaning."""
    bases = ", ".join(f"`{base.__name__.partition('[')[0]}`" for base in kind.__bases__)
    meaning = (inspect.getdoc(kind) or "").partition("\n")[0].rstrip(".")
    yield f"| `{kind.__name__}` | {bases} | {kind.exit_code} | {meaning} |"
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from error_rows(child)


def test_the_table_of_errors_is_the_tree_in_the_code() -> None:
    written = "\n".join(f"| {' | '.join(row)} |" for row in table(README, "Errors"))
    assert written == "\n".join(error_rows()), "put the right-hand side into the README"


def test_every_exit_code_of_an_error_is_explained() -> None:
    explained = {number for row in table(README, "Exit codes") for number in row[0].split(", ")}
    raised = {row.split("|")[3].strip() for row in error_rows()}
    assert explained == raised | {"0"} | SIGNALS


def test_the_tree_in_the_docstring_names_every_class() -> None:
    classes = [row.split("`")[1] for row in error_rows()]
    assert [name for name in classes if name not in (errors.__doc__ or "")] == []


@pytest.mark.parametrize(("platform", "make"), [("BOSS", boss_layers), ("SDS", sds_layers), ("Seer", None)])
def test_the_settings_that_are_listed_are_looked_for(platform: str, make: object) -> None:
    layers = make(None) if callable(make) else Layers("seer")
    row = next(row for row in table(README, "Settings and secrets") if row[0] == platform)
    listed = [name.rpartition("_")[2] if name.startswith("PENSTOCK") else name[1:] for name in code(row[1])]
    searched = {place for name in listed for place in layers.searched(name.lower())}
    assert {f"PENSTOCK_{platform.upper()}_{name}" for name in listed} <= searched
    if make is not None:
        assert [place for place in code(row[2]) if not any(place in known for known in searched)] == []
