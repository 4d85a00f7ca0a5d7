"""Who asks: e-mail sessions and API keys."""

from __future__ import annotations

import os
import time

import anyio
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import penstock
from penstock._config.secrets import Secret
from penstock.errors import (
    Closed,
    ConfigError,
    MissingCredential,
    RejectedCredential,
    ServerFailure,
    UnexpectedResponse,
)
from penstock.platforms.seer.auth import session_cookie
from penstock.platforms.seer.settings import EMAIL_URL, Given, settle

pytestmark = pytest.mark.anyio


async def test_logs_in_once_and_keeps_the_session_for_the_next_run(fake, connect, make):
    fake.studies = [make.study("a")]
    for _ in range(2):
        async with connect() as seer:
            assert (await seer.study("a")).name == "Study a"
    assert fake.logins == 1
    [kept] = (make_path(os.environ["XDG_STATE_HOME"]) / "penstock" / "seer").iterdir()
    assert kept.stat().st_mode & 0o077 == 0


def make_path(text):
    from pathlib import Path

    return Path(text)


@pytest.mark.parametrize("name", ["seer.sid", "seerdev.sid", "__Host-seer.sid"])
async def test_takes_whichever_cookie_the_server_sets(fake, connect, make, name):
    fake.cookie = name
    fake.studies = [make.study("a")]
    async with connect() as seer:
        assert await seer.study("a")


async def test_a_kept_session_that_has_ended_is_replaced(fake, connect, make):
    fake.studies = [make.study("a")]
    async with connect() as seer:
        await seer.study("a")
    fake.expire_sessions()
    async with connect() as seer:
        await seer.study("a")
    assert fake.logins == 2


async def test_many_tasks_that_meet_an_expired_session_log_in_once(fake, connect, make):
    fake.studies = [make.study("a")]
    async with connect(context=None) as seer:
        await seer.study("a")
        fake.expire_sessions()
        fake.login_delay = 0.05
        async with anyio.create_task_group() as group:
            for _ in range(32):
                group.start_soon(seer.study, "a")
    assert fake.logins == 2


async def test_first_use_by_many_tasks_logs_in_once(fake, connect, make):
    fake.studies = [make.study("a")]
    async with connect() as seer, anyio.create_task_group() as group:
        for _ in range(32):
            group.start_soon(seer.study, "a")
    assert fake.logins == 1


async def test_login_works_while_one_connection_is_all_there_is(fake, connect, make):
    fake.studies = [make.study("a", make.group("EEG", ["x"]))]
    async with penstock.Context(connections=1) as context, connect(context=context) as seer:
        with anyio.fail_after(10):
            await seer.study("a")
            fake.expire_sessions()
            async with anyio.create_task_group() as group:
                group.start_soon(seer.read, "a")
                group.start_soon(seer.study, "a")
                group.start_soon(seer.read, "a")
    assert fake.logins == 2


async def test_a_refused_password_is_sent_once(fake, connect):
    async with connect(password="wrong") as seer:
        for _ in range(3):
            with pytest.raises(RejectedCredential, match=r"someone@example\.invalid") as caught:
                await seer.study("a")
    assert fake.refused_logins == 1
    assert "wrong" not in str(caught.value) + str(caught.value.context) + str(caught.value.hint)


async def test_many_tasks_with_a_wrong_password_ask_once(fake, connect):
    refused = []

    async def ask(seer):
        with pytest.raises(RejectedCredential):
            await seer.study("a")
        refused.append(1)

    fake.login_delay = 0.02
    async with connect(password="wrong") as seer, anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(ask, seer)
    assert len(refused) == 20
    assert fake.refused_logins == 1


async def test_a_login_without_a_session_is_refused(fake, connect):
    fake.cookie = ""
    async with connect() as seer:
        with pytest.raises(RejectedCredential, match="without a session"):
            await seer.study("a")
    assert fake.logins == 1


async def test_a_session_that_never_becomes_active_is_a_server_failure(fake, connect, monkeypatch):
    monkeypatch.setattr("penstock.platforms.seer.auth._PAUSES", (0.0, 0.0, 0.0))
    fake.session_active = False
    async with connect() as seer:
        with pytest.raises(ServerFailure, match="did not become active"):
            await seer.study("a")
    assert fake.logins == 3


async def test_a_session_that_is_refused_again_is_an_error_not_a_loop(fake, connect):
    fake.authorise = lambda request: request.path.endswith("verify")
    async with connect() as seer:
        with pytest.raises(RejectedCredential):
            await seer.study("a")
    assert fake.logins == 2


async def test_repr_and_pickle_show_no_secret(fake, connect):
    async with connect() as seer:
        assert "correct" not in repr(seer) + repr(vars(seer))


async def test_use_outside_the_block_is_refused(fake, connect):
    client = penstock.Seer(url=fake.url, email="a@b", password="p")
    with pytest.raises(Closed):
        await client.study("a")
    async with connect() as seer:
        pass
    with pytest.raises(Closed):
        await seer.study("a")


def test_the_session_is_found_among_other_cookies():
    headers = {"set-cookie": "a=b; Path=/, seer.sid=s%3Aabc.def; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly"}
    assert session_cookie(headers) == ("seer.sid", Secret("s%3Aabc.def"))
    assert session_cookie({"set-cookie": "notseer.sidx=1; seer.sid="}) is None


@pytest.fixture(scope="module")
def pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return text, key.public_key()


def key_file(folder, name, text):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("copied", [False, True])
async def test_an_api_key_signs_every_query(fake, connect, make, pem, tmp_path, copied):
    text, public = pem
    tokens = []

    def authorise(request):
        token = request.headers["Authorization"].removeprefix("Bearer ")
        tokens.append((jwt.decode(token, public, algorithms=["RS256"]), jwt.get_unverified_header(token)))
        return True

    fake.authorise = authorise
    fake.studies = [make.study("a")]
    path = key_file(tmp_path, "seerpy.KID.uk.pem", text.replace("\n", "\\n") if copied else text)
    async with connect(email=None, password=None, key_file=path) as seer:
        await seer.study("a")
    [(claims, header)] = tokens
    assert header == {"alg": "RS256", "typ": "JWT"}
    assert claims.keys() == {"keyId", "iat"}
    assert claims["keyId"] == "KID"
    assert abs(claims["iat"] - time.time()) < 60
    assert fake.logins == 0


async def test_an_api_key_that_is_not_accepted_is_named(fake, connect, pem, tmp_path):
    fake.authorise = lambda request: False
    path = key_file(tmp_path, "seerpy.KID.pem", pem[0])
    async with connect(email=None, password=None, key_file=path) as seer:
        with pytest.raises(RejectedCredential, match="API key KID"):
            await seer.study("a")
    assert len(fake.queries) == 1


async def test_a_file_without_a_key_is_refused_without_quoting_it(connect, tmp_path):
    path = key_file(tmp_path, "seerpy.KID.pem", "not a key at all")
    with pytest.raises(ConfigError, match="no RSA private key") as caught:
        async with connect(email=None, password=None, key_file=path):
            pass
    assert "not a key" not in str(caught.value)


class TestSettings:
    """Which account is taken, from where."""

    @pytest.fixture
    def vendor(self):
        return make_path(os.environ["HOME"]) / ".seerpy"

    def test_nothing_at_all(self):
        with pytest.raises(MissingCredential, match="PENSTOCK_SEER_EMAIL") as caught:
            settle(Given())
        assert "penstock login seer" in caught.value.hint

    def test_environment(self, monkeypatch):
        monkeypatch.setenv("PENSTOCK_SEER_EMAIL", "a@b")
        monkeypatch.setenv("PENSTOCK_SEER_PASSWORD", "with blank")
        monkeypatch.setenv("PENSTOCK_SEER_PARTY", "party")
        settings = settle(Given())
        assert (settings.url, settings.party) == (EMAIL_URL, "party")
        assert settings.login.password == Secret("with blank", kind="password")
        assert "blank" not in repr(settings)

    def test_arguments_win(self, monkeypatch):
        monkeypatch.setenv("PENSTOCK_SEER_EMAIL", "a@b")
        monkeypatch.setenv("PENSTOCK_SEER_PASSWORD", "p")
        monkeypatch.setenv("SDK_API_BASE_URL", "http://127.0.0.1:1/api/")
        assert settle(Given()).url == "http://127.0.0.1:1/api"
        monkeypatch.setenv("PENSTOCK_SEER_URL", "http://127.0.0.1:2/api")
        assert settle(Given(email="c@d")).login.email == "c@d"
        assert settle(Given()).url == "http://127.0.0.1:2/api"
        assert settle(Given(url="http://127.0.0.1:3/api")).url == "http://127.0.0.1:3/api"

    def test_the_vendors_credentials_file(self, vendor):
        key_file(vendor, "credentials", "old@b \nold password\n")
        key_file(vendor, "cookie", "{}")
        login = settle(Given()).login
        assert (login.email, login.password.reveal()) == ("old@b", "old password")
        assert login.legacy
        assert settle(Given(url="http://127.0.0.1:3/api")).login.legacy == ()
        assert settle(Given(email="old@b")).login.password.reveal() == "old password"

    def test_a_password_of_another_account_is_not_used(self, vendor):
        key_file(vendor, "credentials", "old@b\nold\n")
        with pytest.raises(MissingCredential):
            settle(Given(email="new@b"))

    def test_a_credentials_file_of_one_line_is_named(self, vendor):
        key_file(vendor, "credentials", "old@b\n")
        with pytest.raises(ConfigError, match="credentials should hold"):
            settle(Given())

    def test_a_readable_credentials_file_is_refused(self, vendor):
        key_file(vendor, "credentials", "old@b\nold\n").chmod(0o644)
        with pytest.raises(ConfigError, match="others may read"):
            settle(Given())

    def test_key_files_come_before_the_credentials_file(self, vendor, pem):
        key_file(vendor, "credentials", "old@b\nold\n")
        key_file(vendor, "seerpy.default.KID.uk.pem", pem[0])
        key_file(vendor, "seerpy.OTHER.pem", pem[0])
        settings = settle(Given())
        assert settings.login.key_id == "KID"
        assert settings.url == "https://sdk-uk.seermedical.com/api"
        assert settle(Given(region="de")).url == "https://sdk-de.seermedical.com/api"
        assert settle(Given(key_id="OTHER")).url == "https://sdk-au.seermedical.com/api"
        assert settle(Given(email="a@b", password="p")).url == EMAIL_URL

    @pytest.mark.parametrize(
        "given",
        [
            Given(email="a@b", password="p", key_id="x"),
            Given(email="a@b", password="p", url="ftp://x"),
            Given(email="a@b", password="p", url="api.seermedical.com"),
            Given(email="a@b", password="p", region="mars"),
            Given(key_id="KID"),
            Given(key_file="/nowhere/seerpy.KID.pem"),
        ],
    )
    def test_contradictions_and_nonsense(self, given):
        with pytest.raises(ConfigError):
            settle(given)

    def test_a_key_file_without_an_id_in_its_name(self, tmp_path, pem):
        path = key_file(tmp_path, "mykey.pem", pem[0])
        with pytest.raises(ConfigError, match="id of its key"):
            settle(Given(key_file=path))
        assert settle(Given(key_file=path, key_id="KID")).login.key_id == "KID"


async def test_the_vendors_session_reaches_the_vendors_hosts_alone(fake, connect, make, monkeypatch):
    vendor = make_path(os.environ["HOME"]) / ".seerpy"
    key_file(vendor, "credentials", f"{make.email}\n{make.password}\n")
    key_file(vendor, "cookie", '{"seer.sid": "production-session"}')
    fake.studies = [make.study("a")]
    async with connect(email=None, password=None) as seer:
        await seer.study("a")
    assert (fake.logins, fake.verified) == (1, 1)


async def test_an_unreadable_kept_session_is_ignored(fake, connect, make):
    fake.studies = [make.study("a")]
    async with connect() as seer:
        await seer.study("a")
    [kept] = (make_path(os.environ["XDG_STATE_HOME"]) / "penstock" / "seer").iterdir()
    kept.write_text("{broken")
    async with connect() as seer:
        await seer.study("a")
    assert fake.logins == 2


async def test_answers_that_are_not_the_service_are_unexpected(fake, connect):
    async with connect(url=fake.url.replace("/api", "/elsewhere")) as seer:
        with pytest.raises((UnexpectedResponse, RejectedCredential, LookupError)):
            await seer.study("a")
