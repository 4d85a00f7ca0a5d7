"""Secrets can be used, but not shown by accident."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock._config.credentials import forget_credentials, save_credentials
from penstock._config.paths import credentials_file
from penstock._config.secrets import Secret, read_private_file
from penstock._config.settings import Layers
from penstock.errors import ConfigError

tokens = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=80)


@given(tokens)
def test_a_secret_shows_nothing(token):
    secret = Secret(token)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!s:>10}", repr([secret]), repr({"token": secret})):
        assert token not in shown
    assert secret.reveal() == token


def test_a_secret_is_neither_pickled_nor_dumped():
    secret = Secret("canary-canary")
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps({"token": secret})
    assert copy.copy(secret) is copy.deepcopy(secret) is secret


def test_a_secret_can_be_compared_and_looked_up():
    assert Secret("canary-canary") == Secret("canary-canary")
    assert Secret("canary-canary") != Secret("canary-canarz")
    assert Secret("canary-canary") != "canary-canary"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


@pytest.mark.parametrize("value", ["", "  ", "canary canary", "canary\n", "canary\r\nX: 1", "canary\u00e9", "canary\0"])
def test_what_is_no_token_is_refused_without_being_quoted(value):
    with pytest.raises(ConfigError) as caught:
        Secret(value, name="the boss token")
    assert "the boss token" in str(caught.value)
    assert "canary" not in "".join(traceback.format_exception_only(caught.value))


def test_other_kinds_allow_more():
    assert Secret("pass wörd", kind="password").reveal() == "pass wörd"
    with pytest.raises(ConfigError):
        Secret("pass\nword", kind="password")
    assert Secret("-----BEGIN\nEND-----\n", kind="text")
    with pytest.raises(ConfigError):
        Secret("a\0b", kind="text")


def test_logging_a_secret_logs_nothing(caplog):
    logging.getLogger("penstock").warning("using %s and %r", Secret("canary-canary"), Secret("canary-canary"))
    assert "canary" not in caplog.text


def test_a_private_file_is_read(tmp_path):
    path = tmp_path / "token"
    path.write_text("canary-canary\n")
    path.chmod(0o600)
    assert read_private_file(path) == "canary-canary"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path, mode):
    path = tmp_path / "token"
    path.write_text("canary-canary\n")
    path.chmod(mode)
    with pytest.raises(ConfigError, match="others may read") as caught:
        read_private_file(path)
    assert "chmod 600" in caught.value.hint
    assert "canary" not in str(caught.value)


def test_a_file_that_is_no_secret_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_private_file(tmp_path / "absent")
    large = tmp_path / "large"
    large.write_bytes(b"x" * 100_000)
    large.chmod(0o600)
    with pytest.raises(ConfigError, match="larger"):
        read_private_file(large)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    binary.chmod(0o600)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_private_file(binary)


def test_saved_credentials_are_private_whatever_the_umask(monkeypatch):
    import os

    before = os.umask(0)
    try:
        path = save_credentials("boss", {"token": Secret("canary-canary")})
        save_credentials("seer", {"email": "me@example.org", "password": Secret('p"a\\ss wörd', kind="password")})
    finally:
        os.umask(before)
    assert path == credentials_file()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert Layers("boss").secret("token").reveal() == "canary-canary"
    assert Layers("seer").secret("password", kind="password").reveal() == 'p"a\\ss wörd'


def test_saved_credentials_can_be_forgotten():
    save_credentials("boss", {"token": Secret("canary-canary")})
    save_credentials("sds", {"token": Secret("other-canary")})
    assert forget_credentials("boss")
    assert not forget_credentials("boss")
    assert Layers("boss").optional_secret("token") is None
    assert Layers("sds").optional_secret("token") is not None
