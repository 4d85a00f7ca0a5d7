"""Settings in layers: what the caller says, the environment, files, and last the default.

Nothing is read at import. A platform makes its `Layers` when a client opens, and every value remembers where it
came from, so that `penstock config` and error messages can say so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from penstock._config.paths import credentials_file, user_file
from penstock._config.secrets import Kind, Secret, read_private_file, require_private
from penstock._config.tables import Table, read_table
from penstock.errors import ConfigError, MissingCredential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it was found.

    Attributes:
        value: As found; text when it comes from the environment.
        origin: `argument`, the name of a variable, a file with its section, or `default`.
    """

    value: Any
    origin: str

    def __repr__(self) -> str:
        # The value may be a secret that no `Secret` wraps yet.
        return f"Setting(… from {self.origin})"


@dataclass(frozen=True, slots=True)
class Lookup:
    """One more place to look a setting up in, usually one that the platform's original client knows.

    Attributes:
        place: What to call it, as in `BOSS_TOKEN` or `~/.intern/intern.cfg`.
        read: Returns the value, or None when it is not there.
    """

    place: str
    read: Callable[[], Any]


def env(name: str) -> Lookup:
    """Look a setting up in an environment variable; an empty one counts as absent."""
    return Lookup(name, lambda: os.environ.get(name) or None)


def ini(path: str, section: str, key: str) -> Lookup:
    """Look a setting up in an INI file; one that is absent or malformed holds nothing."""
    return Lookup(f"{path} [{section}]", lambda: _from_ini(Path(path).expanduser(), section, key))


def _from_ini(path: Path, section: str, key: str) -> str | None:
    from configparser import ConfigParser, Error

    parser = ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
        return parser.get(section, key, fallback=None) or None
    except (Error, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no INI file: {type(error).__name__}") from None


@dataclass(frozen=True, slots=True)
class _Place:
    """Somewhere to look, and whether a secret found there must be for our eyes only."""

    name: str
    read: Callable[[], Any]
    file: Path | None = None


class Layers:
    """All the places in which the settings of one platform may stand, most important first.

    Args:
        platform: Short name, as in `PENSTOCK_<PLATFORM>_…` and in the section of files.
        historical: For some settings, where the platform's original clients find them.
        defaults: For some settings, what holds when nothing is said.
    """

    def __init__(
        self,
        platform: str,
        *,
        historical: Mapping[str, Sequence[Lookup]] | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.platform = platform
        self._historical = historical or {}
        self._defaults = defaults or {}
        self._project = _project_table()
        self._user = read_table(user_file(), ())
        self._saved = read_table(credentials_file(), ())

    def __repr__(self) -> str:
        return f"<Layers of {self.platform}>"

    def find(self, name: str, argument: Any = None) -> Setting | None:
        """Return a setting and where it was found, or None."""
        if argument is not None:
            return Setting(argument, "argument")
        for place in self._places(name):
            if (value := place.read()) is not None:
                return Setting(value, place.name)
        default = self._defaults.get(name)
        return None if default is None else Setting(default, "default")

    @overload
    def value(self, name: str, argument: Any = None) -> Any: ...

    @overload
    def value(self, name: str, argument: Any = None, *, parse: Callable[[Any], T]) -> T | None: ...

    def value(self, name: str, argument: Any = None, *, parse: Callable[[Any], Any] | None = None) -> Any:
        """Return a setting's value, its default, or None.

        Args:
            name: Of the setting.
            argument: What the caller said; None when nothing.
            parse: Reads the value, as `penstock._config.sizes` does.

        Raises:
            ConfigError: `parse` does not accept it; the message says where it stands.
        """
        found = self.find(name, argument)
        if found is None or parse is None:
            return found and found.value
        try:
            return parse(found.value)
        except ValueError as error:
            hint = error.hint if isinstance(error, ConfigError) else None
            raise ConfigError(f"{self.platform} setting {name} ({found.origin}): {error}", hint=hint) from None

    def secret(self, name: str, argument: str | Secret | None = None, *, kind: Kind = "token") -> Secret:
        """Return a secret, from `name` or from the file that `<name>_file` points to.

        Raises:
            MissingCredential: It stands nowhere; the message names every place that was searched.
            ConfigError: It is malformed, or in a file that others may read.
        """
        secret = self.optional_secret(name, argument, kind=kind)
        if secret is None:
            places = ", ".join(self.searched(name))
            raise MissingCredential(
                f"no {name} for {self.platform} was found; searched: {places}",
                hint=f"Run `penstock login {self.platform}`, or set {self._variable(name)}.",
                searched=self.searched(name),
            )
        return secret

    def optional_secret(
        self, name: str, argument: str | Secret | None = None, *, kind: Kind = "token"
    ) -> Secret | None:
        """Return a secret as `secret` does, or None when it stands nowhere."""
        if isinstance(argument, Secret):
            return argument
        found = self._find_secret(name, argument)
        if found is None:
            return None
        if isinstance(found.value, Secret):
            return found.value
        return Secret(str(found.value), kind=kind, name=f"the {self.platform} {name} from {found.origin}")

    def searched(self, name: str) -> list[str]:
        """Name every place in which a secret is looked for, in order."""
        return ["argument", *(place.name for place in self._secret_places(name)), self._variable(f"{name}_file")]

    def _find_secret(self, name: str, argument: str | None) -> Setting | None:
        if argument is not None:
            return Setting(argument, "argument")
        for place in self._secret_places(name):
            if (value := place.read()) is not None:
                if place.file is not None:
                    require_private(place.file)
                return Setting(value, place.name)
        if (pointer := self.find(f"{name}_file")) is not None:
            return Setting(read_private_file(pointer.value), f"{pointer.value} ({pointer.origin})")
        default = self._defaults.get(name)
        return None if default is None else Setting(default, "default")

    def _secret_places(self, name: str) -> Iterator[_Place]:
        yield from self._places(name)
        yield self._in_table(self._saved, name)

    def _places(self, name: str) -> Iterator[_Place]:
        variable = self._variable(name)
        yield _Place(variable, lambda: os.environ.get(variable) or None)
        for lookup in self._historical.get(name, ()):
            yield _Place(lookup.place, lookup.read)
        yield self._in_table(self._project, name)
        yield self._in_table(self._user, name)

    def _in_table(self, table: Table, name: str) -> _Place:
        return _Place(
            f"{table.place} [{table.section(self.platform)}]", lambda: table.get(self.platform, name), table.path
        )

    def _variable(self, name: str) -> str:
        return f"PENSTOCK_{self.platform}_{name}".upper()


def _project_table() -> Table:
    """Read `penstock.toml` of the working directory, else `[tool.penstock]` of its `pyproject.toml`."""
    own = Path("penstock.toml")
    pyproject = Path("pyproject.toml")
    if not own.exists() and pyproject.exists():
        return read_table(pyproject, ("tool", "penstock"))
    return read_table(own, ())
