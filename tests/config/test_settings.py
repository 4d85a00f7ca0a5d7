"""Where settings come from, in which order, and what is said when they are missing or wrong."""

from __future__ import annotations

import pytest

from penstock._config.paths import cache_dir, config_dir, state_dir, user_file
from penstock._config.secrets import Secret
from penstock._config.settings import Layers, Lookup, env, ini
from penstock._config.sizes import parse_size
from penstock.errors import ConfigError, MissingCredential


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text, mode=0o600):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


HISTORICAL = {
    "host": [env("INTERN_HOST"), ini("~/.intern/intern.cfg", "Default", "host")],
    "token": [env("BOSS_TOKEN")],
}


def layers(**defaults):
    return Layers("boss", historical=HISTORICAL, defaults=defaults)


def test_every_layer_yields_to_the_one_above(tmp_path, monkeypatch):
    from pathlib import Path

    def found(argument=None):
        setting = layers(host="default.example.org").find("host", argument)
        return setting.value, setting.origin

    assert found() == ("default.example.org", "default")
    write(user_file(), '[boss]\nhost = "user.example.org"\n')
    assert found() == ("user.example.org", f"{user_file()} [boss]")
    write(tmp_path / "pyproject.toml", '[tool.penstock.boss]\nhost = "project.example.org"\n')
    assert found() == ("project.example.org", "pyproject.toml [tool.penstock.boss]")
    write(tmp_path / "penstock.toml", '[boss]\nhost = "folder.example.org"\n')
    assert found() == ("folder.example.org", "penstock.toml [boss]")
    write(Path.home() / ".intern/intern.cfg", "[Default]\nhost = cfg.example.org\n")
    assert found() == ("cfg.example.org", "~/.intern/intern.cfg [Default]")
    monkeypatch.setenv("INTERN_HOST", "intern.example.org")
    assert found() == ("intern.example.org", "INTERN_HOST")
    monkeypatch.setenv("PENSTOCK_BOSS_HOST", "penstock.example.org")
    assert found() == ("penstock.example.org", "PENSTOCK_BOSS_HOST")
    assert found("argument.example.org") == ("argument.example.org", "argument")


def test_an_empty_variable_counts_as_absent(monkeypatch):
    monkeypatch.setenv("PENSTOCK_BOSS_HOST", "")
    assert layers().find("host") is None
    assert layers().value("host") is None


def test_values_are_parsed_and_the_culprit_named(monkeypatch):
    assert layers(memory="1MiB").value("memory", parse=parse_size) == 1 << 20
    assert layers().value("memory", parse=parse_size) is None
    monkeypatch.setenv("PENSTOCK_BOSS_MEMORY", "lots")
    with pytest.raises(ConfigError, match=r"memory \(PENSTOCK_BOSS_MEMORY\).*lots"):
        layers().value("memory", parse=parse_size)
    monkeypatch.setenv("PENSTOCK_BOSS_COUNT", "x")
    with pytest.raises(ConfigError, match="PENSTOCK_BOSS_COUNT"):
        layers().value("count", parse=int)


def test_a_secret_is_found_and_wrapped(monkeypatch):
    monkeypatch.setenv("BOSS_TOKEN", "canary-canary")
    secret = layers().secret("token")
    assert isinstance(secret, Secret)
    assert secret.reveal() == "canary-canary"
    assert layers().secret("token", "other-token").reveal() == "other-token"
    assert layers().secret("token", secret) is secret
    assert "canary" not in repr(layers().find("token"))


def test_a_default_secret_is_fine():
    assert layers(token="public").secret("token").reveal() == "public"


def test_a_missing_secret_names_every_place(tmp_path):
    with pytest.raises(MissingCredential) as caught:
        layers().secret("token")
    said = str(caught.value)
    for place in (
        "argument",
        "PENSTOCK_BOSS_TOKEN",
        "BOSS_TOKEN",
        "penstock.toml [boss]",
        str(user_file()),
        "PENSTOCK_BOSS_TOKEN_FILE",
    ):
        assert place in said
    assert "penstock login boss" in caught.value.hint


def test_a_malformed_secret_names_its_place_but_not_itself(monkeypatch):
    monkeypatch.setenv("PENSTOCK_BOSS_TOKEN", "canary canary")
    with pytest.raises(ConfigError, match="PENSTOCK_BOSS_TOKEN") as caught:
        layers().secret("token")
    assert "canary" not in str(caught.value)


def test_a_token_may_stand_in_a_file_of_its_own(tmp_path, monkeypatch):
    write(tmp_path / "token", "canary-canary\n")
    monkeypatch.setenv("PENSTOCK_BOSS_TOKEN_FILE", str(tmp_path / "token"))
    assert layers().secret("token").reveal() == "canary-canary"
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        layers().secret("token")


def test_a_secret_in_a_table_that_others_may_read_is_refused(tmp_path):
    write(tmp_path / "penstock.toml", '[boss]\ntoken = "canary-canary"\nhost = "h"\n', mode=0o644)
    assert layers().value("host") == "h"
    with pytest.raises(ConfigError, match="others may read"):
        layers().secret("token")
    (tmp_path / "penstock.toml").chmod(0o600)
    assert layers().secret("token").reveal() == "canary-canary"


@pytest.mark.parametrize("text", ["[boss", 'boss = 1\n"', "\xff"])
def test_broken_tables_are_named_but_not_quoted(tmp_path, text):
    write(tmp_path / "penstock.toml", f"{text} canary")
    with pytest.raises(ConfigError, match=r"penstock\.toml") as caught:
        layers()
    assert "canary" not in str(caught.value)


def test_a_section_must_be_one(tmp_path):
    write(tmp_path / "penstock.toml", "boss = 1\n")
    with pytest.raises(ConfigError, match=r"\[boss\]"):
        layers().value("host")


def test_broken_historical_files_are_named():
    from pathlib import Path

    write(Path.home() / ".intern/intern.cfg", "no section canary\n")
    with pytest.raises(ConfigError, match=r"intern\.cfg") as caught:
        layers().value("host")
    assert "canary" not in str(caught.value)


def test_any_callable_can_be_a_place():
    extra = Layers("sds", historical={"host": [Lookup("an oracle", lambda: "oracle.example.org")]})
    setting = extra.find("host")
    assert setting is not None
    assert (setting.value, setting.origin) == ("oracle.example.org", "an oracle")


def test_our_folders_are_where_the_system_wants_them(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "k"))
    assert config_dir() == tmp_path / "c" / "penstock"
    assert cache_dir() == tmp_path / "k" / "penstock"
    assert state_dir().name == "penstock"
