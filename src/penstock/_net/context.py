"""What several platforms may share: connections, limits, budgets, patience."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from penstock._config.sizes import parse_rate, parse_size
from penstock._net.budget import ByteBudget, TokenBucket
from penstock._net.limits import Limits
from penstock._net.pool import Pool
from penstock._net.retry import RetryPolicy
from penstock._net.timeouts import Timeouts
from penstock.errors import ConfigError

if TYPE_CHECKING:
    from types import TracebackType

    from penstock._net.http import Classifier, HeaderSource, HttpClient
    from penstock.types import PathLike


class Context:
    """Owner of connections, limits, retry policy and budgets.

    Platforms that share one context together keep to its limits: at most `connections` requests are in flight, at
    most `memory` bytes are held, at most `bandwidth` bytes a second come in.

    Args:
        connections: Requests in flight in all.
        per_host: Requests in flight to one host.
        memory: Bytes of bodies held at once, as a number or like `"512MiB"`.
        bandwidth: Bytes a second of downloads, as a number or like `"80MB/s"`; unlimited unless said.
        retry: How failures are retried.
        timeout: How long to wait for what.
        transport: `auto`, `aiohttp`, or `httpx` for httpx's own, slower stack.
        authorities: Bundle of certificate authorities (PEM) to trust instead of the system's.

    Raises:
        ConfigError: An argument makes no sense.
    """

    __sync_skip__ = ("bandwidth", "http", "limits", "memory", "pool", "retry", "timeouts")

    def __init__(
        self,
        *,
        connections: int = 32,
        per_host: int = 32,
        memory: int | str = "256MiB",
        bandwidth: int | str | None = None,
        retry: RetryPolicy | None = None,
        timeout: Timeouts | None = None,
        transport: str = "auto",
        authorities: PathLike | None = None,
    ) -> None:
        if connections < 1 or per_host < 1:
            raise ConfigError("a context needs at least one connection, in all and for each host")
        self.retry = retry or RetryPolicy()
        self.timeouts = timeout or Timeouts()
        self.limits = Limits(connections, per_host, clock=self.retry.clock)
        self.memory = ByteBudget(parse_size(memory))
        self.bandwidth = None if bandwidth is None else TokenBucket(parse_rate(bandwidth), clock=self.retry.clock)
        self.pool = Pool(transport, authorities)

    def __repr__(self) -> str:
        return f"<Context of {self.limits.connections} connections, {self.memory.capacity} bytes>"

    async def __aenter__(self) -> Self:
        self.pool.bind()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; nothing can be asked afterwards."""
        await self.pool.aclose()

    def http(
        self,
        base_url: str,
        *,
        headers: HeaderSource = None,
        platform: str,
        classify: Classifier | None = None,
    ) -> HttpClient:
        """Make a client of one service; see `HttpClient` for the arguments."""
        from penstock._net.http import HttpClient

        return HttpClient(self, base_url, headers=headers, platform=platform, classify=classify)
