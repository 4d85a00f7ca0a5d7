"""Who may ask, in which form, and how the gateway says no."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio


async def test_the_environment_names_the_gateway_and_its_token_twice(browser):
    env = browser.sandbox.env
    assert env["PENSTOCK_SDS_URL"] == browser.sandbox.urls["sds"]
    assert env["PENSTOCK_SDS_TOKEN"] == env["SDS_SECRET_TOKEN"] == "sandbox-sds-token"


@pytest.mark.parametrize("header", ["Api-Key: sandbox-sds-token", "anything:sandbox-sds-token", "sandbox-sds-token"])
async def test_the_key_is_what_stands_behind_the_colon(browser, header):
    answer = await browser.ask("GET", "/auth/", headers={"Authorization": header})
    assert (answer.status, answer.json) == (200, {"message": "API key is valid for researcher@sandbox.invalid"})


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("Bearer sandbox-sds-token", "API key not found"),
        ("Api-Key sandbox-sds-token", "API key not found"),
        ("Api-Key: wrong", "API key not found"),
        ("Api-Key: sandbox-sds-token:", "Expected format: 'Api-Key: <key>'"),
    ],
)
async def test_other_keys_are_refused(browser, header, detail):
    answer = await browser.ask("GET", "/auth/", headers={"Authorization": header})
    assert (answer.status, answer.json) == (401, {"detail": detail})
    assert answer.headers["WWW-Authenticate"] == "Api-Key"


async def test_no_key_is_refused(browser):
    answer = await browser.ask("GET", "/assets/files/", token=None)
    assert (answer.status, answer.json["detail"]) == (401, "Authentication credentials were not provided.")


async def test_the_account_can_be_asked_for(browser):
    answer = await browser.get("/users/me/")
    assert answer.json["email"] == "researcher@sandbox.invalid"


async def test_latest_is_another_word_for_v1(browser):
    answer = await browser.ask("GET", f"{browser.sandbox.urls['sds']}/api/latest/auth/")
    assert answer.status == 200


@pytest.mark.parametrize("path", ["/nowhere/", "/assets/datasets/", "/assets/experiments/"])
async def test_unknown_routes_are_pages_of_html(browser, path):
    answer = await browser.get(path)
    assert (answer.status, answer.is_html) == (404, True)


async def test_a_get_without_its_last_slash_is_sent_there(browser):
    answer = await browser.get("/assets/files", path="/odd")
    assert (answer.status, answer.headers["Location"]) == (301, "/api/v1/assets/files/?path=/odd")


async def test_a_post_without_its_last_slash_breaks(browser):
    answer = await browser.ask("POST", "/assets/files", data={"name": "x"})
    assert (answer.status, answer.is_html) == (500, True)


async def test_a_malformed_id_breaks(browser):
    answer = await browser.get("/assets/files/not-a-uuid/")
    assert (answer.status, answer.is_html) == (500, True)


async def test_a_method_that_a_route_lacks_is_refused(browser):
    [file] = await browser.listed("/odd/demo/on/a.txt")
    answer = await browser.ask("PATCH", f"/assets/files/{file['uuid']}/")
    assert (answer.status, answer.json) == (405, {"detail": 'Method "PATCH" not allowed.'})


@pytest.mark.parametrize("accept", ["application/octet-stream", "text/plain", "image/png, image/*"])
async def test_accept_must_allow_json_even_for_downloads(browser, accept):
    [file] = await browser.listed("/odd/demo/on/a.txt")
    answer = await browser.ask("GET", f"/assets/files/{file['uuid']}/download/", headers={"Accept": accept})
    assert (answer.status, answer.json["detail"]) == (406, "Could not satisfy the request Accept header.")


async def test_a_browser_gets_a_page(browser):
    answer = await browser.ask("GET", "/auth/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status, answer.is_html) == (200, True)
