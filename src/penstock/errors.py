"""Everything that can go wrong, in one tree.

    PenstockError                     .hint .code .exit_code .context
    ├ ConfigError                     a setting is missing or malformed; also ValueError
    ├ SelectionError                  the request makes no sense for this data; also ValueError
    ├ FormatError                     bytes that do not decode; also ValueError
    ├ CredentialError                 ends the whole transfer
    │ ├ MissingCredential             no secret was found; names every place searched
    │ ├ RejectedCredential            401: the service does not accept it
    │ └ PermissionDenied              403; also PermissionError
    ├ ServiceError                    .status .url
    │ ├ NotFound                      404; also LookupError
    │ ├ Conflict                      409, or the thing exists already
    │ ├ InvalidRequest                400 and its kin: asking again cannot help
    │ ├ RequestTooLarge               413: ask for less
    │ ├ RateLimited                   429 and 503 with Retry-After; .retry_after in seconds
    │ ├ ServerFailure                 5xx
    │ ├ QueryFailed                   GraphQL answered with errors
    │ ├ LinkExpired                   a signed URL has run out: sign again
    │ └ UnexpectedResponse            the answer does not parse
    ├ ConnectionFailed                no answer; also ConnectionError
    │ └ InsecureConnection            TLS verification failed: never retried
    ├ DeadlineExceeded                too slow; also TimeoutError
    ├ TransferError
    │ ├ Truncated                     fewer or more bytes than promised
    │ ├ ChecksumMismatch              .expected .actual
    │ ├ RemoteChanged                 the remote object is another one now
    │ ├ TargetExists                  a file of that name with other content; also FileExistsError
    │ ├ TargetLocked                  another process works on the folder
    │ ├ TargetUnwritable              permission, read-only, not a folder; also OSError
    │ ├ DiskFull                      also OSError
    │ ├ UnsafePath                    a remote name that would leave the target folder
    │ ├ JournalCorrupt                the journal of the folder cannot be read
    │ ├ VerificationFailed            files on disk are not what the manifest says
    │ └ TransferFailed                ExceptionGroup: every failure of one transfer
    ├ WrongLoop                       an async client used from another event loop; also RuntimeError
    └ Closed                          used after close; also RuntimeError

An error says what failed, on what and why; its hint says what to do. Neither ever holds a secret.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class Recovery(Enum):
    """What the retry policy may do about an error."""

    NEVER = "never"
    """Asking again gives the same answer."""
    TRANSIENT = "transient"
    """Try again after a growing, jittered pause."""
    THROTTLE = "throttle"
    """The whole host wants a pause."""
    REFRESH = "refresh"
    """Renew what has expired and try again at once."""
    INTEGRITY = "integrity"
    """Wrong bytes arrived: fetch them once more."""


def _revive(kind: type[PenstockError], args: tuple[Any, ...], state: dict[str, Any]) -> PenstockError:
    """Unpickle without `__init__`, whose keywords differ from class to class."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class PenstockError(Exception):
    """Base of every error that penstock raises.

    Args:
        message: One sentence: what failed, on what, why.
        hint: What the reader can do about it, imperative.
        context: Further facts for programs; never secrets.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    recovery: Recovery = Recovery.NEVER
    fatal: ClassVar[bool] = False
    """Whether it ends the whole transfer rather than one item."""

    def __init__(self, message: str, *, hint: str | None = None, **context: Any) -> None:
        super().__init__(message)
        self.hint = hint
        self.context = context

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), self.args, self.__dict__)


class ConfigError(PenstockError, ValueError):
    """A setting is missing, malformed or contradicts another."""

    code = "config"
    exit_code = 2


class SelectionError(PenstockError, ValueError):
    """The selection makes no sense for this data: an empty box, an unknown channel."""

    code = "selection"
    exit_code = 2


class FormatError(PenstockError, ValueError):
    """Bytes that are not what their format promises."""

    code = "format"
    exit_code = 7
    recovery = Recovery.INTEGRITY


class CredentialError(PenstockError):
    """Who you are, or what you may do, is the problem."""

    code = "credential"
    exit_code = 4
    fatal = True


class MissingCredential(CredentialError):
    """No secret was found in any of the places that were searched."""

    code = "credential-missing"


class RejectedCredential(CredentialError):
    """The service does not accept the secret (401)."""

    code = "credential-rejected"


class PermissionDenied(CredentialError, PermissionError):
    """The account may not do this (403)."""

    code = "permission-denied"
    fatal = False


class ServiceError(PenstockError):
    """The service answered, and the answer was no."""

    code = "service"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        url: str | None = None,
        hint: str | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, hint=hint, **context)
        self.status = status
        self.url = url


class NotFound(ServiceError, LookupError):
    """Nothing of that name or id, or nothing that this account can see (404)."""

    code = "not-found"
    exit_code = 3


class Conflict(ServiceError):
    """The state of the service forbids it: it exists already, or is in use."""

    code = "conflict"


class InvalidRequest(ServiceError):
    """The service calls the request malformed; asking again cannot help."""

    code = "invalid-request"
    exit_code = 2


class RequestTooLarge(ServiceError):
    """More was asked for than the service gives at once (413)."""

    code = "request-too-large"


class RateLimited(ServiceError):
    """The service asks for a pause."""

    code = "rate-limited"
    exit_code = 12
    recovery = Recovery.THROTTLE

    def __init__(self, message: str, *, retry_after: float | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.retry_after = retry_after


class ServerFailure(ServiceError):
    """The service broke down over the request (5xx)."""

    code = "server-failure"
    exit_code = 5
    recovery = Recovery.TRANSIENT


class QueryFailed(ServiceError):
    """GraphQL answered with errors; they are in `context["errors"]`."""

    code = "query-failed"


class LinkExpired(ServiceError):
    """A signed URL is no longer honoured."""

    code = "link-expired"
    exit_code = 5
    recovery = Recovery.REFRESH


class UnexpectedResponse(ServiceError):
    """The answer does not parse as what the service documents."""

    code = "unexpected-response"
    exit_code = 5


class ConnectionFailed(PenstockError, ConnectionError):
    """No connection, or it broke before the answer was complete."""

    code = "connection-failed"
    exit_code = 5
    recovery = Recovery.TRANSIENT


class InsecureConnection(ConnectionFailed):
    """The server's certificate was not accepted; nothing was sent."""

    code = "tls"
    recovery = Recovery.NEVER
    fatal = True


class DeadlineExceeded(PenstockError, TimeoutError):
    """The time allowed ran out: no connection, no byte, or too few of them."""

    code = "deadline"
    exit_code = 5
    recovery = Recovery.TRANSIENT


class TransferError(PenstockError):
    """Moving bytes failed on this side of the wire."""

    code = "transfer"
    exit_code = 6


class Truncated(TransferError):
    """A body had fewer or more bytes than promised."""

    code = "truncated"
    exit_code = 7
    recovery = Recovery.TRANSIENT


class ChecksumMismatch(TransferError):
    """The bytes are not those the service recorded."""

    code = "checksum"
    exit_code = 7
    recovery = Recovery.INTEGRITY

    def __init__(self, message: str, *, expected: str = "", actual: str = "", **context: Any) -> None:
        super().__init__(message, **context)
        self.expected = expected
        self.actual = actual


class RemoteChanged(TransferError):
    """The remote object changed while it was being fetched."""

    code = "remote-changed"


class TargetExists(TransferError, FileExistsError):
    """A file stands under that name, and it is not this one."""

    code = "target-exists"
    exit_code = 8


class TargetLocked(TransferError):
    """Another process is working on the folder."""

    code = "target-locked"
    exit_code = 8
    fatal = True


class TargetUnwritable(TransferError, OSError):
    """The target cannot be written: permission, read-only, or not a folder."""

    code = "target-unwritable"
    exit_code = 8
    fatal = True


class DiskFull(TransferError, OSError):
    """No space, or no quota, is left for the bytes."""

    code = "disk-full"
    exit_code = 8
    fatal = True


class UnsafePath(TransferError):
    """A remote name would land outside the target folder."""

    code = "unsafe-path"
    exit_code = 8


class JournalCorrupt(TransferError):
    """The journal in the folder cannot be read."""

    code = "journal-corrupt"
    exit_code = 8
    fatal = True


class VerificationFailed(TransferError):
    """Files on disk are missing or are not what the manifest says."""

    code = "verification"
    exit_code = 7


class TransferFailed(TransferError, ExceptionGroup[PenstockError]):
    """Some items failed while others are done; `.exceptions` holds each failure."""

    code = "transfer-failed"
    exit_code = 6

    def __new__(cls, message: str, failures: Sequence[PenstockError], **_: Any) -> TransferFailed:
        return ExceptionGroup.__new__(cls, message, failures)

    def __init__(self, message: str, failures: Sequence[PenstockError], *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)

    def derive(self, excs: Sequence[PenstockError], /) -> TransferFailed:  # type: ignore[override]  # narrower on purpose
        return TransferFailed(str(self), excs, hint=self.hint)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), list(self.exceptions)), self.__dict__


class WrongLoop(PenstockError, RuntimeError):
    """An async client is bound to the event loop that first used it."""

    code = "wrong-loop"


class Closed(PenstockError, RuntimeError):
    """The client, context or plan has been closed."""

    code = "closed"


def sole(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error that a group of tasks failed with.

    Tasks that fail together mostly fail for one reason: a group of nothing but penstock's errors becomes its first.
    """
    errors = _leaves(group)
    if len(errors) == 1 or all(isinstance(error, PenstockError) for error in errors):
        return errors[0]
    return group


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup) and not isinstance(error, TransferFailed):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
