"""The journal never claims more than the disk holds, wherever a run is cut off."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.transfer.rig import RigSink, RigSource, item, whole

from penstock import Context, verify
from penstock.errors import DiskFull, JournalCorrupt, TargetUnwritable
from penstock.formats.files import file_digest
from penstock.transfer.folder import Folder
from penstock.transfer.journal import Journal, on_network
from penstock.transfer.recorder import roll_forward
from penstock.types import Output

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from penstock.transfer.plan import Plan

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    with closing(Folder(tmp_path / "to")) as held:
        yield held


def publishing(folder: Folder, *names: str) -> list[Output]:
    """Leave the folder as a crash between the claim and the renames leaves it."""
    scratch = folder.scratch("rig", "rig-0", "a")
    scratch.mkdir()
    outputs = []
    for name in names:
        path = scratch / name
        path.write_bytes(name.encode() * 100)
        outputs.append(Output(path, f"deep/{name}", path.stat().st_size, file_digest(path), "size"))
    with closing(Journal(folder.journal)) as journal, journal.transaction():
        journal.set_publishing(journal.begin("rig", "rig-0", item("a")), outputs)
    return outputs


@pytest.mark.parametrize("renamed", [0, 1, 2])
def test_renames_that_a_crash_cut_short_are_finished(folder: Folder, renamed: int) -> None:
    outputs = publishing(folder, "one", "two")
    for output in outputs[:renamed]:
        folder.place(output.temporary, output.target)

    with closing(Journal(folder.journal)) as journal:
        roll_forward(journal, folder)
        entry = journal.lookup("rig", "rig-0", "a")

    assert entry is not None
    assert entry.state == "done"
    assert (folder.root / "deep/one").read_text() == "one" * 100
    assert (folder.root / "deep/two").read_text() == "two" * 100


def test_an_item_whose_files_vanished_is_fetched_again(folder: Folder) -> None:
    for output in publishing(folder, "one", "two"):
        output.temporary.unlink()

    with closing(Journal(folder.journal)) as journal:
        roll_forward(journal, folder)

        assert journal.lookup("rig", "rig-0", "a") is None


async def test_part_files_that_vanished_are_fetched_again(plan: Callable[..., Plan], tmp_path: Path) -> None:
    with closing(Folder(tmp_path / "to")) as folder, closing(Journal(folder.journal)) as journal, journal.transaction():
        journal.add_spans(journal.begin("rig", "rig-0", item("a")), [(0, 2)])
    source = RigSource()
    async with Context() as context:
        report = await plan(context, source, item("a")).apply()

    assert report.complete
    assert len(source.asked) == 3
    assert (tmp_path / "to/a.bin").read_bytes() == whole(item("a"))


def test_a_transaction_is_all_or_nothing(folder: Folder) -> None:
    with closing(Journal(folder.journal)) as journal:
        with pytest.raises(LookupError), journal.transaction():
            journal.begin("rig", "rig-0", item("a"))
            raise LookupError

        assert journal.lookup("rig", "rig-0", "a") is None


def test_a_journal_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(b"not a database, by any measure" * 100)

    with pytest.raises(JournalCorrupt, match="journal") as caught:
        Journal(path)
    assert caught.value.hint


def test_a_journal_of_the_future_is_left_alone(folder: Folder) -> None:
    with closing(Journal(folder.journal)) as journal, journal.transaction():
        journal.set_fact("schema", "999")

    with pytest.raises(JournalCorrupt, match="999"):
        Journal(folder.journal)


def test_the_journal_waits_for_the_disk(folder: Folder) -> None:
    with closing(Journal(folder.journal)):
        with closing(sqlite3.connect(folder.journal)) as db:
            mode = db.execute("PRAGMA journal_mode").fetchone()[0]

        assert mode == ("truncate" if on_network(folder.journal) else "wal")


@pytest.mark.parametrize(
    ("mounts", "network"),
    [
        ("1 0 0:1 / / rw - ext4 /dev/a rw\n", False),
        ("1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / /data rw - nfs4 server:/ rw\n", True),
        ("1 0 0:1 / / rw - nfs server:/ rw\n2 1 0:2 / /data/to rw - xfs /dev/b rw\n", False),
    ],
)
def test_tells_network_file_systems_from_local_ones(tmp_path: Path, mounts: str, network: bool) -> None:
    from pathlib import Path as RealPath

    table = tmp_path / "mountinfo"
    table.write_text(mounts)

    assert on_network(RealPath("/data/to/.penstock/journal.sqlite3"), table) is network


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, DiskFull), (errno.EROFS, TargetUnwritable), (errno.EDQUOT, DiskFull)]
)
async def test_a_failing_disk_ends_the_transfer_and_leaves_it_resumable(
    plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    def fail(sink: RigSink) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(RigSink, "sync", fail)
        async with Context() as context:
            with pytest.raises(error):
                await plan(context, RigSource(), item("a", parts=400)).apply()
    assert [path.name for path in (tmp_path / "to").iterdir() if path.name.endswith(".bin")] == []

    async with Context() as context:
        report = await plan(context, RigSource(), item("a", parts=400)).apply()
    assert report.complete
    assert (await verify(tmp_path / "to")).intact


async def test_what_was_not_synced_is_not_claimed(
    plan: Callable[..., Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(sink: RigSink) -> None:
        raise OSError(errno.EIO, "the disk is dying")

    with monkeypatch.context() as patch:
        patch.setattr(RigSink, "sync", fail)
        async with Context() as context:
            report = await plan(context, RigSource(slow_end), item("a", parts=50)).apply()
    with closing(Journal(tmp_path / "to/.penstock/journal.sqlite3", readonly=True)) as journal:
        claims = journal.claims()

    assert [failure.error.code for failure in report.failures] == ["transfer"]
    assert claims == {"a": 0}


async def slow_end(key: str, part: int, attempt: int) -> bytes | None:
    """Keep the last part back until the recorder has looked at the others."""
    import anyio

    if part == 49:
        await anyio.sleep(0.3)
    return None


async def test_a_journal_that_cannot_be_opened_ends_the_transfer(plan: Callable[..., Plan], tmp_path: Path) -> None:
    (tmp_path / "to/.penstock").mkdir(parents=True)
    (tmp_path / "to/.penstock/journal.sqlite3").write_bytes(b"garbage" * 1000)
    async with Context() as context:
        with pytest.raises(JournalCorrupt):
            await plan(context, RigSource(), item("a")).apply()
