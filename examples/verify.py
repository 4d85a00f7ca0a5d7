"""Check a folder, find a damaged file, and put it right.

penstock sandbox run -- python examples/verify.py
"""

from __future__ import annotations

from pathlib import Path

import penstock.sync as penstock

FOLDER = Path("checked")

with penstock.Sds() as sds:
    sds.download("/captures/westford", to=FOLDER).raise_for_failures()
    print("after the download, intact:", penstock.verify(FOLDER).intact)

    victim = max(FOLDER.rglob("rf@*.h5"))
    damaged = bytearray(victim.read_bytes())
    damaged[1000] ^= 1  # one bit, and neither size nor name changes
    victim.write_bytes(damaged)

    found = penstock.verify(FOLDER)
    print("changed:", *found.changed)

    for name in (*found.changed, *found.missing):
        (FOLDER / name).unlink(missing_ok=True)
    report = sds.download("/captures/westford", to=FOLDER)
    print(f"fetched again: {report.done}; intact: {penstock.verify(FOLDER).intact}")
