"""Captures and data sets: gathered, merged, searched, protected."""

from __future__ import annotations

import json

import aiohttp
import pytest

from penstock.sandbox import Sandbox

pytestmark = pytest.mark.anyio

CHANNEL = "cap-2024-06-27T14-00-00"
COLLEAGUE = "sandbox-sds-token-colleague"


async def captures(browser, **params):
    answer = await browser.get("/assets/captures/", **params)
    assert answer.status == 200, answer.body
    return {row["top_level_dir"]: row for row in answer.json["results"]}


async def create(browser, **fields):
    given = {"capture_type": "drf", "index_name": "captures-drf", "top_level_dir": "/fresh", "channel": "ch0", **fields}
    return await browser.ask("POST", "/assets/captures/", data={k: v for k, v in given.items() if v is not None})


async def copy(browser, source, target):
    """Refer to every file below one directory from another."""
    for row in await browser.listed(source):
        directory = row["directory"].replace(source, target)
        fields = {"directory": directory, "name": row["name"], "media_type": "x", "sibling_uuid": row["uuid"]}
        assert (await browser.ask("POST", "/assets/files/", data=fields)).status == 201


async def test_own_and_shared_captures_are_listed_and_channels_merged(browser):
    rows = await captures(browser)
    assert set(rows) == {"/captures/westford", "/captures/array", "/radiohound"}
    assert rows["/captures/array"]["is_multi_channel"] is True
    assert [each["channel"] for each in rows["/captures/array"]["channels"]] == ["ch1", "ch0"]
    assert rows["/radiohound"]["is_shared_with_me"] is True
    assert rows["/radiohound"]["permission_level"] == "viewer"


async def test_a_digital_rf_capture_tells_what_is_in_its_files(browser):
    row = (await captures(browser))["/captures/westford"]
    assert (row["channel"], row["total_file_count"], row["data_files_info"]["count"]) == (CHANNEL, 19, 16)
    assert (row["sample_rate_mhz"], row["center_frequency_ghz"]) == (0.16, 1.024)
    assert (row["capture_start_iso_utc"], row["capture_end_iso_utc"]) == (
        "2024-06-27T14:49:00Z",
        "2024-06-27T14:49:01Z",
    )
    assert row["length_of_capture_ms"] == 1000
    props = row["capture_props"]
    assert (props["samples_per_second"], props["is_complex"]) == (160_000, True)
    assert "sample_rate_numerator" not in props["custom_attrs"]  # 64-bit integers without sign get lost
    assert props["custom_attrs"]["receiver/info/mboard_serial"] == "SANDBOX"


async def test_a_composite_goes_by_one_id_in_lists_and_by_another_on_its_own(browser):
    listed = (await captures(browser))["/captures/array"]
    alone = (await browser.get(f"/assets/captures/{listed['uuid']}/")).json
    assert listed["uuid"] != alone["uuid"]
    assert [each["channel"] for each in alone["channels"]] == ["ch0", "ch1"]
    assert alone["uuid"] == alone["channels"][0]["uuid"]
    assert alone["total_file_count"] == 14
    assert "files" not in listed


async def test_asking_for_a_page_breaks_the_paging(browser):
    answer = await browser.get("/assets/captures/", page="1")
    assert (answer.status, answer.json) == (400, {"detail": "unsupported operand type(s) for -: 'str' and 'int'"})


async def test_lenient_quirks_let_captures_be_paged():
    async with (
        Sandbox(platforms=["sds"], quirks="lenient") as sandbox,
        aiohttp.ClientSession(headers={"Authorization": "Api-Key: sandbox-sds-token"}) as session,
        session.get(f"{sandbox.urls['sds']}/api/v1/assets/captures/?page=2&page_size=2") as response,
    ):
        assert len((await response.json())["results"]) == 1


async def test_the_next_page_forgets_what_was_asked_for(browser):
    answer = await browser.get("/assets/captures/", capture_type="drf", page_size="1")
    assert "capture_type" not in answer.json["next"]


@pytest.mark.parametrize(
    ("kind", "tops"), [("drf", {"/captures/westford", "/captures/array"}), ("rh", {"/radiohound"})]
)
async def test_captures_are_listed_by_type(browser, kind, tops):
    assert set(await captures(browser, capture_type=kind)) == tops


@pytest.mark.parametrize(
    ("kind", "detail"), [("zzz", "'zzz' is not a valid CaptureType"), ("sigmf", "Unknown capture type")]
)
async def test_other_types_are_refused(browser, kind, detail):
    answer = await browser.get("/assets/captures/", capture_type=kind)
    assert (answer.status, answer.json) == (400, {"detail": detail})


@pytest.mark.parametrize(
    ("field", "query", "value", "tops"),
    [
        ("channel", "term", CHANNEL, {"/captures/westford"}),
        ("search_props.center_frequency", "range", {"gte": 1.5e9}, {"/radiohound"}),
        ("capture_props.samples_per_second", "match", 8000, {"/captures/array"}),
        ("top_level_dir", "wildcard", "/captures/*", {"/captures/westford", "/captures/array"}),
        ("capture_props.metadata.fmax", "exists", "", {"/radiohound"}),
    ],
)
async def test_captures_are_found_by_their_metadata(browser, field, query, value, tops):
    wanted = json.dumps([{"field_path": field, "query_type": query, "filter_value": value}])
    assert set(await captures(browser, metadata_filters=wanted)) == tops


async def test_filters_that_make_no_sense(browser):
    for nonsense in ("{", "{}"):
        answer = await browser.get("/assets/captures/", metadata_filters=nonsense)
        assert (answer.status, answer.json["detail"]) == (400, "'metadata_filters' could not be parsed from request")
    assert (await browser.get("/assets/captures/", metadata_filters='[{"field_path": "x"}]')).status == 500


async def test_a_capture_is_made_of_files_that_are_there(browser):
    await copy(browser, "/captures/array/ch0", "/fresh/ch0")
    answer = await create(browser, name="Fresh")
    assert answer.status == 201
    assert (answer.json["name"], answer.json["top_level_dir"]) == ("Fresh", "/fresh")
    assert answer.json["total_file_count"] == 7
    assert (await browser.get(f"/assets/captures/{answer.json['uuid']}/")).json["files"] == answer.json["files"]


async def test_a_second_capture_of_the_same_channel_is_refused_unless_spelt_in_full(browser):
    await copy(browser, "/captures/array/ch0", "/fresh/ch0")
    first = (await create(browser)).json["uuid"]
    answer = await create(browser)
    assert answer.status == 400
    assert answer.json["detail"].endswith(f"already in use by another capture: {first}")
    assert (await create(browser, top_level_dir="/files/researcher@sandbox.invalid/fresh")).status == 201


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"capture_type": None}, "The `capture_type` field is required."),
        ({"channel": None}, "The `channel` field is required for DigitalRF captures."),
        ({"top_level_dir": "../../etc"}, "The provided `top_level_dir` is invalid."),
        ({"index_name": None}, "Empty value passed for a required argument 'index'."),
        ({"top_level_dir": "/nothing"}, "No channels found"),
    ],
)
async def test_captures_that_cannot_be(browser, fields, detail):
    answer = await create(browser, **fields)
    assert answer.status == 400
    assert detail in answer.json["detail"]


@pytest.mark.parametrize("kind", ["sigmf", "zzz"])
async def test_a_type_without_an_index_breaks(browser, kind):
    assert (await create(browser, capture_type=kind)).status == 500


async def test_a_scan_group_must_be_an_id(browser):
    answer = await create(browser, capture_type="rh", channel=None, scan_group="nonsense")
    assert (answer.status, answer.json) == (400, {"scan_group": ["Must be a valid UUID."]})


async def test_a_capture_is_updated_and_renamed(browser):
    uuid = (await captures(browser))["/captures/westford"]["uuid"]
    url = f"/assets/captures/{uuid}/"
    browser.clock.now += 10
    assert (await browser.ask("PUT", url)).json["total_file_count"] == 19
    assert (await browser.ask("PATCH", url, data={"name": "  Other "})).json["name"] == "Other"
    assert (await browser.ask("PATCH", url, data={})).json == {"detail": "Name field is required."}


async def test_shares_and_data_sets_hold_a_capture_until_they_let_go(browser):
    shared = (await captures(browser))["/radiohound"]["uuid"]
    answer = await browser.ask("DELETE", f"/assets/captures/{shared}/", token=COLLEAGUE)
    assert (answer.status, "shared and cannot be deleted" in answer.json["detail"]) == (403, True)
    assert (await browser.ask("DELETE", f"/assets/captures/{shared}/")).status == 404
    await browser.ask("PUT", f"/assets/captures/{shared}/revoke-share-permissions/", token=COLLEAGUE)
    assert (await browser.ask("DELETE", f"/assets/captures/{shared}/", token=COLLEAGUE)).status == 204

    held = (await captures(browser))["/captures/westford"]["uuid"]
    answer = await browser.ask("DELETE", f"/assets/captures/{held}/")
    assert answer.status == 403
    assert answer.json["detail"].startswith("(\"Cannot delete capture 'westford': it is associated with datasets (1): ")
    await browser.ask("PUT", f"/assets/captures/{held}/detach-from-datasets/")
    assert (await browser.ask("DELETE", f"/assets/captures/{held}/")).status == 204
    assert (await browser.get(f"/assets/captures/{held}/")).status == 404
    row = (await browser.listed("/captures/westford"))[0]
    assert (await browser.ask("DELETE", f"/assets/files/{row['uuid']}/")).status == 204


async def dataset(browser):
    [row] = await browser.listed("/odd/demo/on/a.txt")
    return row["datasets"][0]["uuid"]


async def test_a_data_set_counts_its_members_and_quotes_its_institutions(browser):
    row = (await browser.get(f"/assets/datasets/{await dataset(browser)}/")).json
    assert row["data_files_info"]["artifact_files"] == len(row["files"]) == 3
    assert row["data_files_info"]["capture_linked_files"] == 19 + 14
    assert row["institutions"].startswith("['")
    assert {capture["top_level_dir"] for capture in row["captures"]} == {"/captures/westford", "/captures/array"}


async def test_the_manifest_takes_long_directories_alone(browser):
    url = f"/assets/datasets/{await dataset(browser)}/files/"
    root = "/files/researcher@sandbox.invalid"
    assert (await browser.get(url)).json["count"] == 36
    assert (await browser.get(url, artifacts_only="true")).json["count"] == 3
    assert (await browser.get(url, top_level_dir="/captures/westford")).json["count"] == 0
    assert (await browser.get(url, top_level_dir=f"{root}/captures/westford")).json["count"] == 19
    capture = (await captures(browser))["/captures/westford"]["uuid"]
    assert (await browser.get(url, capture=capture, top_level_dir=f"{root}/odd/demo/on")).json["count"] == 20
    assert (await browser.get(url, capture="x")).json == {"detail": "Invalid capture UUID: 'x'."}


async def test_a_data_set_without_files_is_not_found(browser):
    empty = browser.sandbox.world.uuid("sds", "dataset", "empty")
    assert (await browser.get(f"/assets/datasets/{empty}/")).status == 200
    answer = await browser.get(f"/assets/datasets/{empty}/files/")
    assert (answer.status, answer.json) == (404, {"detail": "No files found in dataset."})


async def test_the_data_sets_of_others_are_forbidden(browser):
    answer = await browser.ask("GET", f"/assets/datasets/{await dataset(browser)}/", token=COLLEAGUE)
    assert (answer.status, answer.json["detail"]) == (403, "You do not have permission to access this dataset.")


async def test_an_artifact_is_protected_until_it_is_detached(browser):
    [row] = await browser.listed("/odd/demo/on/a.txt")
    url = f"/assets/files/{row['uuid']}/"
    answer = await browser.ask("DELETE", url)
    assert (answer.status, "datasets (1)" in answer.json["detail"]) == (403, True)
    assert (await browser.ask("PUT", f"{url}detach-from-datasets/")).status == 200
    assert (await browser.ask("DELETE", url)).status == 204


async def test_a_deleted_data_set_releases_its_members(browser):
    url = f"/assets/datasets/{await dataset(browser)}/"
    assert (await browser.ask("PUT", f"{url}revoke-share-permissions/")).status == 200
    assert (await browser.ask("DELETE", url)).status == 204
    assert (await browser.get(url)).json == {"detail": "No Dataset matches the given query."}
    [row] = await browser.listed("/odd/demo/on/a.txt")
    assert row["datasets"] == []


@pytest.mark.parametrize("group", ["4ea07046-bee1-4442-b5ea-1ef97a297b5a", None])
async def test_a_radiohound_capture_needs_documents_of_its_group(browser, group):
    document = json.dumps({"scan_group": "11111111-1111-4111-8111-111111111111"}).encode()
    await browser.upload("/scan", "one.rh.json", document)
    answer = await create(browser, capture_type="rh", index_name="captures-rh", top_level_dir="/scan", scan_group=group)
    if group is None:
        assert (answer.status, answer.json["total_file_count"]) == (201, 1)
    else:
        assert (answer.status, "No files found for capture" in answer.json["detail"]) == (400, True)


async def test_captures_of_others_are_not_found(browser):
    uuid = (await captures(browser))["/captures/westford"]["uuid"]
    answer = await browser.ask("GET", f"/assets/captures/{uuid}/", token=COLLEAGUE)
    assert (answer.status, answer.json) == (404, {"detail": "No Capture matches the given query."})
