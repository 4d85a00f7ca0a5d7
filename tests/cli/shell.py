"""Run the command in a process of its own, and look at what it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.sandbox import SandboxProcess

DATA_PATHS = ("/v1/cutout/", "/download/", ".dat")
"""What tells a request for data from one for metadata, on any platform."""


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs `penstock` in a folder, with the sandbox's environment."""

    def __init__(self, folder: Path, sandbox: SandboxProcess) -> None:
        self.folder = folder
        self.sandbox = sandbox
        self.env = {**os.environ, **sandbox.env}

    def __call__(self, *arguments: str, **env: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "penstock", *arguments],
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command without waiting for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "penstock", *arguments],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def data_requests(self) -> list[str]:
        """Return the paths of every request for data that the sandbox has answered so far."""
        return [row["path"] for row in self.sandbox.requests() if any(mark in row["path"] for mark in DATA_PATHS)]


def files(folder: Path) -> dict[str, bytes]:
    """Read every file that stands in a folder, penstock's own aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".penstock" not in path.parts and path.name != "penstock-manifest.jsonl"
    }
