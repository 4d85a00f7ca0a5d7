"""The comparison with other tools runs, and tells equal data from different data."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytest.importorskip("requests", reason="the peers are written with requests, which `nox -s bench` installs")


def test_a_workload_is_measured_and_verified(tmp_path):
    rows = tmp_path / "rows.json"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "sds", "--latency", "0", "--json", str(rows)]
    subprocess.run(command, check=True, capture_output=True, timeout=55)
    peer, ours = json.loads(rows.read_text())
    assert (peer["tool"], peer["ratio"], ours["tool"]) == ("sds_sequential", 1.0, "penstock")
    assert ours["verified"]
    assert all(ours[name] > 0 for name in ("ratio", "wall_s", "cpu_s", "rss_mib"))


@pytest.mark.parametrize("content", [b"other", None], ids=["changed", "missing"])
def test_a_difference_is_noticed(tmp_path, content):
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "kept").write_bytes(b"same")
    (tmp_path / "ours" / "file").write_bytes(b"right")
    if content is not None:
        (tmp_path / "theirs" / "file").write_bytes(content)
    command = [sys.executable, "-m", "benchmarks.compare", "bytes", str(tmp_path / "ours"), str(tmp_path / "theirs")]
    assert subprocess.run(command, capture_output=True).returncode != 0
