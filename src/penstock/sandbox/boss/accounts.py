"""Who is asking: tokens, and what their owners may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from penstock.sandbox.boss.faults import Code, InvalidToken, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = "sandbox0000000000000000000000000000token"  # noqa: S105 - it opens nothing but this emulator
VISITOR = "sandbox00000000000000000000000000visitor"
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the service.

    Attributes:
        name: What `creator` fields say.
        manager: May create and delete resources (the resource-manager role).
        admin: Has every permission on every object.
    """

    name: str
    manager: bool = False
    admin: bool = False


SANDBOX_ACCOUNTS: Mapping[str, Account] = {
    TOKEN: Account("sandbox", manager=True, admin=True),
    VISITOR: Account("visitor"),
    PUBLIC: Account("public-access"),
}
"""Fake credentials: an owner of everything, somebody without rights, and the well-known public token."""


class Guarded(Protocol):
    """Anything that has an owner and may be open to all."""

    name: str
    creator: str
    public: bool


def identify(authorization: str | None, accounts: Mapping[str, Account]) -> Account | None:
    """Find the owner of the token in the header; None is the anonymous visitor.

    Raises:
        InvalidToken: The header holds a token that nobody owns.
    """
    scheme, _, secret = (authorization or "").strip().partition(" ")
    if scheme.lower() not in ("token", "bearer"):
        return None
    account = accounts.get(secret.strip()) if scheme.lower() == "token" else None
    if account is None:
        raise InvalidToken
    return account


def may_change(account: Account | None, thing: Guarded) -> bool:
    """Tell whether the account holds every permission on the thing."""
    return account is not None and (account.admin or account.name == thing.creator)


def may_read(account: Account | None, thing: Guarded) -> bool:
    """Tell whether the account may see the thing."""
    return thing.public or may_change(account, thing)


def require_read(account: Account | None, thing: Guarded) -> None:
    """Refuse with code 3001 unless the account may see the thing."""
    if not may_read(account, thing):
        raise Refusal(Code.MISSING_PERMISSION, f"no permission to read {thing.name}")


def require_change(account: Account | None, thing: Guarded) -> None:
    """Refuse with code 3001 unless the account may alter the thing."""
    if not may_change(account, thing):
        raise Refusal(Code.MISSING_PERMISSION, f"no permission to change {thing.name}")


def require_manager(account: Account | None) -> Account:
    """Refuse with code 3000 unless the account has the resource-manager role."""
    if account is None or not (account.manager or account.admin):
        raise Refusal(Code.MISSING_ROLE, "the resource-manager role is needed")
    return account
