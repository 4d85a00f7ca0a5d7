"""GraphQL over the one HTTP client: gql parses and prints documents, requests go the way of all others.

gql's own transports would bring their own sessions, retries and errors, and log variables and answers.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.async_transport import AsyncTransport
from graphql import DocumentNode, ExecutionResult, GraphQLError, parse

from penstock.errors import (
    InvalidRequest,
    NotFound,
    PenstockError,
    QueryFailed,
    Recovery,
    RejectedCredential,
    UnexpectedResponse,
)

if TYPE_CHECKING:
    from penstock._net.call import Params
    from penstock._net.http import HttpClient
    from penstock._net.response import Response

_BY_STATUS = frozenset({403, 429, 503})
"""Statuses that say more than the errors in the body."""


class GraphQLClient:
    """Queries and mutations at one endpoint.

    Args:
        http: Client of the service.
        path: Of the endpoint, relative to the service's base URL.
    """

    def __init__(self, http: HttpClient, path: str = "/graphql") -> None:
        self._session = AsyncClientSession(Client(transport=_HttpTransport(http, path)))

    async def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        params: Params | None = None,
        idempotent: bool = True,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Run one operation and return its data.

        Args:
            document: A GraphQL document with a single operation.
            variables: Its variables.
            params: For the endpoint's query string.
            idempotent: Whether it may be sent again when nobody knows whether it took effect; not so for mutations.
            deadline: Seconds for everything, retries included.

        Raises:
            RejectedCredential: The session has ended, or never was; renew it and ask again.
            NotFound: What is asked about does not exist.
            QueryFailed: The service answered with errors; they are in `context["errors"]`.
            UnexpectedResponse: The answer has neither data nor errors.
            InvalidRequest: The document does not parse.
        """
        request = GraphQLRequest(_parsed(document), variable_values=dict(variables or {}))
        data: dict[str, Any] = await self._session.execute(
            request, params=params, idempotent=idempotent, deadline=deadline
        )
        return data


class _HttpTransport(AsyncTransport):
    """Carries gql's requests; connections are the HTTP client's business."""

    def __init__(self, http: HttpClient, path: str) -> None:
        self._http = http
        self._path = path

    async def connect(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""

    async def execute(self, request: GraphQLRequest, **options: Any) -> ExecutionResult:
        """Post one request; answers with errors in them are raised within the attempt, so that they can be retried."""
        answer = await self._http.json("POST", self._path, json=request.payload, examine=_examine, **options)
        return ExecutionResult(data=answer["data"])

    def subscribe(self, request: GraphQLRequest) -> AsyncGenerator[ExecutionResult, None]:
        """Refuse: the platforms have no subscriptions."""
        raise NotImplementedError


@lru_cache(maxsize=128)
def _parsed(document: str) -> DocumentNode:
    try:
        return parse(document)
    except GraphQLError as error:
        raise InvalidRequest(f"the GraphQL document does not parse: {error.message} at {error.locations}") from None


def _examine(response: Response) -> PenstockError | None:
    """Look for errors in the body, whatever the status; a good answer has data."""
    if response.status in _BY_STATUS:
        return None
    try:
        document = response.json()
    except UnexpectedResponse as error:
        return error if response.status < 400 else None
    if isinstance(document, dict) and document.get("errors"):
        return _failure(document["errors"], response)
    if response.status < 400 and not (isinstance(document, dict) and isinstance(document.get("data"), dict)):
        return UnexpectedResponse(f"{response.url}: neither data nor errors", status=response.status, url=response.url)
    return None


def _failure(errors: Any, response: Response) -> PenstockError:
    """Word the first error; the codes stand beside the message, or in `extensions` as the specification has it."""
    first = _first(errors)
    code = str(first.get("errorCode") or first.get("code") or "")
    message = f"{response.url}: {first.get('message') or 'the query failed'}{f' ({code})' if code else ''}"
    about: dict[str, Any] = {"status": response.status, "url": response.url, "errors": errors}
    if code in {"NOT_AUTHENTICATED", "UNAUTHENTICATED"} or 401 in {response.status, first.get("statusCode")}:
        return RejectedCredential(message, **about)
    if code == "NOT_FOUND":
        return NotFound(message, **about)
    failure = QueryFailed(message, **about)
    if code in {"SERVER_ERROR", "INTERNAL_SERVER_ERROR"} or response.status >= 500:
        failure.recovery = Recovery.TRANSIENT
    return failure


def _first(errors: Any) -> dict[str, Any]:
    first = errors[0] if isinstance(errors, list) else errors
    if not isinstance(first, dict):
        return {"message": str(first)}
    extensions = first.get("extensions")
    return {**(extensions if isinstance(extensions, dict) else {}), **first}
