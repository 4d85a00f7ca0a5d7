"""Kill pulls at seeded moments and see that one more run makes them whole: `python -m benchmarks.kills`.

Each trial starts a pull against a slow sandbox, waits until a seeded number of data requests has been answered,
and sends SIGKILL. What the journal claims at that moment is noted; then the pull is run again to its end. The
trial passes when the files equal those of an uninterrupted pull and the second run asked for exactly the parts
that the journal did not claim.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.sandbox import SandboxProcess, read_log
from penstock.transfer.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = ("/v1/cutout/", "/download/", ".dat")
WITHIN = 30.0


@dataclass(frozen=True)
class Job:
    """A pull that is worth killing."""

    platform: str
    url: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trial:
    """How one kill went.

    Attributes:
        killed_after: Data requests answered before the kill.
        claimed: Parts that the journal claimed at the kill, those of complete items included.
        total: Parts in all.
        asked_again: Data requests of the second run.
        repeated: Those of them that the first run had already been answered.
        identical: Whether every file equals that of an uninterrupted run.
    """

    platform: str
    killed_after: int
    claimed: int
    total: int
    asked_again: int
    repeated: int
    identical: bool

    @property
    def partly_filled(self) -> bool:
        return 0 < self.claimed < self.total

    @property
    def passed(self) -> bool:
        return self.identical and self.asked_again == self.total - self.claimed


def jobs(study: str) -> list[Job]:
    """Return a job for each platform, of some dozens to hundreds of parts."""
    return [
        Job("seer", f"seer://{study}"),
        Job("boss", "boss://demo/cortex/em", ("--x", "0:2048", "--y", "0:2048", "--z", "0:64")),
        Job("sds", "sds:///captures"),
    ]


def pull(job: Job, to: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a pull, of few connections: most of the job is then either done or not begun when it is killed."""
    options = [*job.options, "--connections", "8", "--to", str(to), "--json"]
    command = [sys.executable, "-m", "penstock", "pull", job.url, *options]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def answered(log: Path, since: float) -> list[str]:
    """Return the paths of the data requests that came since a moment and have been answered.

    Requests are dated when they come, so that one of a killed run is never taken for one of the next, however late
    the server notices.
    """
    return [row["path"] for row in read_log(log) if row["t"] >= since and any(mark in row["path"] for mark in DATA)]


def claimed(folder: Path) -> Iterator[int]:
    """Yield, for each item of a folder's journal, how many parts it claims."""
    path = folder / ".penstock" / "journal.sqlite3"
    if not path.exists():
        return
    with closing(Journal(path, readonly=True)) as journal:
        yield from journal.claims().values()


def files(folder: Path) -> dict[str, bytes]:
    """Read what stands in a folder, penstock's own files aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".penstock" not in path.parts and path.name != "penstock-manifest.jsonl"
    }


def finish(job: Job, to: Path, env: dict[str, str]) -> None:
    """Run a pull to its end."""
    running = pull(job, to, env)
    _, complaints = running.communicate(timeout=300)
    if running.returncode:
        raise SystemExit(f"{job.url} failed: {complaints.decode()}")


def try_once(job: Job, total: int, whole: dict[str, bytes], after: int, to: Path, sandbox: SandboxProcess) -> Trial:
    """Kill a pull after so many answers, run it again, and compare."""
    assert sandbox.log is not None
    env = {**os.environ, **sandbox.env}
    started = time.time()
    running = pull(job, to, env)
    while len(answered(sandbox.log, started)) < after and running.poll() is None and time.time() < started + WITHIN:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    first = answered(sandbox.log, started)
    parts = sum(claimed(to))
    time.sleep(0.2)  # whatever the killed run had sent has come by now
    resumed = time.time()
    finish(job, to, env)
    second = answered(sandbox.log, resumed)
    repeated = sum((Counter(second) & Counter(first)).values())
    return Trial(job.platform, len(first), parts, total, len(second), repeated, files(to) == whole)


def run(trials: int, seed: int, latency: float) -> list[Trial]:
    """Carry out every trial, the platforms by turns."""
    chance = random.Random(seed)
    done = []
    with tempfile.TemporaryDirectory(prefix="penstock-kills-") as name:
        folder = Path(name)
        with SandboxProcess(latency=latency, log=folder / "requests.jsonl") as sandbox:
            assert sandbox.log is not None
            env = {**os.environ, **sandbox.env}
            prepared = []
            for job in jobs(_first_study(env)):
                started = time.time()
                finish(job, folder / job.platform, env)
                prepared.append((job, len(answered(sandbox.log, started)), files(folder / job.platform)))
            for number in range(trials):
                job, total, whole = prepared[number % len(prepared)]
                after = chance.randint(max(1, total // 10), max(2, total * 9 // 10))
                trial = try_once(job, total, whole, after, folder / f"trial-{number}", sandbox)
                sys.stderr.write(f"{number + 1:3} {trial}\n")
                done.append(trial)
    return done


def _first_study(env: dict[str, str]) -> str:
    listed = subprocess.run(
        [sys.executable, "-m", "penstock", "ls", "seer://", "--json"], env=env, capture_output=True, check=True
    )
    rows: list[dict[str, Any]] = json.loads(listed.stdout)
    return str(rows[0]["url"]).removeprefix("seer://")


def main() -> int:
    """Run the trials and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--latency", type=float, default=0.03, help="seconds added to every answer")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    trials = run(options.trials, options.seed, options.latency)
    summary = {
        "trials": len(trials),
        "seed": options.seed,
        "passed": sum(trial.passed for trial in trials),
        "identical": sum(trial.identical for trial in trials),
        "journal_partly_filled": sum(trial.partly_filled for trial in trials),
        "parts": sum(trial.total for trial in trials),
        "repeated": sum(trial.repeated for trial in trials),
    }
    print(json.dumps(summary, indent=2))
    if options.json:
        options.json.write_text(json.dumps({**summary, "rows": [asdict(trial) for trial in trials]}, indent=2))
    return 0 if summary["passed"] == len(trials) else 1


if __name__ == "__main__":
    sys.exit(main())
