"""What the sandbox user finds: captures, odd names, many small files, and at scale `large` 4 GiB of noise.

Every id, name, byte and creation time follows from seed and scale, so that a transfer begun against one sandbox
may go on against the next.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

from penstock.sandbox.sds.contents import Content, Kept, OnDisk, Rendered, Repeated
from penstock.sandbox.sds.digital_rf import Channel
from penstock.sandbox.sds.indexing import collect
from penstock.sandbox.sds.large import LARGE_BLOCK, LARGE_DIGESTS, LARGE_SIZE
from penstock.sandbox.sds.radiohound import document
from penstock.sandbox.sds.store import Account, Capture, Dataset, File, Store

if TYPE_CHECKING:
    from penstock.sandbox.world import World

RESEARCHER = Account(1, "researcher@sandbox.invalid", "Sandbox Researcher", "sandbox-sds-token")
COLLEAGUE = Account(2, "colleague@sandbox.invalid", "Sandbox Colleague", "sandbox-sds-token-colleague")
BEGINNING = datetime(2026, 1, 15, 12, 0, 0, 123456, UTC)
WESTFORD_CHANNEL = "cap-2024-06-27T14-00-00"
HDF5 = "application/x-hdf5"

ODD = (
    ("odd", "with space.txt", "text/plain", b"A space is legal.\n"),
    ("odd", "ünïcödé 名前.csv", "text/csv", "größe,数\n1,2\n".encode()),
    ("odd", "semi;colon, 100% 'quoted' (1) #2 & more?.txt", "text/plain", b"So is punctuation.\n"),
    ("odd", "Case.txt", "text/plain", b"Upper.\n"),
    ("odd", "case.txt", "text/plain", b"Lower.\n"),
    ("odd", ".hidden", "text/plain", b"A leading dot.\n"),
    ("odd", "-dash.txt", "text/plain", b"A leading dash.\n"),
    ("odd", "n" * 200 + ".txt", "text/plain", b"A long name.\n"),
    ("odd", "versions.txt", "text/plain", b"The first version.\n"),
    ("odd", "versions.txt", "text/plain", b"The second version, which listings show.\n"),
    ("odd/no extension", "README", "", b"No media type either.\n"),
    ("odd/demo/on", "a.txt", "text/plain", b"In demo/on.\n"),
    ("odd/demo/one", "a.txt", "text/plain", b"In demo/one, whose name begins like its neighbour's.\n"),
    ("odd/demo/one", "copy of a.txt", "text/plain", b"In demo/on.\n"),
)
"""Directory, name, media type and content: each a trap that some client falls into."""


def populate(world: World) -> Store:
    """Build the store of a new sandbox."""
    store = Store(world)
    store.accounts += [RESEARCHER, COLLEAGUE]
    sower = Sower(store, RESEARCHER)
    _sow_westford(sower)
    for channel in ("ch0", "ch1"):
        _sow_channel(sower, "captures/array", channel, rate=8000, files=4)
    for directory, name, media_type, data in ODD:
        sower.file(directory, name, media_type, Kept(data))
    _sow_many(sower)
    if world.scale == "large":
        _sow_large(sower)
    _sow_shared(Sower(store, COLLEAGUE))
    _sow_datasets(sower)
    return store


@dataclass(slots=True)
class Sower:
    """Puts files and captures into a store on behalf of one account."""

    store: Store
    owner: Account
    sown: int = 0

    def file(self, directory: str, name: str, media_type: str, content: Content) -> File:
        """Store one file; each is a second younger than the one before."""
        self.sown += 1
        file = File(
            uuid=self.store.world.uuid("sds", self.owner.email, directory, name, self.sown),
            owner=self.owner,
            directory=f"{self.owner.root}/{directory}",
            name=name,
            media_type=media_type,
            content=content,
            created=self.time,
        )
        self.store.add(file)
        return file

    def capture(self, kind: str, top: str, name: str, channel: str = "") -> Capture:
        """Register the files below `top` as a capture."""
        capture = Capture(
            uuid=self.store.world.uuid("sds", "capture", self.owner.email, top, channel),
            owner=self.owner,
            kind=kind,
            top=f"/{top}",
            index=f"captures-{kind}",
            name=name,
            created=self.time,
            updated=self.time,
            channel=channel,
        )
        capture.files = collect(self.store, capture)
        self.store.captures.append(capture)
        return capture

    @property
    def time(self) -> datetime:
        """When the latest file came into being."""
        return BEGINNING + timedelta(seconds=self.sown)


def _sow_westford(sower: Sower) -> None:
    """Serve the real capture if it is at hand, else a synthetic one of the same shape."""
    real = sower.store.world.vectors("sds", "drf", "westford-vpol")
    top = "captures/westford"
    if real is None:
        files = sower.store.world.pick(tiny=16, small=80, large=80)
        rate = sower.store.world.pick(tiny=160_000, small=2_500_000, large=2_500_000)
        _sow_channel(sower, top, WESTFORD_CHANNEL, rate, files)
        return
    for path in sorted(real.rglob("*.h5")):
        directory = path.parent.relative_to(real).as_posix()
        sower.file(f"{top}/{directory}", path.name, HDF5, OnDisk(path))
    sower.capture("drf", top, "Westford, vertical polarisation", WESTFORD_CHANNEL)


def _sow_channel(sower: Sower, top: str, name: str, rate: int, files: int) -> None:
    channel = Channel(sower.store.world, f"{top}/{name}", rate, files)
    for path, render in channel.members():
        directory, _, leaf = f"{top}/{name}/{path}".rpartition("/")
        sower.file(directory, leaf, HDF5, Rendered(render))
    sower.capture("drf", top, top.rpartition("/")[2], name)


def _sow_many(sower: Sower) -> None:
    """A crowd of small files, a thousand a folder."""
    world = sower.store.world
    for index in range(world.pick(tiny=40, small=2_000, large=20_000)):
        content = Rendered(partial(_sweep, world, index), cheap=True)
        sower.file(f"many/{index // 1000:02d}", f"sweep-{index:05d}.csv", "text/csv", content)


def _sweep(world: World, index: int) -> bytes:
    """Make a small table of powers, some hundred bytes long."""
    raw = world.entropy("sweep", index, size=24)
    rows = (f"{(index % 3000 + 100) * 1000 + step * 25},{-120 + level / 8:.3f}" for step, level in enumerate(raw))
    return ("frequency_khz,power_dbm\n" + "\n".join(rows) + "\n").encode()


def _sow_large(sower: Sower) -> None:
    for index, digest in enumerate(LARGE_DIGESTS):
        content = Repeated(_large_block, LARGE_SIZE, shift=index * 524_309, digest=digest)
        sower.file("captures/large", f"wideband-{index:03d}.sc16", "application/octet-stream", content)


@cache
def _large_block() -> bytes:
    """Make the noise that the large files repeat; it is the same for every seed, so that digests can be known."""
    return hashlib.shake_256(b"penstock sandbox: wideband noise").digest(LARGE_BLOCK)


def _sow_shared(sower: Sower) -> None:
    """Let the colleague share a RadioHound capture."""
    real = sower.store.world.vectors("sds", "radiohound", "reference-v0.rh.json")
    content = OnDisk(real) if real is not None else Rendered(partial(document, sower.store.world))
    sower.file("radiohound", "reference-v0.rh.json", "application/json", content)
    sower.capture("rh", "radiohound", "RadioHound reference").shared_with.append(RESEARCHER)


def _sow_datasets(sower: Sower) -> None:
    """A draft data set with both kinds of members, and one with none."""
    store, world = sower.store, sower.store.world
    captures = [capture for capture in store.captures if capture.owner is sower.owner]
    artifacts = store.newest_below(sower.owner, f"{sower.owner.root}/odd/demo")
    about = "Captures and files of the penstock sandbox."
    full = Dataset(
        world.uuid("sds", "dataset", "demo"), sower.owner, "Sandbox demo", about, sower.time, captures, artifacts
    )
    empty = Dataset(world.uuid("sds", "dataset", "empty"), sower.owner, "Sandbox, empty", "Nothing.", sower.time)
    store.datasets += [full, empty]
