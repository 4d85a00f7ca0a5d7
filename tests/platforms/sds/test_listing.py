"""Listings: every file once, at true boundaries, whatever the gateway makes of pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import penstock
from penstock.errors import NotFound, RejectedCredential, SelectionError

if TYPE_CHECKING:
    from penstock.sandbox import Sandbox

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250])
async def test_every_file_comes_once_whatever_the_page_boundaries(gateway, row, count: int) -> None:
    service, sds = gateway
    service.rows = [row(n, "/d", f"{n:04d}") for n in range(count)]
    names = [file.name async for file in sds.files("/d")]
    assert names == [f"{n:04d}" for n in range(count)]
    assert len(service.queries) == max(1, -(-count // 100))


async def test_the_first_page_can_be_awaited(gateway, row) -> None:
    service, sds = gateway
    service.rows = [row(n, "/d", f"{n:04d}") for n in range(250)]
    assert len(await sds.files("/d")) == 100
    assert len(await sds.files("/d").collect(limit=150)) == 150


async def test_the_root_is_listed_by_its_ordered_name(gateway, row) -> None:
    service, sds = gateway
    await sds.files().collect()
    await sds.files("sds:///d/e/").collect()
    assert [query["path"] for query in service.queries] == [".", "/d/e"]


async def test_neighbours_that_begin_alike_are_left_out(gateway, row) -> None:
    service, sds = gateway
    service.rows = [row(0, "/demo/on", "a"), row(1, "/demo/on/x", "b"), row(2, "/demo/one", "c")]
    assert [str(file.path) async for file in sds.files("/demo/on")] == ["/demo/on/a", "/demo/on/x/b"]


async def test_the_newest_of_several_versions_is_kept(gateway, row) -> None:
    service, sds = gateway
    old, new = row(0, "/d", "a"), row(1, "/d", "a", created_at="2026-01-15 12:00:01")
    service.rows = [old, new]
    assert [str(file.uuid) async for file in sds.files("/d")] == [new["uuid"]]
    service.rows = [new, old]
    assert [str(file.uuid) async for file in sds.files("/d")] == [new["uuid"]]


async def test_files_that_arrive_meanwhile_repeat_nothing(gateway, row) -> None:
    service, sds = gateway
    service.rows = [row(n, "/d", f"m{n:04d}") for n in range(150)]

    def arrive(page: int) -> None:
        if page == 2:
            service.rows[:0] = [row(1000 + n, "/d", f"a{n}") for n in range(3)]

    service.before_page = arrive
    assert [file.name async for file in sds.files("/d")] == [f"m{n:04d}" for n in range(150)]


async def test_files_that_vanish_meanwhile_end_the_listing_quietly(gateway, row) -> None:
    service, sds = gateway
    service.rows = [row(n, "/d", f"{n:04d}") for n in range(150)]

    def vanish(page: int) -> None:
        if page == 2:
            del service.rows[50:]

    service.before_page = vanish
    assert len(await sds.files("/d").collect()) == 100


async def test_times_are_aware_and_in_utc(gateway, row) -> None:
    service, sds = gateway
    service.rows = [row(0, "/d", "a", created_at="2026-07-15 12:00:00", updated_at="2026-01-15T12:00:00.5-05:00")]
    (file,) = await sds.files("/d")
    assert file.created_at == datetime(2026, 7, 15, 16, tzinfo=UTC)
    assert file.updated_at == datetime(2026, 1, 15, 17, 0, 0, 500_000, tzinfo=UTC)


async def test_the_long_spelling_is_understood_once_the_account_is_known(gateway, row) -> None:
    service, sds = gateway
    service.rows = [row(0, "/d", "a")]
    assert [file.name async for file in sds.files("/files/alice@example.org/d")] == ["a"]
    assert service.queries[-1]["path"] == "/d"


async def test_a_window_is_asked_for_wider_and_trimmed(gateway, row) -> None:
    service, sds = gateway
    names = [f"rf@1719499740.{ms:03d}.h5" for ms in range(0, 1000, 125)]
    service.rows = [row(n, "/d", name) for n, name in enumerate(names)] + [row(99, "/d", "z.txt")]
    kept = [
        file.name async for file in sds.files("/d", start="2024-06-27T14:49:00.300Z", stop="2024-06-27T14:49:00.8Z")
    ]
    assert kept == [*names[2:7], "z.txt"]
    assert service.queries[0]["start_time"] == "2024-06-27T14:48:59.300Z"


@pytest.mark.parametrize("path", ["", "../..", "sds://x"])
async def test_paths_that_lead_nowhere_are_refused_before_any_request(gateway, path: str) -> None:
    service, sds = gateway
    with pytest.raises(SelectionError):
        await sds.files(path)
    assert not service.queries


async def test_the_sandbox_lists_true_directories_in_order(sds: penstock.Sds) -> None:
    paths = [str(file.path) async for file in sds.files("/odd/demo/on")]
    assert paths == ["/odd/demo/on/a.txt"]
    everything = [str(file.path) async for file in sds.files()]
    assert len(everything) == len(set(everything)) > 50
    assert "/odd/versions.txt" in everything


async def test_a_file_is_found_by_path_and_by_uuid(sds: penstock.Sds) -> None:
    (file,) = await sds.files("/odd/versions.txt").collect()
    again = await sds.file(str(file.uuid))
    assert again == file
    assert again.path.long == "/files/researcher@sandbox.invalid/odd/versions.txt"
    assert again.raw["uuid"] == str(file.uuid)
    assert (await sds.file(file.uuid)).uuid == file.uuid


async def test_the_account_is_named(sds: penstock.Sds) -> None:
    assert await sds.authenticate() == "researcher@sandbox.invalid"


async def test_a_bad_key_is_told_as_such(sandbox: Sandbox) -> None:
    async with penstock.Sds(url=sandbox.urls["sds"], token="nope") as sds:
        with pytest.raises(RejectedCredential) as caught:
            await sds.authenticate()
        with pytest.raises(RejectedCredential):
            await sds.files()
    assert "nope" not in f"{caught.value!r} {caught.value} {caught.value.hint}"


async def test_unknown_files_are_not_found_and_nonsense_is_not_asked_for(sds: penstock.Sds, sandbox: Sandbox) -> None:
    with pytest.raises(NotFound):
        await sds.file("10b03bfd-7f7f-4e75-835f-793ef40d4efc")
    before = len(list(sandbox.requests()))
    with pytest.raises(SelectionError):
        await sds.file("not-a-uuid")
    assert len(list(sandbox.requests())) == before


async def test_an_empty_directory_lists_nothing(sds: penstock.Sds) -> None:
    assert await sds.files("/nowhere").collect() == []
