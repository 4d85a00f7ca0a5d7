"""Channel data as seer-py fetches it: a pool of processes, one request with a connection of its own for each chunk.

    python benchmarks/peers/seer_pool.py STUDY --from MS --until MS --to DIR

Finds the service by `SDK_API_BASE_URL`, `PENSTOCK_SEER_EMAIL` and `PENSTOCK_SEER_PASSWORD`. Every chunk's URL is
signed before the first is fetched. A worker decodes its chunk to float32 and sends the samples back to the parent,
which puts them together. The original makes a data frame of each chunk, and sorts them all; here numpy is enough.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import requests

PROCESSES = 5
BATCH = 10_000
GZIP = b"\x1f\x8b"

METADATA = """
query study_with_data($study_id: String!, $limit: PaginationAmount, $offset: Int) {
  study(id: $study_id) {
    id name
    channelGroups {
      id name sampleRate samplesPerRecord chunkPeriod sampleEncoding compression
      signalMin signalMax exponent timestamped
      segments(limit: $limit, offset: $offset) { id startTime duration }
      channels { id name }
    }
  }
}
"""


class Service:
    """The gateway, logged in."""

    def __init__(self) -> None:
        self._base = os.environ["SDK_API_BASE_URL"]
        self._session = requests.Session()
        who = {"email": os.environ["PENSTOCK_SEER_EMAIL"], "password": os.environ["PENSTOCK_SEER_PASSWORD"]}
        self._session.post(f"{self._base}/auth/login", data=who).raise_for_status()
        self._session.get(f"{self._base}/auth/verify").raise_for_status()

    def query(self, text: str, **variables: Any) -> Any:
        """Ask one question."""
        answer = self._session.post(f"{self._base}/graphql", json={"query": text, "variables": variables})
        answer.raise_for_status()
        body = answer.json()
        if body.get("errors"):
            raise SystemExit(f"the service answered {body['errors'][0]}")
        return body["data"]

    def groups(self, study: str) -> list[dict[str, Any]]:
        """List the channel groups of a study with their segments."""
        found = self.query(METADATA, study_id=study, limit=5000, offset=0)
        return list(found["study"]["channelGroups"])

    def urls(self, keys: list[tuple[str, int]]) -> list[str | None]:
        """Sign the URLs of chunks, in order; None where nothing is stored."""
        signed: list[str | None] = []
        for start in range(0, len(keys), BATCH):
            wanted = ", ".join(
                f'{{segmentId: "{segment}", chunkIndex: {index}}}' for segment, index in keys[start : start + BATCH]
            )
            text = f"query {{ studyChannelGroupDataChunkUrls(chunkKeys: [{wanted}], s3Urls: true) }}"
            signed += self.query(text)["studyChannelGroupDataChunkUrls"]
        return signed


@dataclass(frozen=True)
class Stretch:
    """The part of a segment that was asked for, in chunks and in rows of the result."""

    group: dict[str, Any]
    segment: dict[str, Any]
    begin: float
    end: float

    @property
    def period(self) -> float:
        return float(self.group["chunkPeriod"]) * 1000

    @property
    def chunks(self) -> range:
        start = self.segment["startTime"]
        return range(int((self.begin - start) // self.period), math.ceil((self.end - start) / self.period))

    def row(self, time: float) -> int:
        """Number the first sample at or after a time, from the segment's start on."""
        samples: float = (time - self.segment["startTime"]) * self.group["sampleRate"] / 1000
        return math.ceil(samples)


def stretches(groups: list[dict[str, Any]], begin: float, end: float) -> Iterator[Stretch]:
    """Cut every segment to the time that was asked for."""
    for group in groups:
        if group["timestamped"]:
            raise SystemExit("groups whose rows carry their own times are no part of this comparison")
        for segment in group["segments"]:
            first = max(begin, segment["startTime"])
            last = min(end, segment["startTime"] + segment["duration"])
            if first < last:
                yield Stretch(group, segment, first, last)


def fetch(job: tuple[str, dict[str, Any]]) -> np.ndarray | None:
    """Download and decode one chunk, rows by channels; None where the store has none. Runs in a worker process."""
    url, group = job
    answer = requests.get(url)
    if answer.status_code == 404:
        return None
    answer.raise_for_status()
    body = answer.content
    return decoded(gzip.decompress(body) if body[:2] == GZIP else body, group)


def decoded(body: bytes, group: dict[str, Any]) -> np.ndarray:
    """Arrange the records of a chunk and scale them to physical values."""
    digital = np.frombuffer(body, np.dtype(group["sampleEncoding"]).newbyteorder("<"))
    shape = (-1, len(group["channels"]), group["samplesPerRecord"])
    rows = digital.reshape(shape).transpose(0, 2, 1).reshape(-1, shape[1])
    unit = 10.0 ** group["exponent"]
    if rows.dtype.kind == "f":
        return (rows * np.float32(unit)).astype(np.float32)
    limits = np.iinfo(rows.dtype)
    step = (group["signalMax"] - group["signalMin"]) / (limits.max - limits.min)
    values = rows.astype(np.float32)
    values -= limits.min
    values *= step * unit
    values += group["signalMin"] * unit
    values[(rows == limits.min).all(axis=1)] = np.nan
    return values


def pull(study: str, begin: float, end: float, to: Path) -> None:
    """Fetch the whole selection, then write a file a segment."""
    service = Service()
    wanted = list(stretches(service.groups(study), begin, end))
    keys = [(stretch.segment["id"], index) for stretch in wanted for index in stretch.chunks]
    urls = service.urls(keys)
    groups = [stretch.group for stretch in wanted for _ in stretch.chunks]
    there = [(key, url, group) for key, url, group in zip(keys, urls, groups, strict=True) if url is not None]
    with Pool(min(PROCESSES, len(there) + 1)) as pool:
        fetched = pool.map(fetch, [(url, group) for _, url, group in there])
    chunks = {key: chunk for (key, _, _), chunk in zip(there, fetched, strict=True)}
    for stretch in wanted:
        write(stretch, chunks, to)


def write(stretch: Stretch, chunks: dict[tuple[str, int], np.ndarray | None], to: Path) -> None:
    """Put the chunks of a stretch together, NaN where there are none."""
    first, last = stretch.row(stretch.begin), stretch.row(stretch.end)
    rows = np.full((last - first, len(stretch.group["channels"])), np.nan, np.float32)
    per_chunk = round(stretch.group["sampleRate"] * stretch.group["chunkPeriod"])
    for index in stretch.chunks:
        chunk = chunks.get((stretch.segment["id"], index))
        if chunk is None:
            continue
        at = index * per_chunk - first
        kept = chunk[max(0, -at) : max(0, len(rows) - at)]
        rows[max(0, at) : max(0, at) + len(kept)] = kept
    name = f"{stretch.group['name']} {stretch.segment['startTime']:.3f}"
    np.save(to / f"{name}.npy", rows)
    about = {"group": stretch.group["name"], "segment_start_ms": stretch.segment["startTime"]}
    (to / f"{name}.json").write_text(json.dumps(about))


def main() -> None:
    """Pull what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("--from", dest="begin", type=float, default=0.0, metavar="MS")
    parser.add_argument("--until", type=float, default=9e15, metavar="MS")
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    pull(options.study, options.begin, options.until, options.to)


if __name__ == "__main__":
    main()
