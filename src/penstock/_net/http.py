"""HTTP as platforms see it: requests that are retried, bodies that stream, and only errors of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio

from penstock._net.call import IDEMPOTENT, Call, Content, Params, Payload, make_call
from penstock._net.content import decoded
from penstock._net.exchange import exchange
from penstock._net.headers import Headers
from penstock._net.redact import redact_url, scrub, scrub_values
from penstock._net.response import Body, Response
from penstock._net.status import error_for
from penstock._net.urls import absolute, check_foreign, origin_of, parse_base
from penstock.errors import DeadlineExceeded, PenstockError, UnexpectedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from penstock._net.context import Context

Classifier: TypeAlias = Callable[[Response], PenstockError | None]
HeaderSource: TypeAlias = Callable[[], Mapping[str, str]] | Mapping[str, str] | None

CEILING = 64 << 20
"""Bytes that an answer may have which is read as a whole."""

_ERROR_CEILING = 256 << 10
_INSTANCE = "x-service-instance"


class HttpClient:
    """One service, by its base URL, within a context.

    Args:
        context: Whose connections, limits and retries to use.
        base_url: What paths are relative to.
        headers: Who we are: sent to the service's own origin and to nobody else. A callable is asked anew for each
            attempt, so that a renewed session takes effect.
        platform: Name for messages.
        classify: Turns an answer of status 400 or above into a more precise error, or None.

    Attributes:
        origin: `scheme://host:port` of the service.
        instance: What the service calls itself, once it has answered; its origin until then.
    """

    def __init__(
        self,
        context: Context,
        base_url: str,
        *,
        headers: HeaderSource = None,
        platform: str,
        classify: Classifier | None = None,
    ) -> None:
        self.base_url = base_url
        self.platform = platform
        self.origin = origin_of(base_url)
        self.instance = self.origin
        self._context = context
        self._headers = headers
        self._classify = classify
        context.pool.trust(parse_base(base_url).hostname or "")

    def __repr__(self) -> str:
        return f"<HttpClient of {self.platform} at {redact_url(self.base_url)}>"

    async def request(
        self,
        method: str,
        path_or_url: str,
        *,
        params: Params | None = None,
        json: Any = None,
        data: Any = None,
        content: Content | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        deadline: float | None = None,
        authenticated: bool = True,
        examine: Classifier | None = None,
    ) -> Response:
        """Send a request, again if need be, and read the whole answer.

        Args:
            method: HTTP method.
            path_or_url: Relative to the base URL, or a whole URL; another origin than the service's gets no
                credentials.
            params: For the query; None values are left away, lists repeat the name.
            json: Body as JSON.
            data: Body as a form.
            content: Body as it is: bytes, or a callable that yields them anew for each attempt (give the
                `Content-Length` header too, or it goes out in chunks).
            headers: Sent besides those of the service.
            idempotent: Whether it may be sent again when nobody knows whether it took effect; the method says unless
                you do.
            deadline: Seconds for everything, pauses and retries included.
            authenticated: Whether to say who we are; not to signed URLs.
            examine: Looks at every answer before anything else does, and may call it an error.

        Raises:
            PenstockError: By status, by what the platform makes of it, or because no answer came.
        """
        payload, extra = Payload.encode(json=json, data=data, content=content), Headers((headers or {}).items())
        del json, data, content, headers  # a traceback that shows locals must not show passwords

        async def attempt() -> Response:
            call = self._call(method, path_or_url, extra, authenticated, params, payload)
            return await self._whole(call, examine)

        origin = origin_of(absolute(self.base_url, path_or_url))
        repeatable = method.upper() in IDEMPOTENT if idempotent is None else idempotent
        try:
            with anyio.fail_after(deadline):
                return await self._context.retry.run(
                    origin, attempt, limits=self._context.limits, idempotent=repeatable
                )
        except TimeoutError as error:
            if isinstance(error, PenstockError):
                raise
        what = f"{method} {redact_url(absolute(self.base_url, path_or_url))}"
        raise DeadlineExceeded(f"{what}: not done within {deadline} seconds", kind="deadline")

    async def json(self, method: str, path_or_url: str, **options: Any) -> Any:
        """Do as `request` does, and parse the answer as JSON.

        Raises:
            UnexpectedResponse: It is no JSON, too large, or nested too deeply.
        """
        response = await self.request(method, path_or_url, **options)
        return response.json()

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path_or_url: str,
        *,
        params: Params | None = None,
        json: Any = None,
        content: Content | None = None,
        headers: Mapping[str, str] | None = None,
        authenticated: bool = True,
        offset: int = 0,
    ) -> AsyncGenerator[Body, None]:
        """Send a request once and yield its answer, the body still on its way and never decoded.

        Neither slot nor retry is the stream's business: who calls it, the transfer engine, takes care of both.

        Args:
            method: HTTP method.
            path_or_url: Relative to the base URL, or a whole URL.
            params: For the query.
            json: Body as JSON.
            content: Body as it is.
            headers: Sent besides those of the service; may hold a `Range`.
            authenticated: Whether to say who we are; not to signed URLs.
            offset: Ask for the rest from this byte on; `Body.start` tells whether the service complied.

        Raises:
            PenstockError: As in `request`; while the body is read, Truncated, ConnectionFailed or DeadlineExceeded.
        """
        wanted = {"range": f"bytes={offset}-"} if offset else {}
        extra = Headers([*(headers or {}).items(), *wanted.items()])
        payload = Payload.encode(json=json, content=content)
        del json, content, headers
        call = self._call(method, path_or_url, extra, authenticated, params, payload)
        async with exchange(self._context.pool, call, self._context.timeouts) as (last, body):
            self._note_instance(last, body)
            if not 200 <= body.status < 300:
                raise self._error(last, await self._read(body), None)
            yield body

    def _call(
        self,
        method: str,
        path_or_url: str,
        extra: Headers,
        authenticated: bool,
        params: Params | None,
        payload: Payload,
    ) -> Call:
        url = absolute(self.base_url, path_or_url)
        own = origin_of(url) == self.origin
        if not own:
            check_foreign(url, self.origin)
        headers = self._all_headers(extra, own and authenticated)
        return make_call(method, url, headers, params=params, payload=payload)

    def _all_headers(self, extra: Headers, authenticated: bool) -> Headers:
        """Put together what is sent; what a caller says overrides who we are."""
        from penstock import __version__

        headers = {"accept": "*/*", "accept-encoding": "identity", "user-agent": f"penstock/{__version__}"}
        if authenticated:
            own = self._headers() if callable(self._headers) else self._headers
            headers |= {name.lower(): value for name, value in (own or {}).items()}
        return Headers((headers | dict(extra)).items())

    async def _whole(self, call: Call, examine: Classifier | None) -> Response:
        """Make one attempt: take a slot, ask, read everything, and judge."""
        async with (
            self._context.limits.slot(call.origin),
            exchange(self._context.pool, call, self._context.timeouts) as (last, body),
        ):
            self._note_instance(last, body)
            response = await self._read(body)
        problem = examine(response) if examine is not None else None
        if problem is not None or not 200 <= response.status < 300:
            raise self._error(last, response, problem)
        return response

    async def _read(self, body: Body) -> Response:
        """Read an answer to its end; what is wrong with the text of a refusal does not hide the refusal."""
        refusal = body.status >= 400
        ceiling = _ERROR_CEILING if refusal else CEILING
        try:
            content = decoded(await body.read(ceiling), body.headers.get("content-encoding", ""), ceiling, body.url)
        except PenstockError:
            if not refusal:
                raise
            content = b""
        return Response(body.status, body.headers, content, body.url)

    def _error(self, call: Call, response: Response, problem: PenstockError | None) -> PenstockError:
        """Name what is wrong with an answer; whatever the service echoed of our secrets is taken out."""
        if problem is None and response.status >= 400:
            problem = (self._classify and self._classify(response)) or error_for(response, call.what)
        if problem is None:
            problem = UnexpectedResponse(
                f"{call.what}: status {response.status} was not expected", status=response.status
            )
        secrets = call.secrets()
        problem.args = (scrub(str(problem), secrets), *problem.args[1:])
        problem.context = scrub_values(problem.context, secrets)
        return problem

    def _note_instance(self, call: Call, body: Body) -> None:
        if _INSTANCE in body.headers and call.origin == self.origin:
            self.instance = body.headers[_INSTANCE]
