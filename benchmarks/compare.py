"""See that two folders hold the same data: `python -m benchmarks.compare KIND PENSTOCK PEER`, exit 0 if they do.

A process of its own, because what it imports and holds must not count against the tools: a child's peak memory
starts from that of the process that starts it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TOLERANCE = 3e-7
"""Of the largest value: the peers scale in float32, penstock rounds once."""


def files(folder: Path, suffix: str = "") -> dict[str, Path]:
    """List the files of a folder by their paths in it, penstock's own left out."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob(f"*{suffix}"))
        if path.is_file() and ".penstock" not in path.parts and path.name != "penstock-manifest.jsonl"
    }


def pairs(ours: dict[Any, Path], theirs: dict[Any, Path]) -> Iterator[tuple[Path, Path]]:
    """Match files by key; each must have its counterpart."""
    if ours.keys() != theirs.keys() or not ours:
        raise SystemExit(f"not the same files: {sorted(map(str, ours.keys() ^ theirs.keys()))[:5]}")
    return ((path, theirs[key]) for key, path in ours.items())


def same_bytes(ours: Path, theirs: Path) -> None:
    """Compare stored files byte by byte."""
    for one, other in pairs(files(ours), files(theirs)):
        if one.read_bytes() != other.read_bytes():
            raise SystemExit(f"{one} and {other} differ")


def same_pixels(ours: Path, theirs: Path) -> None:
    """Compare image stacks voxel by voxel, whatever their compression."""
    import numpy as np
    import tifffile

    for one, other in pairs(files(ours, ".tif"), files(theirs, ".tif")):
        if not np.array_equal(tifffile.imread(one), tifffile.imread(other)):
            raise SystemExit(f"{one} and {other} differ")


def same_samples(ours: Path, theirs: Path) -> None:
    """Compare segments sample by sample: gaps in the same places, values to the precision of float32."""
    import numpy as np

    for one, other in pairs(_segments(ours), _segments(theirs)):
        left, right = np.load(one, mmap_mode="r"), np.load(other, mmap_mode="r")
        if left.shape != right.shape or left.dtype != right.dtype:
            raise SystemExit(f"{one} is {left.dtype}{left.shape}, {other} is {right.dtype}{right.shape}")
        precision = TOLERANCE * float(np.nanmax(np.abs(right), initial=0.0)) * 2
        if not np.allclose(left, right, rtol=0.0, atol=precision, equal_nan=True):
            raise SystemExit(f"{one} and {other} differ")


def _segments(folder: Path) -> dict[tuple[str, float], Path]:
    """Find the array of each segment, by its group and the start of the segment."""
    found = {}
    for path in files(folder, ".json").values():
        about = json.loads(path.read_text())
        start = about["segment_start_ms"] if "segment_start_ms" in about else about["segment_ms"][0]
        found[about["group"], start] = path.with_suffix(".npy")
    return found


KINDS: dict[str, Callable[[Path, Path], None]] = {
    "bytes": same_bytes,
    "pixels": same_pixels,
    "samples": same_samples,
}

if __name__ == "__main__":
    KINDS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
