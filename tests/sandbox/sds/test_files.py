"""Listing, reading, downloading and deleting files, quirk by quirk."""

from __future__ import annotations

import re

import pytest
from blake3 import blake3

pytestmark = pytest.mark.anyio

ROOT = "/files/researcher@sandbox.invalid"


def paths(rows):
    return [f"{row['directory'].removeprefix(ROOT)}/{row['name']}" for row in rows]


async def test_a_listing_says_where_files_are_and_what_they_hash_to(browser):
    row = (await browser.listed("/odd/demo/on"))[0]
    assert row["directory"] == f"{ROOT}/odd/demo/on"
    assert row["owner"] == {"id": 1, "email": "researcher@sandbox.invalid", "name": "Sandbox Researcher"}
    assert row["sum_blake3"] == blake3(b"In demo/on.\n").hexdigest()
    assert (row["size"], row["media_type"], row["permissions"]) == (12, "text/plain", "rw-r--r--")


async def test_times_are_local_to_the_server_and_do_not_say_so(browser):
    [row] = await browser.listed("/odd/demo/on/a.txt")
    assert re.fullmatch(r"2026-01-15 07:\d\d:\d\d", row["created_at"])
    assert row["expiration_date"].startswith("2028-01-15 07:")


async def test_a_prefix_matches_across_folder_names(browser):
    assert paths(await browser.listed("/odd/demo/on")) == [
        "/odd/demo/on/a.txt",
        "/odd/demo/one/a.txt",
        "/odd/demo/one/copy of a.txt",
    ]


@pytest.mark.parametrize("spelling", ["odd/demo/one", "/odd//demo/one/", "x/../odd/./demo/one", f"{ROOT}/odd/demo/one"])
async def test_directories_are_resolved(browser, spelling):
    assert paths(await browser.listed(spelling)) == ["/odd/demo/one/a.txt", "/odd/demo/one/copy of a.txt"]


async def test_the_directory_of_someone_else_is_a_folder_of_ones_own(browser):
    assert await browser.listed("/files/colleague@sandbox.invalid/radiohound") == []


async def test_a_path_outside_is_refused(browser):
    answer = await browser.get("/assets/files/", path="../../etc")
    assert answer.status == 400
    assert answer.json == {"detail": "The provided path must be in the user's files directory."}


async def test_the_path_of_a_file_lists_that_file_in_its_newest_version(browser):
    [row] = await browser.listed("/odd/versions.txt")
    assert row["sum_blake3"] == blake3(b"The second version, which listings show.\n").hexdigest()


async def test_a_dot_lists_own_files_once_and_in_order_while_a_slash_lists_everything_anyhow(browser):
    mine = await browser.get("/assets/files/", path=".", page_size=100)
    everything = await browser.get("/assets/files/", path="/", page_size=100)
    assert everything.json["count"] == mine.json["count"] + 2  # an old version, and the colleague's file
    assert paths(mine.json["results"]) == sorted(paths(mine.json["results"]))
    assert [row["uuid"] for row in everything.json["results"]] == sorted(
        row["uuid"] for row in everything.json["results"]
    )


async def test_names_may_hold_nearly_anything(browser):
    names = {row["name"] for row in await browser.listed("/odd")}
    assert {"with space.txt", "ünïcödé 名前.csv", "Case.txt", "case.txt", ".hidden", "-dash.txt", "README"} <= names


@pytest.mark.parametrize(("size", "rows"), [("7", 7), ("1000", 40), ("0", 30), ("-3", 30), ("many", 30)])
async def test_page_sizes_are_bounded(browser, size, rows):
    answer = await browser.get("/assets/files/", path="/many", page_size=size)
    assert (answer.json["count"], len(answer.json["results"])) == (40, rows)


async def test_pages_link_to_each_other(browser):
    first = (await browser.get("/assets/files/", path="/many", page_size="16")).json
    second = (await browser.ask("GET", first["next"])).json
    third = (await browser.ask("GET", second["next"])).json
    assert [len(page["results"]) for page in (first, second, third)] == [16, 16, 8]
    assert (first["previous"], third["next"]) == (None, None)
    assert (await browser.ask("GET", second["previous"])).json["results"][0]["name"] == first["results"][0]["name"]
    last = (await browser.get("/assets/files/", path="/many", page_size="16", page="last")).json
    assert paths(last["results"]) == paths(third["results"])


@pytest.mark.parametrize("number", ["0", "4", "x", "-1"])
async def test_a_page_that_is_not_there_is_not_found(browser, number):
    answer = await browser.get("/assets/files/", path="/many", page_size="16", page=number)
    assert (answer.status, answer.json) == (404, {"detail": "Invalid page."})


async def test_an_empty_listing_has_one_page(browser):
    answer = await browser.get("/assets/files/", path="/nothing/here", page="1")
    assert answer.json == {"count": 0, "next": None, "previous": None, "results": [], "warnings": []}


async def test_the_window_of_time_leaves_out_the_file_that_covers_its_start(browser):
    window = {"start_time": "2024-06-27T14:49:00.300Z", "end_time": "2024-06-27T14:49:00.800Z"}
    rows = await browser.listed("/captures/westford", **window)
    data = [row["name"] for row in rows if row["name"].startswith("rf@")]
    assert data == [f"rf@1719499740.{ms}.h5" for ms in (375, 500, 625, 750)]
    assert len(rows) - len(data) == 3  # properties and metadata stay


async def test_half_a_window_is_ignored_with_a_warning(browser):
    answer = await browser.get("/assets/files/", path="/captures/westford", start_time="2024-06-27T14:49:01")
    assert answer.json["count"] == 19
    assert len(answer.json["warnings"]) == 1


async def test_a_window_over_other_files_is_ignored_with_a_warning(browser):
    window = {"start_time": "2024-06-27T14:49:01", "end_time": "2024-06-27T14:49:02"}
    answer = await browser.get("/assets/files/", path="/many", **window)
    assert answer.json["count"] == 40
    assert len(answer.json["warnings"]) == 1


async def test_a_time_that_does_not_parse_is_refused(browser):
    answer = await browser.get("/assets/files/", path="/captures/westford", start_time="noon", end_time="later")
    assert answer.status == 400
    assert answer.json["detail"].startswith("Invalid start_time: expected ISO 8601 datetime")


@pytest.mark.parametrize("style", [str, lambda uuid: uuid.replace("-", "")])
async def test_a_file_is_read_by_either_spelling_of_its_id(browser, style):
    [row] = await browser.listed("/odd/demo/on/a.txt")
    answer = await browser.get(f"/assets/files/{style(row['uuid'])}/")
    assert {**answer.json, "file": ""} == {**row, "file": ""}


async def test_an_unknown_file_is_not_found(browser):
    answer = await browser.get("/assets/files/00000000-0000-4000-8000-000000000000/")
    assert (answer.status, answer.json) == (404, {"detail": "No File matches the given query."})


async def test_downloads_ignore_ranges_and_carry_no_digest(browser):
    [row] = await browser.listed("/odd/demo/on/a.txt")
    url = f"/assets/files/{row['uuid']}/download/"
    answer = await browser.ask("GET", url, headers={"Range": "bytes=3-5"})
    assert (answer.status, answer.body) == (200, b"In demo/on.\n")
    assert "ETag" not in answer.headers
    assert "Accept-Ranges" not in answer.headers
    assert answer.headers["Content-Length"] == "12"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.txt"'


async def test_a_name_beyond_ascii_is_encoded_as_mail_would(browser):
    [row] = await browser.listed("/odd/ünïcödé 名前.csv")
    answer = await browser.get(f"/assets/files/{row['uuid']}/download/")
    assert answer.headers["Content-Disposition"].startswith("=?utf-8?")


async def test_a_head_of_a_download_gives_its_length(browser):
    [row] = await browser.listed("/odd/demo/on/a.txt")
    answer = await browser.ask("HEAD", f"/assets/files/{row['uuid']}/download/")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "12", b"")


async def test_every_file_downloads_to_what_its_digest_says(browser):
    for row in await browser.listed("."):
        answer = await browser.get(f"/assets/files/{row['uuid']}/download/")
        assert len(answer.body) == row["size"]
        assert blake3(answer.body).hexdigest() == row["sum_blake3"]


async def test_an_update_answers_as_if_and_changes_nothing(browser):
    [row] = await browser.listed("/odd/demo/on/a.txt")
    url = f"/assets/files/{row['uuid']}/"
    answer = await browser.ask("PUT", url, data={"directory": "/moved", "name": "renamed.txt"})
    assert answer.status == 200
    assert (answer.json["name"], answer.json["directory"]) == ("renamed.txt", f"{ROOT}/moved")
    assert (await browser.get(url)).json["name"] == "a.txt"


async def test_an_update_needs_a_directory(browser):
    [row] = await browser.listed("/odd/demo/on/a.txt")
    answer = await browser.ask("PUT", f"/assets/files/{row['uuid']}/", data={"name": "x"})
    assert (answer.status, answer.json) == (400, {"detail": "No directory provided."})


async def test_a_deleted_file_is_gone_and_its_contents_count_no_more(browser):
    [row] = await browser.listed("/odd/case.txt")
    url = f"/assets/files/{row['uuid']}/"
    assert (await browser.ask("DELETE", url)).status == 204
    assert (await browser.ask("DELETE", url)).status == 404
    assert await browser.listed("/odd/case.txt") == []
    question = {"directory": "/odd", "name": "case.txt", "sum_blake3": row["sum_blake3"]}
    answer = await browser.ask("POST", "/assets/utils/check_contents_exist/", data=question)
    assert answer.json["file_contents_exist_for_user"] is False


async def test_a_file_in_a_capture_is_protected_by_the_repr_of_a_tuple(browser):
    row = (await browser.listed("/captures/westford"))[0]
    answer = await browser.ask("DELETE", f"/assets/files/{row['uuid']}/")
    assert answer.status == 403
    detail = answer.json["detail"]
    assert detail.startswith(f"(\"Cannot delete file '{row['name']}': it is associated with captures (1): ")
    assert row["captures"][0]["uuid"] in detail
    assert detail.endswith(">})")


async def test_a_file_shared_through_a_capture_is_seen_but_not_owned(browser):
    rows = (await browser.get("/assets/files/", page_size=100, page="1")).json["results"]
    [row] = [row for row in rows if row["owner"]["email"] == "colleague@sandbox.invalid"]
    assert (await browser.get(f"/assets/files/{row['uuid']}/download/")).status == 200
    assert (await browser.ask("DELETE", f"/assets/files/{row['uuid']}/")).status == 404


async def test_files_of_others_are_forbidden(browser):
    [row] = await browser.listed("/odd/case.txt")
    token = "sandbox-sds-token-colleague"
    record = await browser.ask("GET", f"/assets/files/{row['uuid']}/", token=token)
    assert (record.status, record.json["detail"]) == (403, "You do not have permission to access this file.")
    download = await browser.ask("GET", f"/assets/files/{row['uuid']}/download/", token=token)
    assert (download.status, download.json["detail"]) == (403, "You do not have permission to download this file.")
