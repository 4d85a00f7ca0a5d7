"""Download from all platforms with penstock and with what is used today: `python -m benchmarks --quick`.

Tools take turns within a round, so that a busy machine is busy for both. Each run is a process of its own, start-up
counted, with everything on that penstock does by default: the journal, syncing, verification. Ratios are taken
within rounds; the median of them is shown. A row during which the server took most of a core is marked
`server-bound` and claims nothing. Absolute times say more about the machine than about the tools.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measure import Run, run
from benchmarks.workloads import Workload, workloads
from penstock.sandbox import SandboxProcess

SERVER_BOUND = 0.8
LATENCIES_MS = (0.0, 25.0)


@dataclass(frozen=True)
class Row:
    """One tool on one workload.

    Attributes:
        ratio: How many times as fast as the peer: the median over the rounds.
        wall_s: Median; likewise `cpu_s`, `rss_mib` and `server_share`.
        wall_spread_s: The fastest and the slowest run.
        verified: Whether the data were compared with those of the other tool and found equal, in every round.
        server_bound: Whether the server was the limit in this run, or in the peer's, so that the ratio means nothing.
    """

    workload: str
    latency_ms: float
    tool: str
    ratio: float
    wall_s: float
    wall_spread_s: tuple[float, float]
    cpu_s: float
    rss_mib: float
    verified: bool
    server_share: float
    server_bound: bool
    rounds: int


def measured(workload: Workload, sandbox: SandboxProcess, rounds: int, folder: Path) -> list[dict[str, Run]]:
    """Run both tools round by round, the order swapped each time, and compare what they wrote."""
    env = {**os.environ, **sandbox.env}
    results = []
    for number in range(-workload.warm, rounds):
        commands = list(workload.commands().items())
        runs = {}
        for tool, command in commands[:: -1 if number % 2 else 1]:
            runs[tool] = run([*command, "--to", str(folder / tool)], env, sandbox.pid)
        compare(workload, folder)
        shutil.rmtree(folder)
        if number >= 0:
            results.append(runs)
    return results


def compare(workload: Workload, folder: Path) -> None:
    """See that both tools wrote the same; nothing is worth measuring otherwise."""
    command = [sys.executable, "-m", "benchmarks.compare", workload.kind, str(folder / "penstock")]
    subprocess.run([*command, str(folder / workload.peer)], check=True)


def rows(workload: Workload, latency_ms: float, results: Sequence[dict[str, Run]]) -> Iterator[Row]:
    """Sum the rounds up, a row a tool."""
    bound = any(run.server_share > SERVER_BOUND for runs in results for run in runs.values())
    for tool in workload.commands():
        runs = [result[tool] for result in results]
        walls = [run.wall_s for run in runs]
        yield Row(
            workload=workload.name,
            latency_ms=latency_ms,
            tool=tool,
            ratio=round(statistics.median(r[workload.peer].wall_s / r[tool].wall_s for r in results), 2),
            wall_s=round(statistics.median(walls), 2),
            wall_spread_s=(round(min(walls), 2), round(max(walls), 2)),
            cpu_s=round(statistics.median(run.cpu_s for run in runs), 2),
            rss_mib=round(statistics.median(run.rss_mib for run in runs)),
            verified=True,
            server_share=round(statistics.median(run.server_share for run in runs), 2),
            server_bound=bound,
            rounds=len(runs),
        )


def table(found: Sequence[Row]) -> str:
    """Lay the rows out for people."""
    head = f"{'workload':10} {'latency':>7} {'tool':15} {'ratio':>6} {'wall s':>7} {'spread':>13} {'cpu s':>6}"
    lines = [f"{head} {'rss MiB':>8} {'server':>7}  verified"]
    for row in found:
        spread = "{:.2f}-{:.2f}".format(*row.wall_spread_s)
        where = f"{row.workload:10} {row.latency_ms:4.0f} ms {row.tool:15}"
        lines.append(
            f"{where} {row.ratio:5.2f}x {row.wall_s:7.2f} {spread:>13} "
            f"{row.cpu_s:6.2f} {row.rss_mib:8.0f} {row.server_share:7.0%}  {'yes' if row.verified else 'NO'}"
            f"{'  server-bound' if row.server_bound else ''}"
        )
    return "\n".join(lines)


def benchmark(chosen: Sequence[Workload], latencies_ms: Sequence[float], rounds: int) -> list[Row]:
    """Measure every workload at every latency, each latency against a sandbox of its own."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as name:
        for latency_ms in latencies_ms:
            with SandboxProcess(scale="large", latency=latency_ms / 1000) as sandbox:
                for workload in chosen:
                    sys.stderr.write(f"{workload.name} at {latency_ms:g} ms: {workload.about}\n")
                    results = measured(workload, sandbox, rounds, Path(name) / workload.name)
                    found += rows(workload, latency_ms, results)
    return found


def main() -> int:
    """Measure, print a table, and write JSON where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller workloads and one round: within three minutes")
    parser.add_argument("--only", action="append", metavar="NAME", help="this workload; may be repeated")
    parser.add_argument("--rounds", type=int, help="default: 5, quick: 1")
    parser.add_argument("--latency", type=float, action="append", metavar="MS", help="default: 0 and 25")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there")
    options = parser.parse_args()
    known = {workload.name: workload for workload in workloads(quick=options.quick)}
    if strange := set(options.only or ()) - known.keys():
        parser.error(f"no workload {min(strange)}; there are {', '.join(known)}")
    chosen = [known[name] for name in options.only or known]
    found = benchmark(chosen, options.latency or LATENCIES_MS, options.rounds or (1 if options.quick else 5))
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in found], indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
