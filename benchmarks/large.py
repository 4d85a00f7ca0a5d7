"""Download gigabytes and watch memory and the event loop: `python -m benchmarks.large`.

The sandbox runs in another process. Peak memory is `ru_maxrss` of a child that does nothing but the download.
Loop lag is how late a 5 ms ticker fires; before the figure counts, one deliberate block of the loop must show up
in it. On a busy machine much of it is the loop's thread waiting for a CPU, which `loop_without_cpu_s` tells.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import anyio

from benchmarks.workloads import MONTHS

TICK = 0.005
BLOCKED = 0.08
MIB = 1 << 20


async def watched(url: str, options: dict[str, Any], to: Path) -> dict[str, Any]:
    """Download with a ticker beside it and return what was measured."""
    from penstock import Context
    from penstock.cli._platforms import planned

    lags: list[float] = []

    async def tick() -> None:
        while True:
            due = time.perf_counter() + TICK
            await anyio.sleep(TICK)
            lags.append(time.perf_counter() - due)

    started = time.monotonic()
    async with Context() as context, anyio.create_task_group() as tasks:
        tasks.start_soon(tick)
        await anyio.sleep(0.1)
        time.sleep(BLOCKED)  # noqa: ASYNC251  # the block that the ticker has to see
        await anyio.sleep(0.1)
        assert max(lags) > BLOCKED - TICK, "the ticker does not see a blocked loop"
        lags.clear()
        async with planned(url, options, to, context) as plan:
            opening = max(lags, default=0.0)  # libraries load here, once
            lags.clear()
            waited = seconds_in_queue()
            report = await plan.apply()
        waited = seconds_in_queue() - waited
        tasks.cancel_scope.cancel()
    report.raise_for_failures()
    lags.sort()
    return {
        "url": url,
        "received_mib": round(report.received / MIB),
        "written_mib": round(report.written / MIB),
        "seconds": round(time.monotonic() - started, 1),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "lag_opening_ms": round(opening * 1000, 2),
        "loop_without_cpu_s": round(waited, 1),
        "samples": len(lags),
        "lag_p50_ms": round(statistics.median(lags) * 1000, 2),
        "lag_p99_ms": round(lags[int(len(lags) * 0.99)] * 1000, 2),
        "lag_max_ms": round(lags[-1] * 1000, 2),
    }


def seconds_in_queue() -> float:
    """Return how long the main thread was ready to run while other threads, or other processes, had the CPU."""
    return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9


WORKLOADS: dict[str, tuple[str, dict[str, Any]]] = {
    "sds": ("sds:///captures/large", {}),
    "boss": ("boss://demo/cortex/em", {}),
    "seer": (f"seer://{MONTHS}", {}),
}


def measure(name: str, folder: Path) -> dict[str, Any]:
    """Run one workload in a child and return its figures."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.large", "--child", name, "--to", str(folder / name)],
        stdout=subprocess.PIPE,
        check=True,
    )
    shutil.rmtree(folder / name)
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def main() -> int:
    """Measure every workload against the large sandbox."""
    from penstock.sandbox import SandboxProcess

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(WORKLOADS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", choices=sorted(WORKLOADS), help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        url, selection = WORKLOADS[options.child]
        print(json.dumps(anyio.run(watched, url, selection, options.to)))
        return 0
    import os

    rows = []
    with tempfile.TemporaryDirectory(prefix="penstock-large-") as folder, SandboxProcess(scale="large") as sandbox:
        os.environ.update(sandbox.env)
        for name in WORKLOADS if options.only is None else (options.only,):
            rows.append({"workload": name, **measure(name, Path(folder))})
            sys.stderr.write(f"{rows[-1]}\n")
    print(json.dumps(rows, indent=2))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
