"""Secrets that `penstock login` saves, in a file that only its owner can read."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from penstock._config.paths import credentials_file
from penstock._config.tables import read_table
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from penstock._config.secrets import Secret


def save_credentials(platform: str, secrets: Mapping[str, Secret | str]) -> Path:
    """Keep secrets of a platform for later runs, in place of what was kept under the same names.

    Returns:
        The file that they are in.

    Raises:
        ConfigError: The file cannot be written.
    """
    path = credentials_file()
    tables = _sections(path)
    shown = {name: value if isinstance(value, str) else value.reveal() for name, value in secrets.items()}
    tables[platform] = {**tables.get(platform, {}), **shown}
    _write(path, tables)
    return path


def forget_credentials(platform: str) -> bool:
    """Remove what is kept of a platform; False when there was nothing."""
    path = credentials_file()
    tables = _sections(path)
    known = tables.pop(platform, None) is not None
    if known:
        _write(path, tables)
    return known


def _sections(path: Path) -> dict[str, dict[str, Any]]:
    return {name: dict(values) for name, values in read_table(path, ()).values.items() if isinstance(values, dict)}


def _write(path: Path, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace the file; its mode is right from the first byte on, whatever the umask."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            temporary.unlink()
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(_section(name, values) for name, values in sorted(tables.items())))
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {type(error).__name__}") from None


def _section(name: str, values: Mapping[str, Any]) -> str:
    # JSON strings are TOML basic strings as long as nothing beyond ASCII is left to escape in pairs.
    lines = [
        f"{json.dumps(key)} = {json.dumps(str(value), ensure_ascii=False)}" for key, value in sorted(values.items())
    ]
    return "\n".join([f"[{name}]", *lines, ""])
