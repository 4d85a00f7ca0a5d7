"""Plans, folders and disks that are against the engine."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from blake3 import blake3
from tests.transfer.rig import PART, RigSink, RigSource, item, listed, whole
from tests.transfer.test_engine import files

from penstock import Context, verify
from penstock.errors import Closed, ConnectionFailed, DiskFull, FormatError, NotFound
from penstock.events import ItemFailed, Progress, Retrying
from penstock.formats.files import file_digest
from penstock.transfer.folder import Folder
from penstock.transfer.journal import Journal
from penstock.transfer.plan import Plan
from penstock.types import Digest, Item

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio
MakePlan = "Callable[..., Plan]"


async def test_two_items_that_want_one_file_do_not_overwrite_each_other(plan: MakePlan, tmp_path: Path) -> None:
    first, second = item("a", parts=1, target="same.bin"), item("b", parts=1, target="same.bin")
    async with Context() as context:
        report = await plan(context, RigSource(), first, second).apply()
        again = await plan(context, RigSource(), first, second).apply()

    assert [failure.item for failure in report.failures] == ["b"]
    assert report.failures[0].error.code == "target-exists"
    assert files(tmp_path / "to") == {"same.bin": whole(first)}
    assert [failure.item for failure in again.failures] == ["b"]
    assert again.unneeded == 1
    assert (await verify(tmp_path / "to")).intact


async def test_items_of_two_plans_may_share_a_file_of_the_same_content(plan: MakePlan, tmp_path: Path) -> None:
    source = RigSource(lambda *_: b"s" * PART)
    async with Context() as context:
        for _ in range(2):
            for key in "ab":
                assert (await plan(context, source, item(key, parts=1, target="same.bin")).apply()).complete
        other = await plan(context, RigSource(), item("c", parts=1, target="same.bin")).apply()

    assert len(source.asked) == 2
    assert [failure.error.code for failure in other.failures] == ["target-exists"]
    assert files(tmp_path / "to") == {"same.bin": b"s" * PART}


async def test_an_item_that_is_listed_twice_is_fetched_once(plan: MakePlan, tmp_path: Path) -> None:
    async with Context() as context:
        source = RigSource()
        report = await plan(context, source, item("a", parts=40), item("a", parts=40), item("b")).apply()

    assert report.complete
    assert (report.items, report.done, report.unneeded) == (3, 2, 1)
    assert sorted(source.asked) == sorted([*(("a", part) for part in range(40)), *(("b", part) for part in range(3))])
    assert files(tmp_path / "to")["a.bin"] == whole(item("a", parts=40))


async def test_a_key_that_is_listed_with_two_contents_fails_the_second(plan: MakePlan, tmp_path: Path) -> None:
    async with Context() as context:
        report = await plan(context, RigSource(), item("a", parts=40), item("a", parts=2, identity="v2")).apply()

    assert report.done == 1
    assert len(report.failures) == 1
    assert files(tmp_path / "to")["a.bin"] == whole(item("a", parts=40))


async def test_a_publication_that_failed_does_not_stand_in_the_way_for_ever(plan: MakePlan, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "to/deep").symlink_to(outside)
    async with Context() as context:
        await plan(context, RigSource(), item("deep/a")).apply()
        report = await plan(context, RigSource(), item("deep/a"), item("b")).apply()
        assert report.done == 1
        (tmp_path / "to/deep").unlink()
        report = await plan(context, RigSource(), item("deep/a"), item("b")).apply()

    assert report.complete
    assert files(tmp_path / "to") == {"deep/a.bin": whole(item("deep/a")), "b.bin": whole(item("b"))}


async def test_a_folder_where_a_file_is_due_fails_that_item_alone(plan: MakePlan, tmp_path: Path) -> None:
    items = [item("a/b", parts=1, target="a/b"), item("a", parts=1, target="a"), item("c", parts=1)]
    async with Context() as context:
        report = await plan(context, RigSource(), *items).apply()
        again = await plan(context, RigSource(), *items).apply()

    assert (report.done, [f.error.code for f in report.failures]) == (2, ["target-exists"])
    assert again.unneeded == 2


async def test_part_files_that_are_gone_are_fetched_anew(plan: MakePlan, tmp_path: Path) -> None:
    def trouble(key: str, part: int, attempt: int) -> None:
        if part == 5:
            raise NotFound("not yet", status=404)

    async with Context() as context:
        await plan(context, RigSource(trouble), item("a", parts=8)).apply()
        for scratch in (tmp_path / "to/.penstock/parts").iterdir():
            for file in scratch.iterdir():
                file.unlink()
        report = await plan(context, RigSource(), item("a", parts=8)).apply()

    assert report.complete
    assert files(tmp_path / "to") == {"a.bin": whole(item("a", parts=8))}


async def test_an_item_that_cannot_be_let_in_fails_alone(plan: MakePlan, tmp_path: Path) -> None:
    odd = [
        item("up", target="../up"),
        item("absolute", target="/tmp/absolute"),
        item("ours", target=".penstock/journal.sqlite3"),
        item("unknown", format="no such format"),
        item("long", target="x" * 300),
        item("zero", target="a\0b"),
        item("surrogate \udcff"),
        item("target", target="surrogate \udcff"),
    ]
    async with Context() as context:
        report = await plan(context, RigSource(), *odd, item("fine")).apply()

    assert [failure.item for failure in report.failures] == [each.key for each in odd]
    assert set(files(tmp_path / "to")) == {"fine.bin"}
    assert not (tmp_path / "up").exists()
    report.to_json()


async def test_an_odd_source_harms_no_manifest(plan: MakePlan, tmp_path: Path) -> None:
    odd = item("naïve\u2028\n%", source={"name": "\udcff\u2028\n"})
    async with Context() as context:
        report = await plan(context, RigSource(), odd).apply()

    assert report.complete
    assert (await verify(tmp_path / "to")).intact


async def test_files_of_an_earlier_version_that_the_new_one_lacks_are_removed(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RigSink, "finish", in_several_files)
    monkeypatch.setattr(
        RigSink, "targets", classmethod(lambda cls, item: [f"{item.key}{n}" for n in range(item.parts)])
    )
    async with Context() as context:
        await plan(context, RigSource(), item("a", parts=4)).apply()
        (tmp_path / "to/a3").write_bytes(b"edited")
        await plan(context, RigSource(), item("a", parts=2, identity="v2")).apply()

    assert set(files(tmp_path / "to")) == {"a0", "a1", "a3"}
    assert (await verify(tmp_path / "to")).files == 2


def in_several_files(sink: RigSink, _notes: object) -> list[Any]:
    """Finish an item of the rig as a file a part."""
    from penstock.formats.files import finished

    outputs = []
    for part in range(sink._item.parts):
        path = sink._path.with_name(f"out{part}")
        path.write_bytes(os.pread(sink._fd, PART, part * PART))
        outputs.append(finished(path, f"{sink._item.key}{part}", "size"))
    return outputs


async def test_a_file_edited_here_is_not_replaced_by_a_new_version(plan: MakePlan, tmp_path: Path) -> None:
    async with Context() as context:
        await plan(context, RigSource(), item("a")).apply()
        (tmp_path / "to/a.bin").write_bytes(b"my notes")
        report = await plan(context, RigSource(), item("a", identity="v2")).apply()

    assert [failure.error.code for failure in report.failures] == ["target-exists"]
    assert (tmp_path / "to/a.bin").read_bytes() == b"my notes"


async def test_a_folder_that_was_copied_during_publication_leaves_the_original_alone(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "place", lambda *_: sys.exit)
        patch.setattr("penstock.transfer.recorder.place_all", lambda *_: 1 / 0)
        async with Context() as context:
            await plan(context, RigSource(), item("a")).apply()
    shutil.copytree(tmp_path / "to", tmp_path / "copy")
    before = sorted(path.relative_to(tmp_path / "to") for path in (tmp_path / "to").rglob("*"))

    async with Context() as context:
        copied = Plan(RigSource(), listed(item("a")), context=context, to=tmp_path / "copy", selection={})
        report = await copied.apply()

    assert report.complete
    assert files(tmp_path / "copy") == {"a.bin": whole(item("a"))}
    assert before == sorted(path.relative_to(tmp_path / "to") for path in (tmp_path / "to").rglob("*"))


async def test_a_folder_keeps_its_meaning_when_the_working_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    async with Context() as context:
        relative = Plan(RigSource(), listed(item("a")), context=context, to="to/", selection={})
        monkeypatch.chdir(tmp_path / "elsewhere")
        await relative.apply()

    assert files(tmp_path / "to") == {"a.bin": whole(item("a"))}


async def test_a_linked_spelling_of_the_folder_is_the_same_folder(plan: MakePlan, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    async with Context() as context:
        await plan(context, RigSource(), item("a")).apply()
        source = RigSource()
        spelt = Plan(source, listed(item("a")), context=context, to=f"{tmp_path}/link/to/", selection={})
        report = await spelt.apply()

    assert (report.unneeded, source.asked) == (1, [])


async def test_copied_files_are_hashed_once_not_on_every_run(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Context() as context:
        await plan(context, RigSource(), item("a")).apply()
        os.utime(tmp_path / "to/a.bin")
        assert (await plan(context, RigSource(), item("a")).apply()).unneeded == 1
        monkeypatch.setattr("penstock.transfer.admission.file_digest", lambda *_: 1 / 0)
        assert (await plan(context, RigSource(), item("a")).apply()).unneeded == 1


async def test_an_adopted_file_is_known_by_the_digest_of_the_service(plan: MakePlan, tmp_path: Path) -> None:
    import hashlib

    (tmp_path / "to").mkdir()
    (tmp_path / "to/a.bin").write_bytes(whole(item("a")))
    digest = Digest("sha256", hashlib.sha256(whole(item("a"))).hexdigest())
    adopted = item("a", size=3 * PART, digest=digest)
    async with Context() as context:
        assert (await plan(context, RigSource(), adopted).apply()).unneeded == 1
        os.utime(tmp_path / "to/a.bin")
        assert (await plan(context, RigSource(), adopted).apply()).unneeded == 1


async def test_nothing_is_said_of_an_item_after_its_failure(plan: MakePlan) -> None:
    async def trouble(key: str, part: int, attempt: int) -> None:
        await anyio.sleep(0.15 if part else 0.05)
        if part == 0:
            raise NotFound("no", status=404)
        if part == 1 and attempt == 1:
            raise ConnectionFailed("reset")

    events: list[Any] = []
    async with Context() as context:
        source = RigSource(trouble)
        report = await plan(context, source, item("a", parts=9)).apply(on_event=events.append)

    failed = next(n for n, event in enumerate(events) if isinstance(event, ItemFailed))
    assert not [event for event in events[failed:] if isinstance(event, Progress | Retrying)]
    assert report.received == 8 * PART


async def test_gaps_are_counted_once_when_an_item_is_fetched_again(
    plan: MakePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    from penstock.errors import ChecksumMismatch

    finish, calls = RigSink.finish, []

    def wrong_at_first(sink: RigSink, notes: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise ChecksumMismatch("wrong")
        return finish(sink, notes)

    def trouble(key: str, part: int, attempt: int) -> None:
        if part == 1:
            raise NotFound("no", status=404)

    monkeypatch.setattr(RigSink, "finish", wrong_at_first)
    async with Context() as context:
        report = await plan(context, RigSource(trouble), item("a", layout={"gaps": True})).apply()

    assert (report.done, report.gaps) == (1, 1)


async def test_a_listing_that_broke_off_is_not_taken_for_complete(plan: MakePlan, tmp_path: Path) -> None:
    async def breaking() -> AsyncIterator[Item]:
        yield item("a")
        raise ConnectionFailed("the second page did not come")

    async with Context() as context:
        broken = Plan(RigSource(), breaking(), context=context, to=tmp_path / "to", selection={})
        with pytest.raises(ConnectionFailed):
            async for _ in broken:
                pass
        with pytest.raises(Closed):
            await broken.apply()


async def test_a_journal_that_fails_at_the_very_end_does_not_hang(
    plan: MakePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    from penstock.transfer import recorder

    monkeypatch.setattr(recorder._Group, "is_due", lambda self: False)
    monkeypatch.setattr(recorder._Group, "patience", lambda self: None)
    monkeypatch.setattr(Journal, "add_spans", lambda *_: 1 / 0)

    async def hang(part: int) -> None:
        await anyio.sleep(60 if part >= 3 else 0)

    async with Context() as context:
        with anyio.move_on_after(0.5):
            await plan(context, RigSource(lambda key, part, attempt: hang(part)), item("a", parts=8)).apply()
    assert not [thread for thread in threading.enumerate() if thread.name == "penstock-recorder"]


@pytest.mark.parametrize(
    "row",
    [
        {"path": "link/secret", "size": 6},
        {"path": "loop", "size": 0},
        {"path": "zero", "size": 0},
        {"path": "sub", "size": 4096},
        {"path": "\ud800", "size": 1},
    ],
)
async def test_verify_reads_nothing_but_files_inside_the_folder(tmp_path: Path, row: dict[str, Any]) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    folder = tmp_path / "to"
    (folder / "sub").mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path / "outside")
    (folder / "loop").symlink_to("loop")
    (folder / "zero").symlink_to("/dev/zero")
    digest = str(file_digest(tmp_path / "outside/secret"))
    write_rows(folder, [{**row, "digest": digest, "level": "size", "platform": "rig"}])

    found = await verify(folder)

    assert found.changed == (row["path"],)


@pytest.mark.parametrize(
    "row",
    [
        {"path": "../up", "size": 1, "digest": "blake3:0", "level": "size", "platform": "rig"},
        {"path": 5, "size": 1, "digest": "blake3:0", "level": "size", "platform": "rig"},
        {"path": "a", "size": "1", "digest": "blake3:0", "level": "size", "platform": "rig"},
        {"path": "a", "size": 1, "digest": None, "level": "size", "platform": "rig"},
        {"manifest": "x"},
    ],
)
async def test_verify_refuses_a_manifest_that_makes_no_sense(tmp_path: Path, row: dict[str, Any]) -> None:
    write_rows(tmp_path, [row])

    with pytest.raises(FormatError):
        await verify(tmp_path)


def write_rows(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Write a manifest whose digest agrees, as an attacker would."""
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    digest = blake3(b"".join(lines)).hexdigest()
    lines.append(json.dumps({"lines": f"blake3:{digest}"}).encode() + b"\n")
    (folder / "penstock-manifest.jsonl").write_bytes(b"".join(lines))


@pytest.mark.parametrize("survived", range(3))
async def test_a_full_disk_under_the_journal_is_named(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    commit, commits = Journal._commit, []

    def full(journal: Journal) -> None:
        commits.append(threading.current_thread().name)
        if commits.count("penstock-recorder") > survived and commits[-1] == "penstock-recorder":
            raise DiskFull("no space is left for the journal")
        commit(journal)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_commit", full)
        async with Context() as context:
            with pytest.raises(DiskFull):
                await plan(context, RigSource(), item("a"), item("b")).apply()
    async with Context() as context:
        assert (await plan(context, RigSource(), item("a"), item("b")).apply()).complete
    assert (await verify(tmp_path / "to")).intact


async def test_a_file_that_cannot_even_be_closed_fails_its_item(
    plan: MakePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = RigSink.close

    def complain(sink: RigSink) -> None:
        close(sink)
        raise OSError(errno.EIO, "close failed")

    monkeypatch.setattr(RigSink, "close", complain)
    async with Context() as context:
        with anyio.fail_after(10):
            await plan(context, RigSource(), item("a"), item("b")).apply()


async def test_part_files_that_nothing_will_come_of_are_swept_away(plan: MakePlan, tmp_path: Path) -> None:
    def trouble(key: str, part: int, attempt: int) -> None:
        if part == 1 or key == "b":
            raise NotFound("not yet", status=404)

    parts = tmp_path / "to/.penstock/parts"
    async with Context() as context:
        await plan(context, RigSource(trouble), item("a"), item("b", parts=1)).apply()
        assert len(list(parts.iterdir())) == 1
        (parts / "left by a crash").mkdir()
        await plan(context, RigSource(trouble), item("a")).apply()
        assert len(list(parts.iterdir())) == 1


async def test_a_native_cancellation_while_the_folder_opens_leaks_no_lock(
    plan: MakePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = Folder._locked
    started = threading.Event()

    def slowly(folder: Folder) -> int:
        started.set()
        threading.Event().wait(0.2)
        return locked(folder)

    async with Context() as context:
        with monkeypatch.context() as patch:
            patch.setattr(Folder, "_locked", slowly)
            task = asyncio.ensure_future(plan(context, RigSource(), item("a")).apply())
            await anyio.to_thread.run_sync(started.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0.3)
        assert (await plan(context, RigSource(), item("a")).apply()).complete


async def test_zero_parts_and_zero_bytes_make_empty_files(plan: MakePlan, tmp_path: Path) -> None:
    items = [item("none", parts=0), item("raw", parts=1, format="raw", size=0), item("unsaid", parts=1, format="raw")]
    async with Context() as context:
        report = await plan(context, RigSource(lambda *_: b""), *items).apply()

    assert report.complete
    assert set(files(tmp_path / "to").values()) == {b""}
    assert (await verify(tmp_path / "to")).intact


async def test_spans_and_gaps_survive_many_threads(plan: MakePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    def trouble(key: str, part: int, attempt: int) -> None:
        if part % 2:
            raise NotFound("no", status=404)

    monkeypatch.setattr("penstock.transfer.fetch.os.cpu_count", lambda: 16)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        async with Context(connections=32, per_host=32) as context:
            report = await plan(context, RigSource(trouble), item("a", parts=600, layout={"gaps": True})).apply()
    finally:
        sys.setswitchinterval(interval)
    assert (report.complete, report.gaps) == (True, 300)
