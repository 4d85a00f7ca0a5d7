"""Settings files as users of the service write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.errors import ConfigError
from penstock.platforms.sds.envfile import read_env_file

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# the account
SDS_SECRET_TOKEN='abc.def'
export sds-host = "h" # why
EMPTY=
PLAIN=b#c
nonsense
"""


def test_env_files_are_read_as_users_write_them(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(TEXT)
    assert read_env_file(file, required=True) == {"sds_secret_token": "abc.def", "sds_host": "h", "plain": "b#c"}


def test_only_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / "none", required=False) == {}
    with pytest.raises(ConfigError):
        read_env_file(tmp_path / "none", required=True)
