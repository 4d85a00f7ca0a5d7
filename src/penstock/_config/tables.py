"""Tables of settings in TOML files, one section a platform."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Table:
    """What a TOML file says below some heading.

    Attributes:
        path: The file; it need not exist.
        within: Headings above the platforms' sections, such as `("tool", "penstock")`.
    """

    path: Path
    within: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def place(self) -> str:
        """The file's name as a person would write it."""
        return str(self.path)

    def section(self, platform: str) -> str:
        """Full heading of a platform's section."""
        return ".".join((*self.within, platform))

    def get(self, platform: str, name: str) -> Any:
        """Return a value, or None.

        Raises:
            ConfigError: Where the section should be stands something else.
        """
        section = self.values.get(platform, {})
        if not isinstance(section, dict):
            raise ConfigError(f"{self.path}: {self.section(platform)} should be a section, [{self.section(platform)}]")
        return section.get(name)


def read_table(path: Path, within: Sequence[str]) -> Table:
    """Read a TOML file; one that does not exist is an empty table.

    Raises:
        ConfigError: It cannot be read or is no TOML; the message names the line but does not quote it.
    """
    try:
        values: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        values = {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {type(error).__name__}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {_position(error)}") from None
    for heading in within:
        values = values.get(heading, {}) if isinstance(values, dict) else {}
    return Table(path, tuple(within), values if isinstance(values, dict) else {})


def _position(error: tomllib.TOMLDecodeError) -> str:
    """Keep the line and column of a parser's message, which may also quote what stands there."""
    _, found, position = str(error).rpartition("(at ")
    return position.rstrip(")") if found else "unreadable"
