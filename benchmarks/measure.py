"""Run a tool as a child process and read from the kernel what it took."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """What one run of a tool took, from starting its process to its end.

    Attributes:
        wall_s: Seconds on the clock.
        cpu_s: Seconds of CPU in user and system mode, descendants included.
        rss_mib: Peak memory of the process, or of its largest descendant.
        server_share: CPU that the server took meanwhile, as a share of one core.
    """

    wall_s: float
    cpu_s: float
    rss_mib: float
    server_share: float


def run(command: Sequence[str], env: Mapping[str, str], server: int) -> Run:
    """Run a command to its end.

    Args:
        command: What to run; its output goes nowhere, its complaints to ours.
        env: Its environment.
        server: Process id of the server that it talks to.

    Raises:
        SystemExit: It failed.
    """
    served = cpu_seconds(server)
    started = time.perf_counter()
    child = subprocess.Popen(command, env=dict(env), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {child.returncode}")
    share = (cpu_seconds(server) - served) / wall
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, share)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
