"""How an error reaches a person: one sentence, one hint, the documented exit code."""

from __future__ import annotations

import json
import sys
import traceback
from typing import TYPE_CHECKING

from penstock.errors import PenstockError, TransferFailed

if TYPE_CHECKING:
    from penstock.cli._output import Output

SOME_FAILED = 6
INTERRUPTED = 130
TERMINATED = 143


def report_error(error: BaseException, output: Output) -> int:
    """Write what went wrong to stderr and return the exit code."""
    if not isinstance(error, PenstockError):
        return _unforeseen(error, output)
    if output.style in {"json", "jsonl"}:
        document = {"error": {"code": error.code, "message": str(error), "hint": error.hint}}
        output.complain(json.dumps(document, ensure_ascii=False))
    else:
        output.complain(f"penstock: {error}")
        for line in _failures(error):
            output.complain(f"  {line}")
        if error.hint:
            output.complain(f"Hint: {error.hint}")
    if output.debug:
        traceback.print_exception(error, file=sys.stderr)
    return exit_code(error)


def _failures(error: PenstockError) -> list[str]:
    """Word the first few of several failures, each kind once."""
    if not isinstance(error, TransferFailed):
        return []
    seen = dict.fromkeys(str(inner) for inner in error.exceptions)
    shown = list(seen)[:5]
    return shown + ([f"… and {len(seen) - 5} more"] if len(seen) > 5 else [])


def exit_code(error: PenstockError) -> int:
    """Return the exit code of an error; that of several, when none of them stands for all, is 6."""
    return error.exit_code


def _unforeseen(error: BaseException, output: Output) -> int:
    if output.debug:
        traceback.print_exception(error, file=sys.stderr)
    output.complain(f"penstock: {type(error).__name__}: {error}")
    if not output.debug:
        output.complain("Hint: This is a defect in penstock; run it again with --debug and report what it prints.")
    return 1
