"""The command runs where a standard stream has been closed, as daemons and cron jobs have it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

EMPTY_MANIFEST = '{"lines":"blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"}\n'


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("intact", "code"), [(True, 0), (False, 3)])
@pytest.mark.parametrize("style", ["", "--json"])
def test_a_closed_stream_changes_no_exit_code(tmp_path: Path, closed: str, intact: bool, code: int, style: str) -> None:
    if intact:
        (tmp_path / "penstock-manifest.jsonl").write_text(EMPTY_MANIFEST)
    command = f'"{sys.executable}" -m penstock verify . {style} {closed}'

    done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, timeout=60, check=False)

    assert done.returncode == code
    assert b"Traceback" not in done.stderr
