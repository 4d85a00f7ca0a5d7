"""The published original client, unmodified, as a judge of the emulated service."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from penstock.sandbox import SandboxProcess, World
from penstock.sandbox.seer import EPILEPSY, ODD, SLEEP, catalog, chunks

DRIVER = Path(__file__).parent / "original_client.py"


@pytest.fixture
def original() -> str:
    """A Python that has seer-py, which cannot live in penstock's own environment."""
    python = os.environ.get("ORIGINAL_SEERPY_PYTHON")
    if python is None:
        pytest.skip("the original client is absent: set ORIGINAL_SEERPY_PYTHON to a Python that has seer-py")
    return python


@pytest.mark.timeout(300)
def test_the_original_client_works_unmodified(original, tmp_path):
    with SandboxProcess(platforms=["seer"]) as sandbox:
        home = Path(sandbox.env["PENSTOCK_SEER_KEY_FILE"]).parents[1]
        environment = {**os.environ, **sandbox.env, "HOME": str(home)}
        command = [original, str(DRIVER), str(tmp_path)]
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert json.loads(output.splitlines()[-1]) == {
        "ways": [5, 5, 5],
        "search": [EPILEPSY],
        "listings": {
            "tags": 9,
            "documents": 3,
            "patients": 3,
            "user": 1,
            "organisations": 2,
            "bookings": 4,
            "views": 270,
            "diary labels": 29,
            "alerts": 8,
            "compliance": 10,
            "worn labels": 240,
            "worn": 62_400,
            "surveys": 14,
            "segments": 5203,
            "metadata": 5203,
            "labels": {
                "Sleep stages": 9,
                "Artefacts / eye & muscle": 12,
                "Empty": 1,
                "Abnormal / Epileptiform": 2,
                "Spike detections / automatic": 431,
            },
        },
        "changes": {"labels": 1203, "documents": 2, "cohorts": [[EPILEPSY], ["b"]]},
    }
    studies = [study for study in catalog.studies(World()) if study.id in {SLEEP, EPILEPSY, ODD}]
    compared = sum(compare(study, group, segment, tmp_path) for study, group, segment in places(studies))
    assert compared == 15


def places(studies):
    return [(study, group, segment) for study in studies for group in study.groups for segment in group.segments]


def compare(study, group, segment, folder: Path) -> bool:
    """Hold what the original client decoded against what was measured; it reports missing rows as zeros."""
    file = folder / f"{segment.id}.npz"
    if not file.exists():
        return False
    indices = [index for index in range(group.chunks(segment)) if index not in segment.never | segment.lost]
    rows = [chunks.true_rows(study.start, group, segment, index) for index in indices]
    starts = [segment.start + index * group.chunk_period * 1000.0 for index in indices]
    found = np.load(file)
    assert np.array_equal(found["time"], np.concatenate([s + r.offsets for s, r in zip(starts, rows, strict=True)]))
    truth = np.nan_to_num(np.concatenate([r.values for r in rows], axis=1).T) * 10.0**group.exponent
    step = abs(group.signal_max - group.signal_min) / 65_535.0 * 10.0**group.exponent
    assert np.allclose(found["data"], truth, rtol=3e-7, atol=0.51 * step if group.encoding == "int16" else 0.0)
    return True
