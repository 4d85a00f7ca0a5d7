"""Sessions kept between runs: one file an account and server, readable by its owner alone."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import scrypt, sha256
from typing import TYPE_CHECKING, Any

from penstock._config.secrets import Secret
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = ("seer.sid", "seerdev.sid")


class CookieJar:
    """Keep the session of one account on one server.

    Args:
        folder: Where our own files stand; they are named by server and account, so that no session ever
            reaches another server.
        base: Base URL of the service.
        email: Account.
        password: What the session was opened with; another one finds no session, and so is put to the test.
        legacy: Files of the vendor's client to look into as well; it does not say which server they belong to, so
            the caller passes them for the vendor's own hosts only.
    """

    def __init__(
        self, folder: Path, base: str, email: str, *, password: Secret | None = None, legacy: tuple[Path, ...] = ()
    ) -> None:
        account = f"{base} {email}".encode()
        known_by = account if password is None else scrypt(password.reveal().encode(), salt=account, n=2**12, r=8, p=1)
        owner = sha256(known_by).hexdigest()[:32]
        self._path = folder / f"{owner}.json"
        self._legacy = legacy

    def kept(self) -> list[tuple[str, Secret]]:
        """Return the kept sessions, ours first; unreadable files count as none."""
        return [cookie for path in (self._path, *self._legacy) if (cookie := _read(path)) is not None]

    def keep(self, name: str, value: Secret) -> None:
        """Write the session down for the next run; a home that cannot be written to is no reason to fail."""
        temporary = self._path.with_suffix(f".{os.getpid()}.tmp")
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                temporary.unlink()
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({name: value.reveal()}, file)
            temporary.replace(self._path)

    def forget(self) -> None:
        """Remove our file; those of the vendor's client are left alone."""
        with suppress(OSError):
            self._path.unlink()


def _read(path: Path) -> tuple[str, Secret] | None:
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        return next((str(name), Secret(str(document[name]))) for name in document if name.endswith(_NAMES))
    except (OSError, ValueError, TypeError, StopIteration, ConfigError):
        return None
