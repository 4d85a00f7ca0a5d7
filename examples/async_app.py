"""Download EEG in an asyncio application, and watch it arrive.

penstock sandbox run -- python examples/async_app.py
"""

from __future__ import annotations

from pathlib import Path

import anyio
import numpy as np

import penstock
from penstock.events import Event, ItemFinished, Retrying


def watch(event: Event) -> None:
    """Tell what is worth telling; it is called in the event loop, so it must not wait for anything."""
    match event:
        case ItemFinished():
            print(f"{event.item}: {event.files} files, {event.size} bytes")
        case Retrying():
            print(f"{event.item}: again in {event.delay:.1f} s, because {event.cause}")


async def main() -> None:
    async with penstock.Seer() as seer:
        async for study in seer.studies(search="sleep"):
            report = await seer.download(study.id, channels=["EEG"], to="eeg", on_event=watch)
            report.raise_for_failures()
            print(f"{study.title}: {report.done} segments fetched, {report.unneeded} were there already")


def show(folder: Path) -> None:
    for path in sorted(folder.rglob("*.npy")):
        samples = np.load(path, mmap_mode="r")  # samples x channels, read from disk as far as you look
        print(path.name, samples.shape, samples.dtype)


anyio.run(main)  # asyncio.run(main()) does as well
show(Path("eeg"))
