"""Redirects are followed, but secrets do not travel with them."""

from __future__ import annotations

import pytest
from aiohttp import web

from penstock._net.call import Call
from penstock._net.context import Context
from penstock._net.resolver import GuardedResolver, PrivateAddress
from penstock._net.retry import no_backoff
from penstock._net.urls import check_foreign
from penstock.errors import ConfigError, ConnectionFailed, InsecureConnection, Recovery, UnexpectedResponse

pytestmark = pytest.mark.anyio
OWN = {"Authorization": "Token canary-canary", "X-Api-Key": "canary-canary", "Cookie": "sid=canary-canary"}


class Recorder:
    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path_qs, dict(request.headers), await request.read()))
        return web.Response(body=b"there")


def redirecting(location: str, status: int = 302):
    async def handler(request):
        if request.path == "/":
            return web.Response(status=status, headers={"Location": location})
        return web.json_response({"path": request.path, "authorization": request.headers.get("Authorization")})

    return handler


async def test_within_the_origin_everything_travels(context, serve):
    base = await serve(redirecting("/elsewhere"))
    client = context.http(base, platform="test", headers=OWN)
    assert await client.json("GET", "/") == {"path": "/elsewhere", "authorization": OWN["Authorization"]}


async def test_another_origin_learns_nothing(context, serve):
    there = Recorder()
    base = await serve(redirecting(await serve(there.answer) + "/x?sig=1"))
    client = context.http(base, platform="test", headers=OWN)
    async with client.stream("GET", "/", headers={"If-Match": '"e"', "X-More": "canary"}, offset=0) as body:
        assert await body.read(100) == b"there"
    method, path, headers, _ = there.requests[0]
    assert (method, path) == ("GET", "/x?sig=1")
    assert "canary" not in str(headers)
    assert headers["If-Match"] == '"e"'


async def test_signed_urls_get_no_credentials(context, serve):
    there = Recorder()
    other = await serve(there.answer)
    client = context.http(await serve(there.answer), platform="test", headers=OWN)
    for url in (f"{other}/signed?X-Amz-Signature=a%2Fb+c", f"{client.base_url}/signed?X-Amz-Signature=a%2Fb+c"):
        async with client.stream("GET", url, authenticated=False) as body:
            await body.read(100)
    async with client.stream("GET", f"{other}/signed") as body:
        await body.read(100)
    assert "canary" not in str(there.requests)
    assert there.requests[0][1] == "/signed?X-Amz-Signature=a%2Fb+c"


async def test_a_loop_ends(context, serve):
    with pytest.raises(UnexpectedResponse, match="redirects"):
        await context.http(await serve(redirecting("/")), platform="test").request("GET", "/")


async def test_a_change_is_not_turned_into_a_look(context, serve):
    client = context.http(await serve(redirecting("/elsewhere", 301)), platform="test")
    with pytest.raises(UnexpectedResponse, match="/elsewhere") as caught:
        await client.request("POST", "/", json={})
    assert "URL" in caught.value.hint


async def test_303_leads_to_the_result(context, serve):
    client = context.http(await serve(redirecting("/elsewhere", 303)), platform="test")
    assert (await client.json("POST", "/", json={}))["path"] == "/elsewhere"


async def test_307_takes_the_body_along_within_the_origin_only(context, serve):
    there = Recorder()
    elsewhere = await serve(there.answer)

    async def handler(request):
        if request.path == "/near":
            return web.Response(status=307, headers={"Location": "/end"})
        if request.path == "/far":
            return web.Response(status=307, headers={"Location": elsewhere})
        return web.Response(body=await request.read())

    client = context.http(await serve(handler), platform="test")
    assert (await client.request("POST", "/near", content=b"body")).content == b"body"
    with pytest.raises(UnexpectedResponse, match="must not get its body"):
        await client.request("POST", "/far", content=b"body")
    assert not there.requests


def test_https_does_not_lead_to_http():
    with pytest.raises(InsecureConnection):
        Call("GET", "https://api.example.org/", {}).follow(302, "http://api.example.org/")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/",
        "https://user:pass@example.org/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
        "https://",
        "https://[broken",
    ],
)
def test_a_public_service_cannot_send_us_into_private_networks(url):
    with pytest.raises((UnexpectedResponse, InsecureConnection)):
        check_foreign(url, "https://api.example.org:443")


def test_a_private_service_may_point_to_its_neighbours():
    check_foreign("http://127.0.0.1:9000/bucket", "http://127.0.0.1:8000")
    check_foreign("https://cdn.example.org/chunk", "https://api.example.org:443")


async def test_names_that_stand_for_private_addresses_are_refused_too(monkeypatch):
    resolver = GuardedResolver()

    async def resolve(host, port=0, family=0):
        return [{"host": "10.1.2.3" if "inside" in host else "93.184.215.14"}]

    monkeypatch.setattr(resolver._plain, "resolve", resolve)
    resolver.trust("api.example.org")
    await resolver.resolve("api.example.org")
    await resolver.resolve("cdn.example.org")
    with pytest.raises(PrivateAddress):
        await resolver.resolve("inside.example.org")
    resolver.trust("inside.lab")
    await resolver.resolve("inside.lab")
    await resolver.resolve("inside.example.org")


@pytest.mark.parametrize(
    "url", ["", "api.example.org", "ftp://x", "http://", "https://user:pw@host/", "http://host:99999"]
)
async def test_the_address_of_a_service_is_checked(context, url):
    with pytest.raises(ConfigError) as caught:
        context.http(url, platform="test")
    assert "pw" not in str(caught.value)


async def test_the_environments_proxy_is_used_but_never_for_loopback(serve, monkeypatch):
    proxied = Recorder()
    proxy = await serve(proxied.answer)
    monkeypatch.setenv("HTTP_PROXY", proxy.replace("http://", "http://user:secret@"))
    monkeypatch.setenv("NO_PROXY", "direct.invalid")
    for transport in ("aiohttp", "httpx"):
        async with Context(transport=transport) as context:
            answer = await context.http("http://service.invalid", platform="test").request("GET", "/x")
            assert answer.content == b"there"
            local = await context.http(proxy, platform="test").request("GET", "/local")
            assert local.content == b"there"
    seen = [(path, "Proxy-Authorization" in headers) for _, path, headers, _ in proxied.requests]
    assert [sent for path, sent in seen if path == "/local"] == [False, False]
    assert len([path for path, sent in seen if sent]) == 2


@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
async def test_a_proxy_that_is_not_there_is_named_as_the_culprit(closed_port, monkeypatch, transport):
    monkeypatch.setenv("HTTP_PROXY", f"http://user:secret@127.0.0.1:{closed_port}")
    async with Context(transport=transport) as context:
        with no_backoff(), pytest.raises(ConnectionFailed) as caught:
            await context.http("http://service.invalid", platform="test").request("GET", "/x")
    assert "secret" not in str(caught.value)
    assert transport == "httpx" or "HTTPS_PROXY" in caught.value.hint


@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
@pytest.mark.parametrize("status", [407, 403])
async def test_a_proxy_that_refuses_is_not_asked_again(serve_raw, monkeypatch, transport, status):
    asked = []

    async def refuse(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    monkeypatch.setenv("HTTPS_PROXY", await serve_raw(refuse))
    async with Context(transport=transport) as context:
        with pytest.raises(ConnectionFailed, match="proxy refused") as caught:
            await context.http("https://service.invalid", platform="test").request("GET", "/x")
    assert caught.value.recovery is Recovery.NEVER
    assert len(asked) == 1
    assert asked[0].startswith(b"CONNECT service.invalid:443")


async def test_a_signed_url_into_a_private_network_is_not_followed(monkeypatch):
    asked = []

    async def resolve(self, host, port=0, family=0):
        asked.append(host)
        return [{"host": "10.1.2.3"}]

    monkeypatch.setattr("penstock._net.resolver.ThreadedResolver.resolve", resolve)
    async with Context() as context:
        client = context.http("https://93.184.215.14", platform="test")
        with pytest.raises(UnexpectedResponse, match="private network"):
            async with client.stream("GET", "https://rebound.example.org/x", authenticated=False):
                pass
        with pytest.raises(UnexpectedResponse, match="private network"):
            async with client.stream("GET", "https://169.254.169.254/latest", authenticated=False):
                pass
    assert asked == ["rebound.example.org"]


async def test_netrc_is_never_read(context, serve, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password canary\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    there = Recorder()
    await context.http(await serve(there.answer), platform="test").request("GET", "/")
    assert "Authorization" not in there.requests[0][2]
