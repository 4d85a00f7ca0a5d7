"""Real vectors, served by the sandbox, arrive as they are."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.cli.shell import Shell, files

from penstock.sandbox import SandboxProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROUNDING = 3e-7 * 5e-4
"""What float32 arithmetic in the original client may have cost, for signals within 0.5 mV."""


@pytest.fixture(scope="module")
def real(vectors: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess(data=vectors) as running:
        yield running


def test_the_westford_capture_arrives_byte_for_byte(real: SandboxProcess, vectors: Path, tmp_path: Path) -> None:
    ran = Shell(tmp_path, real)("pull", "sds:///captures/westford", "--to", "captures", "--json")

    originals = files(vectors / "sds/drf/westford-vpol")
    assert ran.code == 0, ran.err
    assert ran.json["levels"] == {"strong": len(originals)}
    assert files(tmp_path / "captures") == originals


def test_the_seer_chunk_decodes_to_the_published_values(real: SandboxProcess, vectors: Path, tmp_path: Path) -> None:
    penstock = Shell(tmp_path, real)
    study = next(row["url"] for row in penstock("ls", "seer://", "--json").json if "real" in row["name"].lower())
    ran = penstock("pull", study, "--to", "data", "--json")
    assert ran.code == 0, ran.err

    (path,) = (tmp_path / "data").rglob("*.npy")
    sidecar = json.loads(path.with_suffix(".json").read_text())
    values = np.load(path)
    with (vectors / "seer/siesta_channel_data_2s.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert values.shape == (len(rows), 21)
    for column, channel in enumerate(sidecar["channels"]):
        published = np.array([float(row[channel["name"]]) for row in rows])
        np.testing.assert_allclose(values[:, column], published, rtol=1e-6, atol=ROUNDING)
