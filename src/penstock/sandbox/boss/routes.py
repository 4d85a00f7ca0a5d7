"""Which URL is whose: Django's patterns, unanchored where the real ones are, and what surrounds a handler."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from penstock.sandbox.boss import cutout, downsample, members, notes, nouns, pictures, spatial
from penstock.sandbox.boss.call import Call, Service
from penstock.sandbox.boss.faults import (
    Breakdown,
    Code,
    InvalidToken,
    NoSuchPage,
    Refusal,
    answer_for,
    empty,
    json_answer,
)

Handler = Callable[[Call], Any]

LARGEST_BODY = 550 * 1000**2
"""What the proxy in front of the real service lets pass."""

CREATED, NO_CONTENT = 201, 204
STATUS = {"GET": 200, "POST": CREATED, "PUT": 200, "DELETE": NO_CONTENT}
COMMON_HEADERS = {"Vary": "Accept, Origin, Cookie", "X-Frame-Options": "SAMEORIGIN"}

COLLECTION = r"collection/(?P<collection>[\w-]+)"
EXPERIMENT = COLLECTION + r"/experiment/(?P<experiment>[\w-]+)"
CHANNEL = EXPERIMENT + r"/channel/(?P<channel>[\w-]+)"
PATH = r"(?P<collection>[\w-]+)/(?P<experiment>[\w-]+)/(?P<channel>[\w-]+)"
BOX = r"(?P<res>[0-9])/(?P<x>[0-9]+:[0-9]+)/(?P<y>[0-9]+:[0-9]+)/(?P<z>[0-9]+:[0-9]+)"
INDEX = r"[0-9]+"
SPAN = r"[0-9]+:[0-9]+"
TIMED_BOX = BOX + r"(?:/(?P<t>[0-9]+:[0-9]+))?/?$"


@dataclass(frozen=True, slots=True)
class Route:
    """One URL pattern, matched from the start of what follows `/v1/`, and its handlers by verb.

    Attributes:
        pattern: Unless it ends in `$`, more may follow and is ignored, as in the real service.
        verbs: Handlers by HTTP method.
        binary: Whether answers are negotiated by the handler itself.
    """

    pattern: re.Pattern[str]
    verbs: Mapping[str, Handler]
    binary: bool = False


def _route(pattern: str, *, binary: bool = False, **verbs: Handler) -> Route:
    return Route(re.compile(pattern, re.ASCII), verbs, binary)


def _image_pattern(plane: str) -> str:
    """Spell the pattern of one orientation: the axes in the plane take ranges, the third one an index."""
    axes = "/".join(f"(?P<{axis}>{SPAN if axis in plane else INDEX})" for axis in "xyz")
    return rf"image/{PATH}/(?P<plane>{plane})/(?P<res>[0-9])/{axes}(?:/(?P<t>{INDEX}))?/?$"


TILE = (
    rf"tile/{PATH}/(?P<plane>xy|xz|yz)/(?P<size>{INDEX})/(?P<res>[0-9])/"
    rf"(?P<x>{INDEX})/(?P<y>{INDEX})/(?P<z>{INDEX})(?:/(?P<t>{INDEX}))?/?$"
)

ROUTES = (
    _route(
        CHANNEL,
        GET=members.read_channel,
        POST=members.create_channel,
        PUT=members.change_channel,
        DELETE=members.delete_channel,
    ),
    _route(EXPERIMENT + r"/channel/?", GET=members.list_channels),
    _route(
        EXPERIMENT,
        GET=members.read_experiment,
        POST=members.create_experiment,
        PUT=members.change_experiment,
        DELETE=members.delete_experiment,
    ),
    _route(COLLECTION + r"/experiment/?", GET=members.list_experiments),
    _route(
        COLLECTION,
        GET=nouns.read_collection,
        POST=nouns.create_collection,
        PUT=nouns.change_collection,
        DELETE=nouns.delete_collection,
    ),
    _route(r"collection/?", GET=nouns.list_collections),
    _route(
        r"coord/(?P<frame>[\w-]+)",
        GET=nouns.read_frame,
        POST=nouns.create_frame,
        PUT=nouns.change_frame,
        DELETE=nouns.delete_frame,
    ),
    _route(r"coord/?", GET=nouns.list_frames),
    _route(
        r"meta/(?P<collection>[\w-]+)(?:/(?P<experiment>[\w-]+)(?:/(?P<channel>[\w-]+))?)?/?$",
        GET=notes.read_notes,
        POST=notes.create_note,
        PUT=notes.change_note,
        DELETE=notes.delete_note,
    ),
    _route(
        rf"downsample/{PATH}/?$",
        GET=downsample.read_downsample,
        POST=downsample.start_downsample,
        DELETE=downsample.cancel_downsample,
    ),
    _route(rf"cutout/to_black/{PATH}/{TIMED_BOX}", binary=True, PUT=cutout.blacken_cutout),
    _route(rf"cutout/{PATH}/{TIMED_BOX}", binary=True, GET=cutout.read_cutout, POST=cutout.write_cutout),
    _route(rf"reserve/{PATH}/(?P<count>[0-9]+)/?$", GET=spatial.reserve),
    _route(rf"ids/{PATH}/{TIMED_BOX}", GET=spatial.list_ids),
    _route(rf"boundingbox/{PATH}/(?P<res>[0-9])/(?P<label>[0-9]+)/?$", GET=spatial.bounding_box),
    *(_route(_image_pattern(plane), binary=True, GET=pictures.draw_image) for plane in ("xy", "xz", "yz")),
    _route(TILE, binary=True, GET=pictures.draw_tile),
)


async def serve(service: Service, request: web.Request) -> web.StreamResponse:
    """Answer one request, whatever it is."""
    try:
        route, names = _match(request.path)
        response = await _handle(route, Call(service, request, names, await request.read()))
        response.headers["Allow"] = ", ".join((*route.verbs, "HEAD", "OPTIONS"))
    except (Refusal, NoSuchPage, Breakdown, InvalidToken, web.HTTPRequestEntityTooLarge) as error:
        response = answer_for(error)
    response.headers.update(COMMON_HEADERS)
    return response


def _match(path: str) -> tuple[Route, dict[str, Any]]:
    """Find the route of a decoded path.

    Raises:
        NoSuchPage: None matches.
        Refusal: Code 9003 for a version of the interface that is gone.
    """
    if re.match(r"/v0\.[1-8]/", path):
        raise Refusal(Code.UNSUPPORTED_VERSION, "this version is no longer supported")
    tail = re.sub(r"^/(?:v1|latest)/", "", path)
    for route in ROUTES if tail != path else ():
        if found := route.pattern.match(tail):
            return route, found.groupdict()
    raise NoSuchPage


async def _handle(route: Route, call: Call) -> web.Response:
    method = call.request.method
    handler = route.verbs.get("GET" if method == "HEAD" else method)
    if handler is None:
        return _unknown_verb(route, method)
    if not route.binary and not _takes_json(call.accepts):
        return json_answer({"detail": "Could not satisfy the request Accept header."}, 406)
    result = handler(call)
    if inspect.isawaitable(result):
        result = await result
    if isinstance(result, web.Response):
        return result
    return json_answer(result, STATUS[method]) if result is not None else empty(STATUS[method])


def _unknown_verb(route: Route, method: str) -> web.Response:
    """Refuse a verb; the binary renderers choke on that answer."""
    if method == "OPTIONS":
        return empty(200)
    if route.binary:
        raise Breakdown
    return json_answer({"detail": f'Method "{method}" not allowed.'}, 405)


def _takes_json(accepts: list[str]) -> bool:
    return any(media in ("*/*", "application/*", "application/json", "text/html") for media in accepts)


def application(service: Service) -> web.Application:
    """Wrap a service as a web application."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await serve(service, request)

    async def ping(request: web.Request) -> web.StreamResponse:
        return json_answer({"ip": request.remote})

    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_get("/ping/", ping)
    app.router.add_route("*", "/{path:.*}", handle)
    return app
