"""Where the service's address and the token come from, the places that ndpull and intern know included."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._config.settings import Layers, Lookup, env, ini
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from penstock.types import PathLike

DEFAULT_URL = "https://api.bossdb.io"
PUBLIC_TOKEN = "public"  # noqa: S105  # the service's own word for whoever has no account
INTERN_FILE = "~/.intern/intern.cfg"

_INTERN = ("INTERN_PROTOCOL", "INTERN_HOST", "INTERN_TOKEN")


def boss_layers(config_file: PathLike | None) -> Layers:
    """Lay the settings `url` and `token` out in the order in which they count.

    Args:
        config_file: INI file that the caller named, if any.

    Raises:
        ConfigError: That file does not exist.
    """
    if config_file is not None and not Path(config_file).expanduser().is_file():
        raise ConfigError(f"there is no file {config_file}", hint="Name an existing INI file, or leave it away.")
    files = [str(file) for file in (config_file, INTERN_FILE) if file is not None]
    variables = ", ".join(_INTERN)
    return Layers(
        "boss",
        historical={
            "url": [
                Lookup(variables, partial(_from_intern, "{0}://{1}")),
                *(Lookup(f"{file} [Default]", partial(_url_in, file)) for file in files),
            ],
            "token": [
                Lookup(variables, partial(_from_intern, "{2}")),
                env("BOSS_TOKEN"),
                *(ini(file, "Default", "token") for file in files),
            ],
        },
        defaults={"url": DEFAULT_URL, "token": PUBLIC_TOKEN},
    )


def _from_intern(template: str) -> str | None:
    """Read intern's variables, which count only together: a token is for one host."""
    values = [os.environ.get(name) for name in _INTERN]
    return template.format(*values) if all(values) else None


def _url_in(file: str) -> str | None:
    """Put the address together that an INI file has in two keys."""
    host = ini(file, "Default", "host").read()
    return f"{ini(file, 'Default', 'protocol').read() or 'https'}://{host}" if host else None
