"""Downloads of files and directories: what is planned, and what lands on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from blake3 import blake3

import penstock
from penstock.errors import NotFound
from penstock.platforms.sds.models import File
from penstock.platforms.sds.paths import SdsPath
from penstock.platforms.sds.planning import file_item

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.sandbox import Sandbox

pytestmark = pytest.mark.anyio


def files_below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and ".penstock" not in path.parts and path.name != "penstock-manifest.jsonl"
    }


async def test_a_plan_lists_files_relative_to_the_directory(sds: penstock.Sds, tmp_path: Path) -> None:
    async with await sds.plan("/odd", to=tmp_path / "odd") as plan:
        items = {operation.item.target: operation.item async for operation in plan}
    listed = {file.path.short: file async for file in sds.files("/odd")}
    assert {f"/odd/{target}" for target in items} == set(listed)
    item = items["demo/one/a.txt"]
    file = listed["/odd/demo/one/a.txt"]
    assert (item.key, item.size, item.digest, item.format) == (file.uuid.hex, file.size, file.digest, "raw")
    assert not (tmp_path / "odd").exists()


async def test_a_path_that_names_nothing_is_not_found(sds: penstock.Sds, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="/nowhere") as caught:
        await sds.plan("/nowhere", to=tmp_path)
    assert caught.value.hint
    with pytest.raises(NotFound):
        await sds.download("/odd/demo/o", to=tmp_path)


async def test_a_directory_lands_as_it_was_recorded(sds: penstock.Sds, tmp_path: Path) -> None:
    report = await sds.download("/odd", to=tmp_path / "odd")
    report.raise_for_failures()
    listed = [file async for file in sds.files("/odd")]
    assert files_below(tmp_path / "odd") == {file.path.short.removeprefix("/odd/") for file in listed}
    for file in listed:
        data = (tmp_path / "odd" / file.path.short.removeprefix("/odd/")).read_bytes()
        assert blake3(data).hexdigest() == file.sum_blake3
        assert len(data) == file.size


async def test_a_single_file_lands_under_its_name(sds: penstock.Sds, tmp_path: Path) -> None:
    report = await sds.download("sds:///odd/versions.txt", to=tmp_path)
    report.raise_for_failures()
    assert (tmp_path / "versions.txt").read_bytes() == b"The second version, which listings show.\n"


async def test_a_second_run_downloads_nothing(sds: penstock.Sds, sandbox: Sandbox, tmp_path: Path) -> None:
    (await sds.download("/odd", to=tmp_path)).raise_for_failures()
    before = [each for each in sandbox.requests() if each["path"].endswith("/download/")]
    (await sds.download("/odd", to=tmp_path)).raise_for_failures()
    after = [each for each in sandbox.requests() if each["path"].endswith("/download/")]
    assert len(before) == len(after) > 0


def record(directory: str, name: str) -> File:
    return File.parse(
        {
            "uuid": "10b03bfd-7f7f-4e75-835f-793ef40d4efc",
            "directory": directory,
            "name": name,
            "size": 1,
            "sum_blake3": "0" * 64,
            "created_at": "2026-01-15T12:00:00Z",
        }
    )


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "..", ".", "a/b", "a\nb", "penstock-manifest.jsonl"])
def test_hostile_names_stay_inside(name: str) -> None:
    target = file_item(record("/files/a@b.c/d/sub", name), SdsPath("d")).target
    head, _, tail = target.partition("/")
    assert head == "sub"
    assert tail
    assert "/" not in tail
    assert tail not in {".", ".."}


def test_hostile_directories_stay_inside() -> None:
    target = file_item(record("/files/a@b.c/d/../../x", "f"), SdsPath("d")).target
    assert ".." not in target.split("/")


def test_two_files_never_share_a_target() -> None:
    inside = file_item(record("/d/a", "b"), SdsPath("d")).target
    slashed = file_item(record("/d", "a/b"), SdsPath("d")).target
    assert inside != slashed
