"""Where the gateway's address and the key come from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from penstock._config.settings import Layers, Lookup, env
from penstock.platforms.sds.envfile import read_env_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.types import PathLike

DEFAULT_URL = "https://sds.crc.nd.edu"

_URLS = ("PENSTOCK_SDS_HOST", "SDS_URL", "SDS_HOST")
_TOKENS = ("SDS_SECRET_TOKEN", "SDS_TOKEN")
_LOOPBACK = ("localhost", "127.", "[::1]")


def sds_layers(env_file: PathLike | None) -> Layers:
    """Lay the settings `url` and `token` out in the order in which they count.

    Args:
        env_file: Env file that the caller named; else `.env` of the working directory counts, if there is one.

    Raises:
        ConfigError: That file does not exist.
    """
    place = str(env_file or ".env")
    values = read_env_file(place, required=env_file is not None)
    return Layers(
        "sds",
        historical={
            "url": [*map(env, _URLS), *_in_file(place, values, "PENSTOCK_SDS_URL", *_URLS)],
            "token": [*map(env, _TOKENS), *_in_file(place, values, "PENSTOCK_SDS_TOKEN", *_TOKENS)],
        },
        defaults={"url": DEFAULT_URL},
    )


def _in_file(place: str, values: Mapping[str, str], *names: str) -> list[Lookup]:
    return [Lookup(f"{name} in {place}", partial(values.get, name.lower())) for name in names]


def with_scheme(text: str) -> str:
    """Complete what a user gave as the gateway, a URL or `host[:port]`.

    A host alone is spoken to over https, except on this machine itself.
    """
    text = text.strip().rstrip("/")
    if "://" in text:
        return text
    return ("http://" if text.startswith(_LOOPBACK) else "https://") + text
