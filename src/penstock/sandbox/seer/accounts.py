"""Who may ask: one account with a password and sessions, and one API key."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from penstock.sandbox.seer.controls import Controls
    from penstock.sandbox.world import World

EMAIL = "demo@sandbox.invalid"
PASSWORD = "sandbox-password"  # noqa: S105  # a fake that says so
USER_ID = "user-demo"
COOKIE = "seer.sid"
DEVELOPMENT_COOKIE = "seerdev.sid"
COOKIES = (COOKIE, DEVELOPMENT_COOKIE, "__Host-seer.sid")
KEY_SKEW_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Accounts:
    """Checks passwords, sessions and signed tokens against the world's clock.

    Attributes:
        world: Gives clock and secrets.
        controls: Says how long a session lasts.
        keys: Public keys by id.
    """

    world: World
    controls: Controls
    keys: Mapping[str, RSAPublicKey]

    def log_in(self, email: str, password: str) -> str | None:
        """Open a session.

        Returns:
            The value of the session cookie, a signed token; None for a wrong pair.
        """
        right = hmac.compare_digest(password.encode(), PASSWORD.encode())
        if not right or email.strip().lower() != EMAIL:
            return None
        now = self.world.clock()
        claims = {"sub": USER_ID, "iat": now, "exp": now + self.controls.session_seconds, "era": self.controls.era}
        return jwt.encode(claims, self._secret(), algorithm="HS256")

    def is_session(self, cookie: str) -> bool:
        """Tell whether a cookie holds a session that has neither run out nor been ended."""
        claims = _claims(cookie, self._secret(), "HS256")
        if claims is None or claims.get("era") != self.controls.era:
            return False
        return bool(self.world.clock() < float(claims["exp"]))

    def is_key_token(self, token: str) -> bool:
        """Tell whether a token was signed by a known API key within the last minutes."""
        unverified = _claims(token, None, "RS256")
        key = self.keys.get(str((unverified or {}).get("keyId")))
        claims = _claims(token, key, "RS256") if key is not None else None
        issued = (claims or {}).get("iat")
        return isinstance(issued, int | float) and abs(self.world.clock() - issued) <= KEY_SKEW_SECONDS

    def admits(self, headers: Mapping[str, str], cookies: Mapping[str, str]) -> bool:
        """Tell whether a request comes with a valid session or token."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.is_key_token(token.strip())
        return any(self.is_session(cookies[name]) for name in COOKIES if name in cookies)

    def _secret(self) -> bytes:
        return self.world.entropy("seer", "session")


def _claims(token: str, key: Any, algorithm: str) -> dict[str, Any] | None:
    """Read a token; times are left to the caller, whose clock may not be the machine's."""
    checks: Any = {"verify_signature": key is not None, "verify_exp": False, "verify_iat": False}
    try:
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], options=checks)
    except jwt.InvalidTokenError:
        return None
    return claims
