"""Who asks: an e-mail session kept in a cookie, or tokens signed with an API key."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, Protocol

import anyio

from penstock._config.secrets import Secret
from penstock.errors import (
    ConfigError,
    InvalidRequest,
    MissingCredential,
    PermissionDenied,
    RejectedCredential,
    ServerFailure,
)
from penstock.platforms.seer.flight import Renewal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock._net.http import HttpClient
    from penstock._net.response import Response
    from penstock.platforms.seer.cookies import CookieJar

_COOKIE = re.compile(r"(?:^|[\s,;])([\w.-]*seer(?:dev)?\.sid)=\"?([^\s;,\"]+)")
_TOKEN_LIFE = 30.0
_PAUSES = (0.0, 1.0, 4.0)


class Authentication(Protocol):
    """What the service client asks of either way to authenticate."""

    @property
    def version(self) -> int:
        """Number of the session that the headers belong to."""
        ...

    def headers(self) -> Mapping[str, str]:
        """Headers that prove who asks."""
        ...

    async def renew(self, stale: int) -> None:
        """Have a session later than number `stale`, 0 standing for none at all; many tasks may ask, one logs in."""
        ...


class EmailSession:
    """Log in with e-mail and password, keep the session's cookie, renew it once for all tasks when it expires.

    A password that was refused is never sent again: accounts get locked that way.

    Args:
        http: Client of the service, without credentials of its own.
        base: Base URL.
        email: Account.
        password: Its password; None when only a session kept by the vendor's client is at hand.
        jar: Where sessions are kept between runs.
    """

    def __init__(self, http: HttpClient, base: str, email: str, password: Secret | None, jar: CookieJar) -> None:
        self._http = http
        self._base = base
        self._email = email
        self._password = password
        self._jar = jar
        self._cookie: tuple[str, Secret] | None = None
        self._refused: RejectedCredential | None = None
        self._renewal = Renewal(self._begin)

    @property
    def version(self) -> int:
        """How many sessions there have been."""
        return self._renewal.version

    def headers(self) -> Mapping[str, str]:
        """Return the session's cookie."""
        if self._cookie is None:
            return {}
        name, value = self._cookie
        return {"Cookie": f"{name}={value.reveal()}"}

    async def renew(self, stale: int) -> None:
        """Log in unless another task has done so since session `stale`; at first, try a session kept from before."""
        await self._renewal.beyond(stale)

    async def _begin(self) -> None:
        if self.version == 0 and await self._resume():
            return
        self._cookie = None
        await anyio.to_thread.run_sync(self._jar.forget)
        self._cookie = await self._log_in()
        await anyio.to_thread.run_sync(self._jar.keep, *self._cookie)

    async def _resume(self) -> bool:
        for cookie in await anyio.to_thread.run_sync(self._jar.kept):
            if await self._is_active(cookie):
                self._cookie = cookie
                return True
        return False

    async def _log_in(self) -> tuple[str, Secret]:
        """Get a session and see that it is active; some servers need a moment until it is."""
        for pause in _PAUSES:
            await anyio.sleep(pause)
            cookie = await self._ask_for_cookie()
            if await self._is_active(cookie):
                return cookie
        raise ServerFailure("Seer accepted the password but the session did not become active", url=self._base)

    async def _ask_for_cookie(self) -> tuple[str, Secret]:
        if self._refused is not None:
            raise self._refused
        if self._password is None:
            raise MissingCredential(f"the kept session of {self._email} has expired; there is no password", hint=_HINT)
        form = {"email": self._email, "password": self._password.reveal()}
        try:
            answer = await self._http.request("POST", f"{self._base}/auth/login", data=form, idempotent=True)
        except (RejectedCredential, PermissionDenied, InvalidRequest):
            raise self._refuse("Seer refused e-mail and password") from None
        cookie = session_cookie(answer.headers)
        if cookie is None:
            raise self._refuse("Seer answered the login without a session")
        return cookie

    def _refuse(self, what: str) -> RejectedCredential:
        self._refused = RejectedCredential(f"{what} of {self._email}", hint=_HINT)
        return self._refused

    async def _is_active(self, cookie: tuple[str, Secret]) -> bool:
        headers = {"Cookie": f"{cookie[0]}={cookie[1].reveal()}"}
        try:
            answer = await self._http.request("GET", f"{self._base}/auth/verify", headers=headers)
        except (RejectedCredential, PermissionDenied, InvalidRequest):
            return False
        return _says_active(answer)


_HINT = "Run `penstock login seer`, or set PENSTOCK_SEER_EMAIL and PENSTOCK_SEER_PASSWORD."


def session_cookie(headers: Mapping[str, str]) -> tuple[str, Secret] | None:
    """Find the session among the cookies that an answer sets, whichever of its names the server uses."""
    for name, value in headers.items():
        if name.lower() == "set-cookie" and (found := _COOKIE.search(value)):
            return found[1], Secret(found[2], name="the session from Seer")
    return None


def _says_active(answer: Response) -> bool:
    try:
        document: Any = json.loads(answer.content)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("session") == "active"


class KeySigner:
    r"""Sign a short-lived token (RS256) with an API key's private half.

    Args:
        key_id: Id of the key, as the console shows it.
        pem: The private key; literal `\n` sequences, as copied from the console, count as line ends.

    Raises:
        ConfigError: The text is no RSA private key.
    """

    def __init__(self, key_id: str, pem: Secret) -> None:
        self._key_id = key_id
        self._key = _private_key(pem)
        self._token = ""
        self._minted = float("-inf")

    @property
    def version(self) -> int:
        """Always 1: there is no session that could be another."""
        return 1

    def headers(self) -> Mapping[str, str]:
        """Return a token that is at most half a minute old."""
        now = time.monotonic()
        if now - self._minted > _TOKEN_LIFE:
            self._token, self._minted = self._mint(), now
        return {"Authorization": f"Bearer {self._token}"}

    async def renew(self, stale: int) -> None:  # noqa: ARG002  # the protocol's signature
        """Give up: the service does not accept the key.

        Raises:
            RejectedCredential: Always.
        """
        raise RejectedCredential(
            f"Seer does not accept API key {self._key_id}",
            hint="Check the key's id and region, that it has not been revoked, and this machine's clock.",
        )

    def _mint(self) -> str:
        import jwt

        return jwt.encode({"keyId": self._key_id, "iat": int(time.time())}, self._key, algorithm="RS256")


def _private_key(pem: Secret) -> Any:
    from jwt.algorithms import RSAAlgorithm
    from jwt.exceptions import InvalidKeyError

    text = pem.reveal().replace("\\r\\n", "\n").replace("\\n", "\n")
    try:
        key = RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(text)
    except (InvalidKeyError, ValueError, TypeError):
        key = None
    if not hasattr(key, "private_numbers"):
        raise ConfigError("the Seer key file holds no RSA private key", hint="Download the key again from the console.")
    return key
