"""What is downloaded, by whom, and how the results are compared."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
MONTHS = "5eed0003-0000-4000-8000-000000000003"
MONTHS_START_MS = 1_704_067_200_000
"""Of the sandbox's long study, at midnight UTC of 2024-01-01."""


@dataclass(frozen=True)
class Workload:
    """One download and the two ways to do it.

    Attributes:
        name: What it is called on the command line.
        about: What is downloaded, for people.
        url: What penstock pulls.
        options: Its options.
        peer: Name of the peer's script.
        wanted: The peer's arguments.
        kind: How the results are compared; see `compare`.
        warm: Whether the server makes its answers on first demand, so that one run of each tool must not count.
    """

    name: str
    about: str
    url: str
    options: Sequence[str]
    peer: str
    wanted: Sequence[str]
    kind: str
    warm: bool = False

    def commands(self) -> Mapping[str, list[str]]:
        """Return the command of each tool, without its target; the peer is the first."""
        return {
            self.peer: [sys.executable, str(PEERS / f"{self.peer}.py"), *self.wanted],
            "penstock": [sys.executable, "-m", "penstock", "pull", self.url, *self.options, "--json"],
        }


def workloads(*, quick: bool) -> list[Workload]:
    """List the workloads, smaller ones when there is little time."""
    return [
        seer(minutes=60 if quick else 135),
        boss(planes=16 if quick else 32),
        SDS,
        *([] if quick else [SDS_SMALL]),
    ]


def seer(minutes: int) -> Workload:
    """21 channels of EEG for so long, in chunks of 10 s; at most the 135 minutes of the first segment."""
    stop = f"2024-01-01T{minutes // 60:02d}:{minutes % 60:02d}:00Z"
    until = MONTHS_START_MS + minutes * 60_000
    return Workload(
        name="seer",
        about=f"{minutes} min of 21-channel EEG, {minutes * 6} chunks, to npy",
        url=f"seer://{MONTHS}",
        options=["--start", "2024-01-01T00:00:00Z", "--stop", stop],
        peer="seer_pool",
        wanted=[MONTHS, "--from", str(MONTHS_START_MS), "--until", str(until)],
        kind="samples",
        warm=True,
    )


def boss(planes: int) -> Workload:
    """So many planes of 3072 x 3072 voxels."""
    box = ["--x", "0:3072", "--y", "0:3072", "--z", f"0:{planes}"]
    return Workload(
        name="boss",
        about=f"3072 x 3072 x {planes} voxels of uint8, to a TIFF stack",
        url="boss://demo/cortex/em",
        options=[*box, "--format", "tiff"],
        peer="ndpull_rows",
        wanted=["demo/cortex/em", *box],
        kind="pixels",
        warm=True,
    )


SDS = Workload(
    name="sds",
    about="a Digital RF capture of 83 files, 96 MiB",
    url="sds:///captures/westford",
    options=[],
    peer="sds_sequential",
    wanted=["/captures/westford"],
    kind="bytes",
    warm=True,
)
SDS_SMALL = replace(SDS, name="sds-small", about="1000 files of 400 bytes", url="sds:///many/00", wanted=["/many/00"])
