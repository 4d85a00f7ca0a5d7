"""Cutouts as ndpull fetches them: slabs of 16 planes, rows of tiles 2048 wide, four threads within a row.

    python benchmarks/peers/ndpull_rows.py COLLECTION/EXPERIMENT/CHANNEL --x 0:4096 --y 0:4096 --z 0:32 --to DIR

Finds the service by `INTERN_PROTOCOL`, `INTERN_HOST` and `INTERN_TOKEN`. A slab is held in memory as a whole, every
row of tiles waits for its slowest one, and the planes of a slab are written when its last row has come.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import blosc
import numpy as np
import requests
import tifffile

TILE = 2048
PLANES = 16
THREADS = 4

Span = tuple[int, int]


class Service:
    """The volumetric service, by one session."""

    def __init__(self) -> None:
        self._base = f"{os.environ['INTERN_PROTOCOL']}://{os.environ['INTERN_HOST']}/v1"
        self._session = requests.Session()
        self._session.headers.update(
            {"Authorization": f"Token {os.environ['INTERN_TOKEN']}", "Accept-Encoding": "identity"}
        )

    def json(self, path: str) -> Any:
        """Ask for a record."""
        answer = self._session.get(f"{self._base}/{path}", headers={"Accept": "application/json"})
        answer.raise_for_status()
        return answer.json()

    def cutout(self, channel: str, dtype: str, spans: tuple[Span, Span, Span]) -> np.ndarray:
        """Fetch and unpack one block; its axes are z, y, x."""
        ranges = "/".join(f"{start}:{stop}" for start, stop in spans)
        url = f"{self._base}/cutout/{channel}/0/{ranges}/"
        answer = self._session.get(url, headers={"Accept": "application/blosc"})
        answer.raise_for_status()
        shape = tuple(stop - start for start, stop in reversed(spans))
        return np.frombuffer(blosc.decompress(answer.content), dtype=dtype).reshape(shape)


def described(service: Service, channel: str) -> str:
    """Make the requests that the tool starts with, and return the type of a voxel."""
    collection, experiment, name = channel.split("/")
    service.json(f"collection/{collection}")
    about = service.json(f"collection/{collection}/experiment/{experiment}/")
    record = service.json(f"collection/{collection}/experiment/{experiment}/channel/{name}/")
    service.json(f"downsample/{channel}")
    service.json(f"coord/{about['coord_frame']}")
    return str(record["datatype"])


def steps(span: Span, size: int) -> Iterator[Span]:
    """Cut a span into steps from its start."""
    for start in range(span[0], span[1], size):
        yield start, min(start + size, span[1])


def slabs(z: Span) -> Iterator[Span]:
    """Cut planes where the storage grid does."""
    start = z[0]
    while start < z[1]:
        stop = min(z[1], (start // PLANES + 1) * PLANES)
        yield start, stop
        start = stop


def pull(service: Service, channel: str, x: Span, y: Span, z: Span, to: Path) -> None:
    """Fetch slab after slab and write it plane by plane."""
    dtype = described(service, channel)
    digits = len(str(z[1]))
    stem = f"{channel.replace('/', '_')}_x{x[0]}-{x[1]}_y{y[0]}-{y[1]}"
    for slab in slabs(z):
        planes = np.zeros((slab[1] - slab[0], y[1] - y[0], x[1] - x[0]), dtype)
        for row in steps(y, TILE):
            fill_row(service, channel, planes, x, y[0], row, slab)
        for number, plane in zip(range(*slab), planes, strict=True):
            tifffile.imwrite(to / f"{stem}_z{number:0{digits}d}.tif", plane, compression="zlib")


def fill_row(service: Service, channel: str, planes: np.ndarray, x: Span, top: int, row: Span, slab: Span) -> None:
    """Fetch one row of tiles by a pool of its own, and put them in place when all are there."""
    columns = list(steps(x, TILE))
    with ThreadPool(THREADS) as pool:
        fetch = partial(service.cutout, channel, planes.dtype.name)
        tiles = pool.map(fetch, [(column, row, slab) for column in columns])
    for (start, stop), tile in zip(columns, tiles, strict=True):
        planes[:, row[0] - top : row[1] - top, start - x[0] : stop - x[0]] = tile


def span(text: str) -> Span:
    """Read `START:STOP`."""
    start, _, stop = text.partition(":")
    return int(start), int(stop)


def main() -> None:
    """Pull what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("channel")
    for axis in "xyz":
        parser.add_argument(f"--{axis}", type=span, required=True)
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    pull(Service(), options.channel, options.x, options.y, options.z, options.to)


if __name__ == "__main__":
    main()
