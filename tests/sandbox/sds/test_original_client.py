"""The published original client, unmodified, as a judge of the emulated gateway."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from penstock.sandbox import SandboxProcess, World

DRIVER = Path(__file__).parent / "original_client.py"


@pytest.fixture
def original() -> str:
    """A Python that has `spectrumx`, which cannot live in penstock's own environment."""
    python = os.environ.get("ORIGINAL_SPECTRUMX_PYTHON")
    if python is None:
        pytest.skip("the original client is absent: set ORIGINAL_SPECTRUMX_PYTHON to a Python that has spectrumx")
    return python


def test_the_original_client_works_unmodified(original, vectors, tmp_path):
    with SandboxProcess(platforms=["sds"], data=vectors, quirks="lenient", log=tmp_path / "log") as sandbox:
        port = sandbox.urls["sds"].rpartition(":")[2]
        dataset = str(World().uuid("sds", "dataset", "demo"))
        command = [original, str(DRIVER), port, str(tmp_path / "target"), dataset]
        environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        failures = [line for line in sandbox.requests() if line["status"] >= 400]
    assert json.loads(output.splitlines()[-1]) == {
        "authenticated": True,
        "many": [f"sweep-{index:05d}.csv" for index in range(40)],
        "captures/westford": 19,
        "odd": 13,
        "uploads": [True] * 6,
        "uploaded": [["a.txt", 5], ["b ü.txt", 4], ["same as a.txt", 5]],
        "left": 0,
        "captures": {"/captures/array": 14, "/captures/westford": 19, "/radiohound": 1},
        "made": ["ch0", 7],
        "dataset": "Sandbox demo",
    }
    assert failures == []
    real = vectors / "sds" / "drf" / "westford-vpol"
    for path in real.rglob("*.h5"):
        [copy] = (tmp_path / "target" / "captures" / "westford").rglob(path.name)
        assert copy.read_bytes() == path.read_bytes()
