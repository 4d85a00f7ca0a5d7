"""GraphQL over the common client."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from penstock._net.graphql import GraphQLClient
from penstock._net.retry import no_backoff
from penstock.errors import (
    InvalidRequest,
    NotFound,
    PermissionDenied,
    QueryFailed,
    RateLimited,
    RejectedCredential,
    ServerFailure,
    UnexpectedResponse,
)

pytestmark = pytest.mark.anyio
QUERY = "query Studies($limit: Int) { studies(limit: $limit) { id name } }"


@pytest.fixture
def ask(context, serve):
    """Answer a query with each of the given answers in turn; returns the result and what was asked."""

    async def run(*answers, **options):
        asked = []
        rest = list(answers)

        async def handler(request):
            asked.append((request.path_qs, await request.json()))
            answer = rest.pop(0) if len(rest) > 1 else rest[0]
            return (
                web.Response(status=answer[0], text=answer[1])
                if isinstance(answer, tuple)
                else web.json_response(answer)
            )

        client = GraphQLClient(context.http(await serve(handler), platform="seer"))
        try:
            with no_backoff():
                return await client.execute(QUERY, {"limit": 3}, **options), asked
        except Exception as error:
            error.asked = asked
            raise

    return run


def envelope(status: int = 200, **error) -> tuple[int, str]:
    return status, json.dumps({"errors": [error], "data": None})


async def test_data_comes_back(ask):
    data, asked = await ask({"data": {"studies": [{"id": "s", "name": "n"}]}}, params={"partyId": "a b"})
    assert data == {"studies": [{"id": "s", "name": "n"}]}
    path, body = asked[0]
    assert path.startswith("/graphql?partyId=a")
    assert body["variables"] == {"limit": 3}
    assert "studies(limit: $limit)" in body["query"]


@pytest.mark.parametrize("status", [200, 400])
async def test_errors_are_raised_whatever_the_status(ask, status):
    with pytest.raises(QueryFailed, match=r"Cannot query field.*INVALID_PARAMETERS") as caught:
        await ask(envelope(status, statusCode=400, errorCode="INVALID_PARAMETERS", message="Cannot query field x"))
    assert caught.value.context["errors"][0]["errorCode"] == "INVALID_PARAMETERS"
    assert len(caught.value.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "errorCode": "NOT_AUTHENTICATED", "message": "log in"},
        {"status": 401, "message": "log in"},
        {"status": 200, "message": "log in", "extensions": {"code": "UNAUTHENTICATED"}},
    ],
)
async def test_an_ended_session_is_left_to_the_caller(ask, answer):
    with pytest.raises(RejectedCredential) as caught:
        await ask(envelope(**answer))
    assert len(caught.value.asked) == 1


async def test_401_without_json_is_one_too(ask):
    with pytest.raises(RejectedCredential):
        await ask((401, "<html>"))


async def test_missing_things_are_not_found(ask):
    with pytest.raises(NotFound):
        await ask(envelope(errorCode="NOT_FOUND", message="no such study"))


async def test_a_server_error_in_the_body_is_retried(ask):
    failure = {"errors": [{"statusCode": 500, "errorCode": "SERVER_ERROR", "message": "Internal server error"}]}
    data, asked = await ask(failure, failure, {"data": {"studies": []}})
    assert data == {"studies": []}
    assert len(asked) == 3


async def test_a_mutation_is_not(ask):
    with pytest.raises(QueryFailed) as caught:
        await ask({"errors": [{"errorCode": "SERVER_ERROR", "message": "boom"}]}, idempotent=False)
    assert len(caught.value.asked) == 1


@pytest.mark.parametrize("body", [{"data": None}, {"errors": []}, {}, [], "text", {"data": [1]}])
async def test_neither_data_nor_errors_is_unexpected(ask, body):
    with pytest.raises(UnexpectedResponse):
        await ask(body)


async def test_what_is_no_json_is_unexpected(ask):
    with pytest.raises(UnexpectedResponse):
        await ask((200, "<html>"))


@pytest.mark.parametrize(("status", "kind"), [(502, ServerFailure), (429, RateLimited), (403, PermissionDenied)])
async def test_plain_http_failures_stay_what_they_are(ask, status, kind):
    with pytest.raises(kind):
        await ask((status, "<html>"))


async def test_errors_may_be_bare_texts(ask):
    with pytest.raises(QueryFailed, match="no luck"):
        await ask({"errors": ["no luck"]})


async def test_a_document_that_does_not_parse_is_not_sent(context):
    client = GraphQLClient(context.http("http://127.0.0.1:9", platform="seer"))
    with pytest.raises(InvalidRequest, match="parse"):
        await client.execute("query {")
