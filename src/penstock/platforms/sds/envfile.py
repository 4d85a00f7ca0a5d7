"""Settings from a dotenv file, read the way users of the service write them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from penstock.types import PathLike

_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<key>[^=#\s'"][^=]*?)\s*=\s*(?P<value>"[^"]*"|'[^']*'|.*?)\s*(?:(?<=\s)#.*)?"""
)


def read_env_file(path: PathLike, *, required: bool) -> dict[str, str]:
    """Read `KEY=VALUE` lines; keys are folded to lower case, hyphens and blanks in them to underscores.

    Raises:
        ConfigError: The file is required and cannot be read, or is no text.
    """
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
    except FileNotFoundError:
        if required:
            raise ConfigError(f"there is no file {path}", hint="Name an existing env file, or leave it away.") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the env file {path} cannot be read: {type(error).__name__}") from None
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {_folded(match["key"]): _unquoted(match["value"]) for match in found if match and match["value"]}


def _folded(key: str) -> str:
    return key.strip().lower().replace("-", "_").replace(" ", "_")


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'" else value
