"""Asking, sending contents, and referring to contents that are there already."""

from __future__ import annotations

import re

import aiohttp
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from penstock.sandbox.sds.multipart import IN_MEMORY, stored_name
from penstock.sandbox.sds.paths import is_below, resolve

pytestmark = pytest.mark.anyio

ROOT = "/files/researcher@sandbox.invalid"
DATA = b"x,y\n1,2\n"


async def check(browser, **fields):
    given = {"directory": "/new", "name": "c.csv", "sum_blake3": blake3(DATA).hexdigest(), **fields}
    answer = await browser.ask("POST", "/assets/utils/check_contents_exist/", data=given)
    assert answer.status == 200, answer.body
    return answer.json


async def test_an_upload_is_answered_in_the_other_style(browser):
    answer = await browser.upload("demo/new", "c.csv", DATA, media_type="text/csv", permissions="rw-r-----")
    assert answer.status == 201
    row = answer.json
    assert (row["directory"], row["name"], row["size"]) == ("/demo/new", "c.csv", 8)
    assert (row["media_type"], row["permissions"]) == ("text/csv", "rw-r-----")
    assert row["sum_blake3"] == blake3(DATA).hexdigest()
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}-0[45]:00", row["created_at"])
    assert (await browser.get(f"/assets/files/{row['uuid']}/")).json["directory"] == f"{ROOT}/demo/new"
    assert (await browser.get(f"/assets/files/{row['uuid']}/download/")).body == DATA


async def test_the_question_before_an_upload_tells_contents_from_names(browser):
    assert await check(browser) == {
        "file_exists_in_tree": False,
        "file_contents_exist_for_user": False,
        "user_mutable_attributes_differ": True,
        "asset_id": None,
    }
    uuid = (await browser.upload("/new", "c.csv", DATA, media_type="text/csv")).json["uuid"]
    elsewhere = await check(browser, name="other.csv")
    assert (elsewhere["file_exists_in_tree"], elsewhere["file_contents_exist_for_user"]) == (False, True)
    assert elsewhere["asset_id"] == uuid
    exact = await check(browser)
    assert (exact["file_exists_in_tree"], exact["user_mutable_attributes_differ"]) == (True, False)
    assert (await check(browser, media_type="text/plain"))["user_mutable_attributes_differ"] is True


async def test_contents_of_others_do_not_count(browser):
    rows = (await browser.get("/assets/files/", page_size=100)).json["results"]
    [theirs] = [row for row in rows if row["owner"]["id"] == 2]
    assert (await check(browser, sum_blake3=theirs["sum_blake3"]))["file_contents_exist_for_user"] is False


@pytest.mark.parametrize(
    ("missing", "detail"),
    [
        ("directory", "No directory provided."),
        ("sum_blake3", "No checksum provided."),
        ("name", "No file name provided."),
    ],
)
async def test_the_question_needs_all_of_its_parts(browser, missing, detail):
    fields = {"directory": "/new", "name": "c.csv", "sum_blake3": "0" * 64}
    del fields[missing]
    answer = await browser.ask("POST", "/assets/utils/check_contents_exist/", json=fields)
    assert (answer.status, answer.json) == (400, {"detail": detail})


async def test_a_chunked_body_holds_no_file_as_far_as_the_gateway_sees(browser):
    async def chunks():
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nx\r\n--b--\r\n'

    answer = await browser.ask(
        "POST", "/assets/files/", data=chunks(), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert (answer.status, answer.json) == (400, {"file": ["No file was submitted."]})


async def test_an_empty_file_is_refused(browser):
    answer = await browser.upload("/new", "empty.txt", b"")
    assert (answer.status, answer.json) == (400, {"file": ["The submitted file is empty."]})


async def test_a_plain_field_is_not_a_file(browser):
    answer = await browser.ask("POST", "/assets/files/", data={"directory": "/x", "name": "x", "file": "text"})
    assert answer.status == 400
    assert answer.json["file"][0].startswith("The submitted data was not a file.")


async def test_the_very_same_file_again_is_refused(browser):
    await browser.upload("/new", "c.csv", DATA)
    answer = await browser.upload("new/", "c.csv", DATA)
    assert answer.status == 400
    assert answer.json == {"detail": "File with checksum already exists in the tree, run PATCH instead."}


async def test_other_contents_under_the_same_name_are_a_new_version(browser):
    await browser.upload("/new", "c.csv", DATA)
    browser.clock.now += 1
    await browser.upload("/new", "c.csv", b"newer")
    [row] = await browser.listed("/new")
    assert row["size"] == 5


@pytest.mark.parametrize("directory", ["", "../../etc"])
async def test_a_bad_directory_breaks_the_gateway(browser, directory):
    answer = await browser.upload(directory, "c.csv", DATA)
    assert (answer.status, answer.is_html) == (500, True)


async def test_new_contents_are_named_by_the_part_and_known_ones_by_the_field(browser):
    def form(filename, name):
        form = aiohttp.FormData(default_to_multipart=True)
        for key, value in {"name": name, "directory": "/new"}.items():
            form.add_field(key, value)
        form.add_field("file", DATA, filename=filename)
        return form

    first = await browser.ask("POST", "/assets/files/", data=form("part.csv", "field.csv"))
    again = await browser.ask("POST", "/assets/files/", data=form("part.csv", "field.csv"))
    assert (first.json["name"], again.json["name"]) == ("part.csv", "field.csv")


async def test_what_is_too_long_is_named(browser):
    answer = await browser.upload("/new", "n" * 255, DATA, permissions="rwxrwxrwxrwx")
    assert answer.status == 400
    assert answer.json == {
        "file": ["Ensure this filename has at most 100 characters (it has 255)."],
        "permissions": ["Ensure this field has no more than 9 characters."],
    }


async def test_a_reference_shares_contents_and_takes_any_name(browser):
    uuid = (await browser.upload("/new", "c.csv", DATA)).json["uuid"]
    fields = {"directory": "/new", "name": "../../evil.txt", "media_type": "", "sibling_uuid": uuid.replace("-", "")}
    first = await browser.ask("POST", "/assets/files/", data=fields)
    second = await browser.ask("POST", "/assets/files/", json=fields)
    assert (first.status, second.status) == (201, 201)
    assert first.json["name"] == "../../evil.txt"
    assert first.json["uuid"] != second.json["uuid"]
    assert (await browser.get(f"/assets/files/{first.json['uuid']}/download/")).body == DATA


async def test_a_reference_to_nothing_or_to_nonsense(browser):
    fields = {"directory": "/new", "name": "x", "sibling_uuid": "00000000-0000-4000-8000-000000000000"}
    assert (await browser.ask("POST", "/assets/files/", data=fields)).status == 404
    answer = await browser.ask("POST", "/assets/files/", data={**fields, "sibling_uuid": "nonsense"})
    assert (answer.status, answer.is_html) == (500, True)


async def test_a_large_upload_goes_by_way_of_the_disk(browser):
    data = bytes(range(256)) * (IN_MEMORY // 128)
    row = (await browser.upload("/new", "large.bin", data)).json
    assert (row["size"], row["sum_blake3"]) == (len(data), blake3(data).hexdigest())
    assert (await browser.get(f"/assets/files/{row['uuid']}/download/")).body == data


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('filename="a b.txt"', "a b.txt"),
        (r'filename="say \"hi\".txt"', 'say "hi".txt'),
        ('filename="100%22.txt"', "100%22.txt"),
        ("filename*=UTF-8''%E5%90%8D%3B%25.csv", "名;%.csv"),
        ('filename="ünïcödé.txt"', "ünïcödé.txt"),
        ('filename="a&amp;b.txt"', "a&b.txt"),
        (r'filename="up/load\\dir\\c.txt"', "c.txt"),
    ],
)
async def test_how_a_part_may_spell_its_name(browser, disposition, name):
    body = (
        '--b\r\nContent-Disposition: form-data; name="directory"\r\n\r\n/new\r\n'
        f'--b\r\nContent-Disposition: form-data; name="file"; {disposition}\r\n\r\nx\r\n--b--\r\n'
    ).encode()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await browser.ask("POST", "/assets/files/", data=body, headers=headers)
    assert (answer.status, answer.json.get("name")) == (201, name)


def test_a_part_called_dots_is_no_file():
    assert stored_name("..") is stored_name("a/..") is stored_name("") is None


@given(st.text(alphabet="ab./ ", max_size=20))
def test_directories_never_leave_their_root(text):
    root = "/files/me@example.org"
    directory = resolve(text, root)
    assert directory is None or is_below(directory, root)
    assert directory is None or resolve(directory, root) == directory
