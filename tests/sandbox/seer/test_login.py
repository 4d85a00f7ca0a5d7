"""Passwords, sessions and signed tokens."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from penstock.sandbox.seer import EMAIL, KEY_ID, PASSWORD
from penstock.sandbox.seer.keypair import sandbox_key

pytestmark = pytest.mark.anyio


def code(document: Any) -> tuple[int, str]:
    return document["errors"][0]["statusCode"], document["errors"][0]["errorCode"]


async def test_login_sets_a_session_that_verifies(stranger) -> None:
    answer = await stranger.log_in()
    assert answer.status == 200
    assert stranger.cookie.startswith("seer.sid=")
    assert "Secure" not in answer.headers["Set-Cookie"]
    assert await stranger.verify() == 200


async def test_development_prefix_uses_the_development_cookie(stranger) -> None:
    await stranger.log_in(prefix="/dev")
    assert stranger.cookie.startswith("seerdev.sid=")
    assert await stranger.verify() == 200


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "wrong"), ("nobody@sandbox.invalid", PASSWORD), ("", "")])
async def test_wrong_credentials_are_refused_without_a_cookie(stranger, email: str, password: str) -> None:
    answer = await stranger.log_in(email, password)
    assert answer.status == 401
    assert "Set-Cookie" not in answer.headers


async def test_sessions_end(seer) -> None:
    seer.clock.now += 43_199
    assert await seer.verify() == 200
    seer.clock.now += 2
    assert await seer.verify() == 401
    status, document = await seer.post("{ labelTags { id } }")
    assert (status, code(document)) == (401, (401, "NOT_AUTHENTICATED"))


async def test_a_new_era_logs_everybody_out(seer) -> None:
    assert await seer.controls(era=1) == 200
    assert await seer.verify() == 401
    await seer.log_in()
    assert await seer.verify() == 200


async def test_forged_sessions_are_refused(stranger) -> None:
    claims = {"sub": "user-demo", "exp": time.time() + 1000, "era": 0}
    for cookie in (jwt.encode(claims, "x" * 32), jwt.encode(claims, None, algorithm="none"), "nonsense", ""):
        stranger.cookie = f"seer.sid={cookie}"
        assert await stranger.verify() == 401


def token(clock: Any, *, key_id: str = KEY_ID, age: float = 0.0, key: Any = None) -> dict[str, str]:
    private = key or sandbox_key().file.read_text()
    claims = {"keyId": key_id, "iat": int(clock.now - age)}
    return {"Authorization": f"Bearer {jwt.encode(claims, private, algorithm='RS256')}"}


async def test_api_key_tokens_are_accepted_while_fresh(stranger) -> None:
    for age, expected in ((0, 200), (290, 200), (-290, 200), (310, 401), (-310, 401)):
        status, _ = await stranger.post("{ labelTags { id } }", headers=token(stranger.clock, age=age))
        assert status == expected, age


async def test_api_key_tokens_of_others_are_refused(stranger) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    shared = {"Authorization": "Bearer " + jwt.encode({"keyId": KEY_ID, "iat": int(stranger.clock.now)}, "k" * 32)}
    for headers in (
        token(stranger.clock, key_id="another"),
        token(stranger.clock, key=other),
        shared,
        {"Authorization": "Bearer x"},
    ):
        status, document = await stranger.post("{ labelTags { id } }", headers=headers)
        assert (status, code(document)) == (401, (401, "NOT_AUTHENTICATED"))


async def test_key_file_is_private_and_named_for_its_key(stranger) -> None:
    file = sandbox_key().file
    assert stranger.sandbox.env["PENSTOCK_SEER_KEY_FILE"] == str(file)
    assert file.name.split(".")[1:3] == ["default", KEY_ID]
    assert file.stat().st_mode & 0o077 == 0


async def test_environment_points_both_clients_here(stranger) -> None:
    env = stranger.sandbox.env
    assert env["SDK_API_BASE_URL"] == env["PENSTOCK_SEER_URL"] == f"{stranger.sandbox.urls['seer']}/api"
    assert (env["PENSTOCK_SEER_EMAIL"], env["PENSTOCK_SEER_PASSWORD"]) == (EMAIL, PASSWORD)


async def test_regions_answer_like_the_plain_prefix(seer) -> None:
    for region in ("au", "de", "uk", "us"):
        url = f"{seer.sandbox.urls['seer']}/{region}/api/auth/verify"
        answer = await seer.session.get(url, headers={"Cookie": seer.cookie})
        assert answer.status == 200
