"""Where address and token come from, the files and variables of the older clients included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import penstock
from penstock.errors import Closed, ConfigError
from penstock.platforms.boss.settings import boss_layers

if TYPE_CHECKING:
    from pathlib import Path

INTERN = {"INTERN_PROTOCOL": "http", "INTERN_HOST": "intern:1", "INTERN_TOKEN": "from-intern"}
CONFIG = "[Default]\nprotocol = http\nhost = {host}\ntoken = {token}\n"


def found(config_file: Path | None = None) -> tuple[str, str]:
    layers = boss_layers(config_file)
    return layers.value("url"), layers.secret("token").reveal()


def test_without_any_setting_the_public_service_is_read() -> None:
    assert found() == ("https://api.bossdb.io", "public")


def test_every_layer_gives_way_to_the_one_above(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / ".intern" / "intern.cfg"
    home.parent.mkdir()
    home.write_text(CONFIG.format(host="home:1", token="from-home"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert found() == ("http://home:1", "from-home")
    named = tmp_path / "ndpull.cfg"
    named.write_text(CONFIG.format(host="named:1", token="from-named"))
    assert found(named) == ("http://named:1", "from-named")
    monkeypatch.setenv("BOSS_TOKEN", "from-boss")
    assert found(named) == ("http://named:1", "from-boss")
    for name, value in INTERN.items():
        monkeypatch.setenv(name, value)
    assert found(named) == ("http://intern:1", "from-intern")
    monkeypatch.setenv("PENSTOCK_BOSS_URL", "http://ours:1")
    monkeypatch.setenv("PENSTOCK_BOSS_TOKEN", "from-us")
    assert found(named) == ("http://ours:1", "from-us")


def test_interns_variables_count_only_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERN_HOST", "intern:1")
    monkeypatch.setenv("INTERN_TOKEN", "from-intern")
    assert found() == ("https://api.bossdb.io", "public")


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.cfg"):
        boss_layers(tmp_path / "none.cfg")


@pytest.mark.anyio
async def test_settings_are_read_when_the_client_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    boss = penstock.Boss()
    monkeypatch.setenv("PENSTOCK_BOSS_URL", "http://127.0.0.1:9")
    async with boss:
        assert boss.endpoint == "http://127.0.0.1:9"
        assert "127.0.0.1" in repr(boss)


@pytest.mark.anyio
async def test_a_client_that_is_not_open_says_so() -> None:
    boss = penstock.Boss()
    with pytest.raises(Closed):
        await boss.collections()
    with pytest.raises(Closed):
        await boss.channel("a/b/c")


@pytest.mark.anyio
async def test_no_repr_shows_the_token() -> None:
    async with penstock.Boss(url="http://127.0.0.1:9", token="very-secret") as boss:
        assert "very-secret" not in repr(boss)
        assert "very-secret" not in repr(boss._wire)


@pytest.mark.anyio
async def test_a_token_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        async with penstock.Boss(url="http://127.0.0.1:9", token="very\nsecret"):
            pass
    assert "secret" not in repr(caught.value).replace("the secret", "")
