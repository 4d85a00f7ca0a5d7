"""What an import costs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"aiobotocore", "aiohttp", "blosc", "click", "gql", "h5py", "httpx", "numpy", "pydantic", "rich", "tifffile"}

PROBE = """
import json, sys, threading, time
begin = time.perf_counter()
import {module}
seconds = time.perf_counter() - begin
print(json.dumps([sorted(sys.modules), threading.active_count(), seconds]))
"""


def probe(module: str) -> tuple[set[str], int, float]:
    """Import a module in a new Python; return the loaded modules, the number of threads, the seconds it took."""
    text = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE.format(module=module)], check=True, capture_output=True, text=True
    ).stdout
    modules, threads, seconds = json.loads(text)
    return set(modules), threads, seconds


@pytest.mark.parametrize("module", ["penstock", "penstock.sync"])
def test_importing_loads_nothing_heavy_and_starts_no_thread(module: str) -> None:
    modules, threads, _ = probe(module)

    assert modules & HEAVY == set()
    assert threads == 1


def test_importing_penstock_does_not_even_load_an_event_loop() -> None:
    modules, _, _ = probe("penstock")

    assert modules & {"asyncio", "anyio"} == set()


def test_importing_penstock_is_quick() -> None:
    assert min(probe("penstock")[2] for _ in range(3)) < 0.05


def test_public_names_are_listed_and_unknown_ones_are_errors() -> None:
    import penstock

    assert set(penstock.__all__) <= set(dir(penstock))
    with pytest.raises(AttributeError, match="no attribute 'Lake'"):
        _ = penstock.Lake
