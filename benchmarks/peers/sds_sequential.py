"""A directory as the SpectrumX SDK downloads it: one file after another, a look at each before its contents.

    python benchmarks/peers/sds_sequential.py /captures/westford --to DIR

Finds the service by `PENSTOCK_SDS_URL` and `SDS_SECRET_TOKEN`. Contents come in chunks of 8 KiB, go to a temporary
file, are synced, and then take their name; nothing compares them with the digest that the service publishes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

CHUNK = 8 << 10
PAGE = 30
TIMEOUT = 300


class Gateway:
    """The data system, by one session."""

    def __init__(self) -> None:
        self._files = f"{os.environ['PENSTOCK_SDS_URL']}/api/v1/assets/files/"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Api-Key: {os.environ['SDS_SECRET_TOKEN']}"

    def listed(self, path: str) -> Iterator[dict[str, Any]]:
        """Walk the pages of a listing."""
        page = 1
        while True:
            found = self._json(self._files, path=path, page=page, page_size=PAGE)
            yield from found["results"]
            if not found["next"]:
                return
            page += 1

    def record(self, uuid: str) -> dict[str, Any]:
        """Ask for the record of one file."""
        return dict(self._json(f"{self._files}{uuid}/"))

    def contents(self, uuid: str) -> Iterator[bytes]:
        """Stream the contents of one file."""
        with self._session.get(f"{self._files}{uuid}/download/", stream=True, timeout=TIMEOUT) as answer:
            answer.raise_for_status()
            yield from answer.iter_content(CHUNK)

    def _json(self, url: str, **query: Any) -> Any:
        answer = self._session.get(url, params=query, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()


def download(gateway: Gateway, path: str, to: Path) -> None:
    """Fetch every file below a path."""
    for file in gateway.listed(path):
        record = gateway.record(file["uuid"])
        below = f"{record['directory']}/{record['name']}".partition(f"{path.rstrip('/')}/")[2]
        place(gateway.contents(file["uuid"]), to / below)


def place(blocks: Iterator[bytes], target: Path) -> None:
    """Write a file beside its place, sync it, and move it there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".downloading", delete=False) as temporary:
        for block in blocks:
            temporary.write(block)
        temporary.flush()
        os.fsync(temporary.fileno())
    Path(temporary.name).replace(target)


def main() -> None:
    """Download what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args()
    download(Gateway(), options.path, options.to)


if __name__ == "__main__":
    main()
