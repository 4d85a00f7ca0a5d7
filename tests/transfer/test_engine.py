"""What the engine promises: complete files, nothing fetched twice, failures told apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from tests.transfer.rig import PART, RigSource, body, item, whole

from penstock import Context, verify
from penstock.errors import (
    Closed,
    ConnectionFailed,
    NotFound,
    RejectedCredential,
    SelectionError,
    TargetLocked,
    TargetUnwritable,
    TransferFailed,
)
from penstock.events import ItemFinished, ItemSkipped, Progress, Retrying, TransferFinished, TransferStarted
from penstock.transfer.folder import Folder

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.anyio
MakePlan = "Callable[..., Plan]"


def files(folder: Path) -> dict[str, bytes]:
    """Read every file that stands in a folder, penstock's own aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".penstock" not in path.parts and path.name != "penstock-manifest.jsonl"
    }


async def test_places_every_item_whole(plan: MakePlan, tmp_path: Path) -> None:
    items = [item("a"), item("deep/b", parts=1), item("c", parts=40)]
    async with Context() as context:
        report = await plan(context, RigSource(), *items).apply()

    assert files(tmp_path / "to") == {f"{each.key}.bin": whole(each) for each in items}
    assert (report.items, report.done, report.files, report.failures) == (3, 3, 3, ())
    assert report.received == report.written == 44 * PART
    assert not list((tmp_path / "to/.penstock/parts").iterdir())
    assert (await verify(tmp_path / "to")).intact


async def test_a_second_run_asks_for_nothing_and_touches_nothing(plan: MakePlan, tmp_path: Path) -> None:
    items = [item("a"), item("b", parts=1)]
    async with Context() as context:
        await plan(context, RigSource(), *items).apply()
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "to").glob("*") if path.is_file()}
        source = RigSource()
        report = await plan(context, source, *items).apply()

    assert source.asked == []
    assert (report.unneeded, report.done, report.received) == (2, 0, 0)
    assert {path: path.stat().st_mtime_ns for path in before} == before


async def test_never_holds_more_connections_than_allowed(plan: MakePlan) -> None:
    async def dawdle() -> None:
        await anyio.sleep(0.001)

    source = RigSource(trouble=lambda *_: dawdle())
    async with Context(connections=3) as context:
        await plan(context, source, item("a", parts=60)).apply()

    assert source.most_at_once == 3


async def test_one_bad_item_harms_no_other(plan: MakePlan, tmp_path: Path) -> None:
    def trouble(key: str, part: int, attempt: int) -> None:
        if key == "bad" and part == 1:
            raise NotFound("no such part", status=404)

    async with Context() as context:
        report = await plan(context, RigSource(trouble), item("good"), item("bad"), item("fine")).apply()

    assert set(files(tmp_path / "to")) == {"good.bin", "fine.bin"}
    assert [failure.item for failure in report.failures] == ["bad"]
    with pytest.raises(TransferFailed) as caught:
        report.raise_for_failures()
    assert caught.group_contains(NotFound)


async def test_keeps_what_a_failed_item_had_for_the_next_run(plan: MakePlan, tmp_path: Path) -> None:
    def trouble(key: str, part: int, attempt: int) -> None:
        if part == 5:
            raise NotFound("not yet", status=404)

    async with Context() as context:
        await plan(context, RigSource(trouble), item("a", parts=8)).apply()
        source = RigSource()
        report = await plan(context, source, item("a", parts=8)).apply()

    assert sorted(source.asked) == [("a", 5), ("a", 6), ("a", 7)]
    assert report.complete
    assert files(tmp_path / "to") == {"a.bin": whole(item("a", parts=8))}


async def test_a_gap_is_recorded_where_gaps_are_allowed(plan: MakePlan, tmp_path: Path) -> None:
    def trouble(key: str, part: int, attempt: int) -> None:
        if part == 1:
            raise NotFound("no such chunk", status=404)

    async with Context() as context:
        report = await plan(context, RigSource(trouble), item("a", layout={"gaps": True})).apply()

    assert report.complete
    assert report.gaps == 1
    assert files(tmp_path / "to") == {"a.bin": body("a", 0) + b"-" * PART + body("a", 2)}


async def test_tries_again_after_a_broken_connection(plan: MakePlan, tmp_path: Path) -> None:
    def trouble(key: str, part: int, attempt: int) -> None:
        if attempt < 3:
            raise ConnectionFailed("reset")

    events: list[Any] = []
    async with Context() as context:
        report = await plan(context, RigSource(trouble), item("a", parts=2)).apply(on_event=events.append)

    assert report.complete
    assert files(tmp_path / "to") == {"a.bin": whole(item("a", parts=2))}
    assert sum(isinstance(event, Retrying) for event in events) == 4


async def test_rejected_credentials_end_the_whole_transfer(plan: MakePlan, tmp_path: Path) -> None:
    def trouble(key: str, part: int, attempt: int) -> None:
        if key == "b":
            raise RejectedCredential("token refused")

    async with Context() as context:
        with pytest.raises(RejectedCredential, match="token refused"):
            await plan(context, RigSource(trouble), item("a"), item("b"), item("c", parts=500)).apply()

    assert set(files(tmp_path / "to")) <= {"a.bin"}


async def test_a_cancelled_transfer_goes_on_where_it_was(plan: MakePlan, tmp_path: Path) -> None:
    async def hang(part: int) -> None:
        await anyio.sleep(60 if part >= 10 else 0)

    wanted = item("a", parts=20)
    async with Context() as context:
        with anyio.move_on_after(0.8) as scope:
            await plan(context, RigSource(lambda key, part, attempt: hang(part)), wanted).apply()
        assert scope.cancelled_caught
        assert files(tmp_path / "to") == {}
        source = RigSource()
        report = await plan(context, source, wanted).apply()

    assert report.complete
    assert sorted(source.asked) == [("a", part) for part in range(10, 20)]
    assert files(tmp_path / "to") == {"a.bin": whole(wanted)}


async def test_a_new_version_replaces_the_old_file(plan: MakePlan, tmp_path: Path) -> None:
    async with Context() as context:
        await plan(context, RigSource(lambda *_: b"o" * PART), item("a", parts=1)).apply()
        report = await plan(context, RigSource(), item("a", parts=1, identity="v2")).apply()

    assert report.done == 1
    assert files(tmp_path / "to") == {"a.bin": body("a", 0)}


async def test_overwrites_nothing_it_did_not_write(plan: MakePlan, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "to/a.bin").write_text("thesis")
    source = RigSource()
    async with Context() as context:
        report = await plan(context, source, item("a"), item("b")).apply()

    assert [failure.error.code for failure in report.failures] == ["target-exists"]
    assert (tmp_path / "to/a.bin").read_text() == "thesis"
    assert ("a", 0) not in source.asked


async def test_a_file_changed_here_is_left_alone_and_reported(plan: MakePlan, tmp_path: Path) -> None:
    async with Context() as context:
        await plan(context, RigSource(), item("a")).apply()
        (tmp_path / "to/a.bin").write_bytes(b"x" * 3 * PART)
        report = await plan(context, RigSource(), item("a")).apply()

    assert [failure.error.code for failure in report.failures] == ["target-exists"]
    assert (await verify(tmp_path / "to")).changed == ("a.bin",)


async def test_a_lost_file_is_fetched_again(plan: MakePlan, tmp_path: Path) -> None:
    async with Context() as context:
        await plan(context, RigSource(), item("a"), item("b")).apply()
        (tmp_path / "to/a.bin").unlink()
        assert (await verify(tmp_path / "to")).missing == ("a.bin",)
        source = RigSource()
        await plan(context, source, item("a"), item("b")).apply()

    assert {key for key, _ in source.asked} == {"a"}
    assert (await verify(tmp_path / "to")).intact


async def test_the_preview_says_why_and_touches_nothing(plan: MakePlan, tmp_path: Path) -> None:
    async with Context() as context:
        await plan(context, RigSource(), item("a")).apply()
        again = plan(context, RigSource(), item("a"), item("b"))
        lines = [(operation.item.key, operation.action) async for operation in again]
        report = await again.apply()

    assert lines == [("a", "unneeded"), ("b", "fetch")]
    assert (report.items, report.done) == (2, 1)


async def test_a_preview_makes_no_folder(plan: MakePlan, tmp_path: Path) -> None:
    async with Context() as context:
        assert [o.action async for o in plan(context, RigSource(), item("a"))] == ["fetch"]

    assert not (tmp_path / "to").exists()


async def test_a_plan_is_applied_once(plan: MakePlan) -> None:
    async with Context() as context:
        once = plan(context, RigSource(), item("a"))
        await once.apply()
        with pytest.raises(Closed):
            await once.apply()


async def test_two_processes_do_not_share_a_folder_unawares(plan: MakePlan, tmp_path: Path) -> None:
    other = Folder(tmp_path / "to")
    async with Context() as context:
        with pytest.raises(TargetLocked):
            await plan(context, RigSource(), item("a")).apply()
    other.close()


async def test_a_file_in_place_of_the_folder_is_refused(plan: MakePlan, tmp_path: Path) -> None:
    (tmp_path / "to").write_text("a file")
    async with Context() as context:
        with pytest.raises(TargetUnwritable):
            await plan(context, RigSource(), item("a")).apply()


async def test_a_planted_link_leads_nowhere(plan: MakePlan, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "to/deep").symlink_to(outside)
    async with Context() as context:
        report = await plan(context, RigSource(), item("deep/a")).apply()

    assert [failure.error.code for failure in report.failures] == ["target-exists"]
    assert list(outside.iterdir()) == []


async def test_events_tell_the_story_in_order(plan: MakePlan) -> None:
    events: list[Any] = []
    async with Context() as context:
        await plan(context, RigSource(), item("a")).apply(on_event=events.append)
        await plan(context, RigSource(), item("a")).apply(on_event=events.append)

    kinds = [type(event) for event in events if not isinstance(event, Progress)]
    assert kinds[0] is TransferStarted
    assert ItemFinished in kinds
    assert kinds[-3:] == [TransferStarted, ItemSkipped, TransferFinished]


async def test_a_failing_subscriber_ends_the_transfer(plan: MakePlan) -> None:
    def object_to(event: object) -> None:
        if isinstance(event, ItemFinished):
            raise LookupError("nobody wants to know")

    async with Context() as context:
        with pytest.raises(LookupError):
            await plan(context, RigSource(), item("a"), item("b")).apply(on_event=object_to)


async def test_a_changed_or_cut_manifest_is_noticed(plan: MakePlan, tmp_path: Path) -> None:
    async with Context() as context:
        await plan(context, RigSource(), item("a"), item("b")).apply()
    manifest = tmp_path / "to/penstock-manifest.jsonl"
    lines = manifest.read_text().splitlines(keepends=True)

    row = json.loads(lines[1])
    assert (row["path"], row["size"], row["level"]) == ("a.bin", 3 * PART, "size")
    for damaged in ([lines[0], *lines[2:]], lines[:-1]):
        manifest.write_text("".join(damaged))
        with pytest.raises(ValueError, match="manifest"):
            await verify(tmp_path / "to")


async def test_verify_wants_a_level_it_knows(tmp_path: Path) -> None:
    with pytest.raises(SelectionError):
        await verify(tmp_path, level="magic")  # type: ignore[arg-type]  # the very mistake
