"""Run what the documentation shows, the way its readers would."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHIM = f"""#!/bin/sh
exec '{sys.executable}' -m penstock "$@"
"""


def run_python(text: str, *, name: str = "example", line: int = 1, names: dict[str, Any] | None = None) -> Any:
    """Run a block as a notebook cell is run, `await` at its top level included; return an expression's value.

    Args:
        text: The code.
        name: The file it stands in, for tracebacks.
        line: Its first line there.
        names: What it may use, and where it leaves what it defines.
    """
    mode = "eval" if _is_expression(text) else "exec"
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    compiled = compile("\n" * (line - 1) + text, name, mode, flags=flags, dont_inherit=True)
    result = eval(compiled, {"__name__": "__main__"} if names is None else names)  # what a cell does
    return anyio.run(_awaited, result) if inspect.iscoroutine(result) else result


async def _awaited(result: Any) -> Any:
    return await result


def _is_expression(text: str) -> bool:
    try:
        compile(text, "", "eval", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError:
        return False
    return True


def run_command(
    command: str, folder: Path, env: Mapping[str, str], answers: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in a folder, `penstock` being this one; without a terminal, so that nothing can ask."""
    programs = folder / ".programs"
    programs.mkdir(exist_ok=True)
    shim = programs / "penstock"
    shim.write_text(_SHIM)
    shim.chmod(0o755)
    return subprocess.run(
        ["sh", "-ec", command],
        cwd=folder,
        env={**os.environ, **env, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        input=answers,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
        check=False,
    )
