"""Where the gateway's address and the key come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import penstock
from penstock.errors import Closed, ConfigError, MissingCredential
from penstock.platforms.sds.settings import sds_layers, with_scheme

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in a folder without an env file."""
    monkeypatch.chdir(tmp_path)


def found(env_file: Path | None = None) -> tuple[str, str]:
    layers = sds_layers(env_file)
    return layers.value("url"), layers.secret("token").reveal()


def test_every_layer_gives_way_to_the_one_above(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SDS_SECRET_TOKEN=from-here\nSDS_HOST=here\n")
    assert found() == ("here", "from-here")
    named = tmp_path / "named.env"
    named.write_text("sds-secret-token = 'from-named'\n")
    assert found(named) == ("https://sds.crc.nd.edu", "from-named")
    monkeypatch.setenv("SDS_SECRET_TOKEN", "from-sds")
    monkeypatch.setenv("SDS_HOST", "sds")
    assert found(named) == ("sds", "from-sds")
    monkeypatch.setenv("PENSTOCK_SDS_TOKEN", "from-us")
    monkeypatch.setenv("PENSTOCK_SDS_URL", "http://ours")
    assert found(named) == ("http://ours", "from-us")


def test_a_missing_key_names_every_place_that_was_searched() -> None:
    with pytest.raises(MissingCredential) as caught:
        found()
    for place in ("PENSTOCK_SDS_TOKEN", "SDS_SECRET_TOKEN", ".env"):
        assert place in str(caught.value)
    assert "penstock login sds" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("localhost", "http://localhost"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("sds.example", "https://sds.example"),
        ("sds.example:8443/prefix/", "https://sds.example:8443/prefix"),
        ("http://sds.example/", "http://sds.example"),
    ],
)
def test_hosts_are_completed(text: str, url: str) -> None:
    assert with_scheme(text) == url


def test_two_addresses_contradict_each_other() -> None:
    with pytest.raises(ConfigError):
        penstock.Sds(url="http://a", host="b")


@pytest.mark.anyio
async def test_an_argument_beats_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_SDS_URL", "http://other")
    async with penstock.Sds(host="127.0.0.1:9", token="t") as sds:
        assert sds.endpoint == "http://127.0.0.1:9"
        assert repr(sds) == "<Sds at http://127.0.0.1:9>"


@pytest.mark.anyio
async def test_settings_that_make_no_sense_are_refused_on_opening() -> None:
    with pytest.raises(ConfigError):
        async with penstock.Sds(host="127.0.0.1:9", token="t", gateway_zone="Mars/Olympus"):
            pass
    with pytest.raises(ConfigError):
        async with penstock.Sds(url="https://user:pw@host", token="t"):
            pass


@pytest.mark.anyio
async def test_a_client_that_is_not_open_says_so() -> None:
    with pytest.raises(Closed):
        await penstock.Sds().files("/")
