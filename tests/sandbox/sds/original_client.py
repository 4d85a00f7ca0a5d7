"""Drive the published `spectrumx` client against a gateway, and print what it saw as one line of JSON.

Run by `test_original_client.py` with a Python that has `spectrumx`; it imports nothing of penstock.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from uuid import UUID

from spectrumx.client import Client
from spectrumx.models.captures import CaptureType

TOKEN = "sandbox-sds-token"


def main(port: int, folder: Path, dataset: str) -> dict:
    sds = Client(host="localhost", env_config={"SDS_SECRET_TOKEN": TOKEN, "DRY_RUN": False})
    sds.gateway.port = port
    sds.dry_run = False
    sds.authenticate()
    return {
        "authenticated": sds.is_authenticated,
        "many": sorted(file.name for file in sds.list_files(sds_path="/many")),
        **{top: download(sds, folder, top) for top in ("captures/westford", "odd")},
        **uploads(sds, folder / "up"),
        **captures(sds),
        "dataset": sds.datasets.get(UUID(dataset)).name,
    }


def download(sds: Client, folder: Path, top: str) -> int:
    results = sds.download(from_sds_path=f"/{top}", to_local_path=folder / top, overwrite=False, verbose=False)
    return sum(bool(result) for result in results)


def uploads(sds: Client, folder: Path) -> dict:
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("alpha")
    (folder / "sub" / "b ü.txt").write_text("beta")
    (folder / "sub" / "same as a.txt").write_text("alpha")
    options = {"local_path": folder, "sds_path": "/uploaded", "verbose": False, "persist_state": False}
    sent = [bool(result) for _ in range(2) for result in sds.upload(**options)]
    there = list(sds.list_files(sds_path="/uploaded"))
    for file in there:
        sds.delete_file(file.uuid)
    return {
        "uploads": sent,
        "uploaded": sorted((file.name, file.size) for file in there),
        "left": len(list(sds.list_files(sds_path="/uploaded"))),
    }


def captures(sds: Client) -> dict:
    listed = sds.captures.listing()
    found = {str(capture.top_level_dir): len(sds.captures.read(capture.uuid).files) for capture in listed}
    made = sds.captures.create(
        top_level_dir=Path("/files/researcher@sandbox.invalid/captures/array"),
        channel="ch0",
        capture_type=CaptureType.DigitalRF,
    )
    sds.captures.delete(made.uuid)
    return {"captures": found, "made": [made.channel, len(made.files)]}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])))
