"""The sandbox itself: each emulator on its own loopback port, within the current event loop."""

from __future__ import annotations

import importlib
import socket
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from aiohttp import web

from penstock.errors import ConfigError
from penstock.sandbox.access_log import AccessLog, read_log
from penstock.sandbox.shell import Shell
from penstock.sandbox.world import Quirks, Scale, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from penstock.types import PathLike

PLATFORMS = ("boss", "sds", "seer")
LOOPBACK = "127.0.0.1"
SHUTDOWN_SECONDS = 0.2
"""How long a request in flight may hold up the end; a sandbox owes nobody a graceful close."""


class Emulator(Protocol):
    """What the module of a platform offers."""

    def applications(self, world: World) -> dict[str, web.Application]:
        """Build the platform's services by name."""
        ...

    def environment(self, urls: Mapping[str, str]) -> dict[str, str]:
        """Spell the variables by which penstock and the original client find these services."""
        ...


class Sandbox:
    """Emulate the platforms on loopback while the block runs.

        async with Sandbox(seed=1) as sandbox:
            ...  # sandbox.env holds the variables, sandbox.urls the addresses

    Nothing listens on another address than 127.0.0.1, and all credentials are fakes that say so.

    Args:
        seed: The synthetic data follow from it.
        scale: `tiny`, `small` or `large`.
        latency: Seconds that each request waits before its answer begins.
        data: Folder of real test vectors to serve where the emulator has a place for them.
        log: File that gets one JSON line a request.
        ports: Fixed ports by service name; the others are free ones.
        platforms: Which platforms to emulate.
        quirks: `strict`, or `lenient` for the original clients.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        scale: Scale = "tiny",
        latency: float = 0.0,
        data: PathLike | None = None,
        log: PathLike | None = None,
        ports: Mapping[str, int] | None = None,
        platforms: Sequence[str] = PLATFORMS,
        quirks: Quirks = "strict",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.world = World(seed=seed, scale=scale, data=_path(data), quirks=quirks, clock=clock)
        self.latency = latency
        self.log = _path(log)
        self.env: dict[str, str] = {}
        self._ports = dict(ports or {})
        self._emulators = [_emulator(platform) for platform in platforms]
        self._stack = AsyncExitStack()

    @property
    def urls(self) -> dict[str, str]:
        """Base URL of every service, by name."""
        return self.world.urls

    async def __aenter__(self) -> Sandbox:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def requests(self) -> Iterator[dict[str, Any]]:
        """Yield what the log holds; see `AccessLog` for the fields."""
        return read_log(self.log) if self.log is not None else iter(())

    async def _start(self, stack: AsyncExitStack) -> None:
        """Bind every port before any service starts: emulators hand out each other's addresses."""
        log = stack.enter_context(AccessLog(self.log))
        apps = {name: app for emulator in self._emulators for name, app in emulator.applications(self.world).items()}
        sockets = {name: stack.enter_context(self._bind(name)) for name in apps}
        self.urls.update({name: f"http://{LOOPBACK}:{bound.getsockname()[1]}" for name, bound in sockets.items()})
        for emulator in self._emulators:
            self.env.update(emulator.environment(self.urls))
        for name, app in apps.items():
            Shell(self.world, name, self.latency, log).wrap(app)
            await _serve(app, sockets[name], stack)

    def _bind(self, service: str) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port = self._ports.get(service, 0)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            listener.close()
            message = f"The sandbox cannot listen on port {port} for {service}: {error.strerror}."
            raise ConfigError(message, hint="Choose another port, or none to get a free one.") from error
        return listener


async def _serve(app: web.Application, listener: socket.socket, stack: AsyncExitStack) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, keepalive_timeout=75)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener, backlog=1024).start()


def _emulator(platform: str) -> Emulator:
    if platform not in PLATFORMS:
        raise ConfigError(f"The sandbox does not emulate {platform!r}.", hint=f"Choose from {', '.join(PLATFORMS)}.")
    return cast("Emulator", importlib.import_module(f"penstock.sandbox.{platform}"))


def _path(path: PathLike | None) -> Path | None:
    return Path(path) if path is not None else None
