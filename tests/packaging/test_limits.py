"""The house's measures for hand-written code: short files, short functions, no back doors."""

from __future__ import annotations

import ast
import io
import statistics
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "penstock"
FILES = sorted(path for path in SOURCE.rglob("*.py") if not path.name.startswith("_generated"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every function and the number of lines of its body, docstring aside."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            yield (
                f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}",
                (body[-1].end_lineno or 0) - body[0].lineno + 1,
            )


@pytest.fixture(scope="module")
def lengths() -> dict[str, int]:
    """Body lengths of all functions."""
    return {name: length for path in FILES for name, length in functions(path)}


def test_no_file_is_longer_than_600_lines() -> None:
    long = {str(path.relative_to(SOURCE)): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}

    assert {name: lines for name, lines in long.items() if lines > 600} == {}


def test_no_body_is_longer_than_50_lines(lengths: dict[str, int]) -> None:
    assert {name: length for name, length in lengths.items() if length > 50} == {}


def test_most_bodies_are_short(lengths: dict[str, int]) -> None:
    ordered = sorted(lengths.values())

    assert statistics.median(ordered) <= 6
    assert ordered[int(len(ordered) * 0.9)] <= 22


def test_every_function_is_typed() -> None:
    untyped = [
        f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None
    ]

    assert untyped == []


def test_type_checkers_are_silenced_rarely_and_with_a_reason() -> None:
    ignores = {
        f"{path.relative_to(SOURCE)}:{token.start[0]}": token.string
        for path in FILES
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
        if token.type == tokenize.COMMENT and "type: ignore" in token.string
    }

    assert len(ignores) < 10
    assert {where: text for where, text in ignores.items() if "ignore[" not in text or text.count("#") < 2} == {}


def test_nothing_is_called_utils() -> None:
    assert [path for path in FILES if path.stem.strip("_") in {"utils", "util", "helpers", "misc", "common"}] == []


def test_the_top_level_holds_what_the_house_lists() -> None:
    visible = {path.name for path in SOURCE.parents[1].iterdir() if not path.name.startswith(".")}
    made = {"build", "dist", "penstock-demo"}

    assert visible - made <= {
        "pyproject.toml", "README.md", "LICENSE", "src", "tests", "benchmarks", "examples", "noxfile.py"
    }  # fmt: skip
