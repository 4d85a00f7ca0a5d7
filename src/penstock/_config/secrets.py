"""A secret value that can be used and compared, but not printed, pickled or dumped by accident."""

from __future__ import annotations

import hmac
import stat
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from penstock.types import PathLike

Kind = Literal["token", "password", "text"]

_FILE_LIMIT = 64 * 1024


class Secret:
    """A token, password or key.

    Args:
        value: The secret itself.
        kind: What it may consist of. A `token` travels in a header: printable ASCII without blanks. A `password` is
            one line of anything. A `text`, such as a PEM key, may have several lines.
        name: What to call it when it is malformed.

    Raises:
        ConfigError: It is empty, or has characters that its kind cannot have; the message does not repeat it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str, *, kind: Kind = "token", name: str = "the secret") -> None:
        problem = _problem(value, kind)
        if problem:
            raise ConfigError(f"{name} {problem}", hint="Copy it again, without quotes, blanks or line ends around it.")
        self._value = value

    def reveal(self) -> str:
        """Return the value, to be handed straight to what needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret(…{sha256(self._value.encode()).hexdigest()[:4]})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: let the other process read its own settings")


def _problem(value: str, kind: Kind) -> str | None:
    if not value.strip():
        return "is empty"
    if kind == "token" and not all("!" <= character <= "~" for character in value):
        return "has blanks, line ends or other characters that no token has"
    if kind == "password" and not value.isprintable():
        return "has line ends or control characters"
    return "has a null character" if "\0" in value else None


def read_private_file(path: PathLike) -> str:
    """Read a file that holds a secret, refusing one that others could read too.

    Raises:
        ConfigError: It cannot be read, is no text, is absurdly large, or its mode lets group or others in.
    """
    file = Path(path).expanduser()
    require_private(file)
    try:
        with file.open("rb") as handle:
            text = handle.read(_FILE_LIMIT + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the secret file {file} cannot be read: {type(error).__name__}") from None
    if len(text) > _FILE_LIMIT:
        raise ConfigError(f"the secret file {file} is larger than any secret")
    return text.strip()


def require_private(path: Path) -> None:
    """Refuse a file with a secret in it that group or others may read; modes mean nothing on Windows.

    Raises:
        ConfigError: The file is not there, or is not private.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError(f"the secret file {path} cannot be read: {type(error).__name__}") from None
    if sys.platform != "win32" and stat.S_ISREG(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{path} holds a secret but others may read it", hint=f"Run `chmod 600 {path}`.")
