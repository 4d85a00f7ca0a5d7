"""Resources, their metadata, and who may see them."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.sandbox.boss import PUBLIC, TOKEN, VISITOR, environment

pytestmark = pytest.mark.anyio
Boss = Any  # the client of conftest.py
EM = "/v1/collection/kharris15/experiment/apical/channel/em"
DRAFT = "/v1/collection/lab/experiment/draft/channel/em"


async def test_fake_token_has_the_length_of_a_real_one_and_every_variable_is_set() -> None:
    env = environment({"boss": "http://127.0.0.1:8000"})
    assert len(TOKEN) == len(VISITOR) == 40
    assert {env[name] for name in ("PENSTOCK_BOSS_TOKEN", "BOSS_TOKEN", "INTERN_TOKEN")} == {TOKEN}
    assert (env["PENSTOCK_BOSS_URL"], env["INTERN_PROTOCOL"], env["INTERN_HOST"]) == (
        "http://127.0.0.1:8000",
        "http",
        "127.0.0.1:8000",
    )


@pytest.mark.parametrize("path", [EM, EM + "/", EM.replace("/v1/", "/latest/")])
async def test_slashes_at_the_end_are_optional(boss: Boss, path: str) -> None:
    channel = await boss.json(path)
    assert (channel["name"], channel["datatype"], channel["downsample_status"]) == ("em", "uint8", "DOWNSAMPLED")


@pytest.mark.parametrize("path", ["/v1/collection", "/v1/collection/", "/v1/collection//"])
async def test_collections_are_listed_even_under_the_double_slash_of_intern(boss: Boss, path: str) -> None:
    assert await boss.json(path) == {"collections": ["kharris15", "lab", "demo"]}
    assert await boss.json(path, token=PUBLIC) == {"collections": ["kharris15", "demo"]}


async def test_lists_name_what_there_is(boss: Boss) -> None:
    assert await boss.json("/v1/collection/demo/experiment/") == {"experiments": ["cortex"]}
    channels = await boss.json("/v1/collection/demo/experiment/cortex/channel/")
    assert channels == {"channels": ["em", "em16", "labels"]}
    assert "kharris15_apical" in (await boss.json("/v1/coord/"))["coords"]
    assert (await boss.json("/v1/coord/kharris15_apical"))["z_stop"] == 194


async def test_unknown_things_have_their_own_codes(boss: Boss) -> None:
    for path in ("/v1/collection/no", "/v1/coord/no", EM + "x", "/v1/collection/no/experiment/e"):
        assert await boss.code(path) == (404, 4000)
    assert await boss.broken("/v1/collection/no/experiment/")
    assert await boss.code("/v0.8/collection/demo") == (400, 9003)
    assert (await boss.ask("/v1/nothing/here"))[:2] == (404, "text/html")


async def test_a_bad_token_is_refused_in_a_shape_of_its_own(boss: Boss) -> None:
    response = await boss.http.get(EM, headers={"Authorization": "Token nobody"})
    assert (response.status, await response.json()) == (401, {"detail": "Invalid token."})
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


async def test_the_scheme_of_a_token_has_no_case(boss: Boss) -> None:
    assert (await boss.http.get(DRAFT, headers={"Authorization": f"tOkEn {TOKEN}"})).status == 200


@pytest.mark.parametrize(
    ("path", "accept", "bad", "anonymous"),
    [
        (DRAFT, "application/json", 401, (403, 3001)),
        ("/v1/downsample/lab/draft/em", "application/json", 401, 500),
        ("/v1/meta/lab/draft/em", "application/json", 401, 500),
        ("/v1/cutout/lab/draft/em/0/0:4/0:4/0:4/", "application/blosc", 500, 500),
        ("/v1/cutout/lab/draft/em/0/0:4/0:4/0:4/", "application/npygz", 500, 500),
        ("/v1/cutout/lab/draft/em/0/0:4/0:4/0:4/", "application/json", 401, 500),
    ],
)
async def test_who_is_refused_how(boss: Boss, path: str, accept: str, bad: int, anonymous: Any) -> None:
    """The matrix of bad token, no header, and a valid user without rights, over the kinds of requests."""
    assert (await boss.ask(path, accept=accept, token="nobody"))[0] == bad
    if anonymous == 500:
        assert await boss.broken(path, accept=accept, token=None)
    else:
        assert await boss.code(path, accept=accept, token=None) == anonymous
    assert await boss.code(path, accept=accept, token=VISITOR) == (403, 3001)


async def test_posting_voxels_without_rights(boss: Boss) -> None:
    path = "lab/draft/em/0/0:1/0:1/0:1/"
    assert (await boss.post(path, [[[1]]], token="nobody"))[0] == 500
    assert (await boss.post(path, [[[1]]], token=None))[0] == 500
    assert (await boss.post(path, [[[1]]], token=VISITOR))[0] == 403
    assert (await boss.post("kharris15/apical/em/0/0:1/0:1/0:1/", [[[1]]], token=PUBLIC))[0] == 403


async def test_everybody_reads_what_is_public(boss: Boss) -> None:
    for token in (None, PUBLIC, VISITOR):
        assert (await boss.json(EM, token=token))["public"] is True
        block = await boss.voxels("kharris15/apical/em/0/0:2/0:1/0:1/", (1, 1, 2), token=token)
        assert block.tolist() == [[[1, 4]]]
    assert (await boss.json("/v1/downsample/kharris15/apical/em", token=PUBLIC))["status"] == "DOWNSAMPLED"


async def test_only_managers_create(boss: Boss) -> None:
    assert await boss.code("/v1/collection/mine", method="POST", token=VISITOR, fields={}) == (403, 3000)


async def test_an_unanchored_pattern_creates_a_collection_of_the_first_word(boss: Boss) -> None:
    assert (await boss.json("/v1/collection/c%209", method="POST", fields={}))["name"] == "c"


async def test_a_deleted_name_stays_taken(boss: Boss) -> None:
    path = "/v1/collection/gone"
    await boss.json(path, method="POST", fields={})
    assert (await boss.ask(path, method="DELETE"))[0] == 204
    assert await boss.code(path) == (404, 4005)
    assert await boss.code(path, method="POST", fields={}) == (400, 1003)
    assert "gone" not in (await boss.json("/v1/collection/"))["collections"]


async def test_what_others_need_cannot_be_deleted(boss: Boss) -> None:
    await boss.create("c/e/image")
    experiment = "/v1/collection/c/experiment/e"
    seg = {"type": "annotation", "datatype": "uint64", "sources": ["image"]}
    await boss.json(f"{experiment}/channel/seg", method="POST", fields=seg)
    for path in ("/v1/collection/c", experiment, "/v1/coord/c-e", f"{experiment}/channel/image"):
        assert await boss.code(path, method="DELETE") == (400, 4003)
    for path in (f"{experiment}/channel/seg", f"{experiment}/channel/image", experiment, "/v1/coord/c-e"):
        assert (await boss.ask(path, method="DELETE"))[0] == 204


async def test_changes_are_kept_and_fixed_fields_refused(boss: Boss) -> None:
    await boss.create("c/e/image")
    channel = "/v1/collection/c/experiment/e/channel/seg"
    seg = {"type": "annotation", "datatype": "uint64", "sources": ["image"]}
    await boss.json(channel, method="POST", fields=seg)
    assert await boss.code(channel, method="PUT", fields={"datatype": "uint8"}) == (400, 1003)
    assert await boss.code("/v1/coord/c-e", method="PUT", fields={"x_stop": 5}) == (400, 1003)
    changed = await boss.json(channel, method="PUT", fields={"name": "cells", "public": True})
    assert (changed["name"], changed["public"], changed["sources"]) == ("cells", True, [])
    assert (await boss.json("/v1/collection/c", method="PUT", fields={"public": True}))["public"] is True


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "image"},
        {"type": "film", "datatype": "uint8"},
        {"type": "image", "datatype": "float32"},
        {"type": "image", "datatype": "uint8", "default_time_sample": 1},
        {"type": "image", "datatype": "uint8", "base_resolution": "high"},
    ],
)
async def test_invalid_channels_are_refused(boss: Boss, fields: dict[str, Any]) -> None:
    await boss.create("c/e/image")
    path = "/v1/collection/c/experiment/e/channel/other"
    assert await boss.code(path, method="POST", fields=fields) == (400, 1003)


async def test_metadata_live_and_die_in_the_query(boss: Boss) -> None:
    path = "/v1/meta/demo/cortex/em"
    assert await boss.json(path) == {"keys": []}
    assert (await boss.ask(path + "?key=offsets&value=%5B0%2C%200%2C%203%5D", method="POST"))[0] == 201
    assert await boss.code(path + "?key=offsets&value=x", method="POST") == (400, 1003)
    assert await boss.json(path + "/?key=offsets") == {"key": "offsets", "value": "[0, 0, 3]"}
    assert (await boss.ask(path + "?key=offsets&value=2", method="PUT"))[0] == 200
    assert await boss.code(path + "?key=other&value=2", method="PUT") == (400, 1003)
    assert await boss.code(path + "?key=other") == (400, 1003)
    assert (await boss.ask(path + "?key=offsets", method="DELETE"))[0] == 204
    assert await boss.json(path) == {"keys": []}


async def test_ping_needs_nobody(boss: Boss) -> None:
    assert "ip" in await boss.json("/ping/", token=None)
