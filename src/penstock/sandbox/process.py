"""A sandbox as a process of its own, so that it neither shares a loop with the client nor its memory."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import anyio.to_thread

from penstock.errors import ConnectionFailed
from penstock.sandbox.access_log import read_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    from penstock.types import PathLike

START_SECONDS = 30.0
STOP_SECONDS = 5.0


class SandboxProcess:
    """Run `python -m penstock.sandbox` while the block runs; works in blocking and in async code.

        with SandboxProcess(scale="small", latency=0.02) as sandbox:
            ...  # sandbox.env, sandbox.urls, sandbox.pid

    The child ends when this process does, however it ends: it watches a pipe that only this process holds. Ctrl-C does
    not reach it, so that whoever handles that here still has a server to finish with.

    Args:
        seed: As for `Sandbox`.
        scale: As for `Sandbox`.
        latency: As for `Sandbox`, in seconds.
        data: As for `Sandbox`.
        log: As for `Sandbox`.
        ports: As for `Sandbox`.
        platforms: As for `Sandbox`; None means all.
        quirks: As for `Sandbox`.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        scale: str = "tiny",
        latency: float = 0.0,
        data: PathLike | None = None,
        log: PathLike | None = None,
        ports: Mapping[str, int] | None = None,
        platforms: Sequence[str] | None = None,
        quirks: str = "strict",
    ) -> None:
        self.log = Path(log) if log is not None else None
        self.env: dict[str, str] = {}
        self.urls: dict[str, str] = {}
        self._options = _options(seed, scale, latency, data, self.log, ports, platforms, quirks)
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running sandbox."""
        if self._process is None:
            raise ConnectionFailed("The sandbox process is not running.")
        return self._process.pid

    def __enter__(self) -> SandboxProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> SandboxProcess:
        await anyio.to_thread.run_sync(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.stop)

    def start(self) -> None:
        """Start the child and wait until it serves.

        Raises:
            ConnectionFailed: It ended, or said nothing for `START_SECONDS`; the message holds what it complained of.
        """
        command = [sys.executable, "-m", "penstock.sandbox", "--with-parent", *self._options]
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the child
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints, start_new_session=True
        )
        try:
            ready = self._ready(self._process)
        except BaseException:
            self.stop()
            raise
        self.env, self.urls = ready["env"], ready["urls"]

    def stop(self) -> None:
        """End the child by its id: politely, then not."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
        if self._complaints is not None:
            self._complaints.close()
            self._complaints = None

    def requests(self) -> Iterator[dict[str, Any]]:
        """Yield what the log holds; see `AccessLog` for the fields."""
        return read_log(self.log) if self.log is not None else iter(())

    def _ready(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            line = process.stdout.readline() if selector.select(START_SECONDS) else b""
        if not line:
            raise ConnectionFailed(f"The sandbox did not start.\n{self._heard()}".rstrip())
        ready: dict[str, Any] = json.loads(line)
        return ready

    def _heard(self) -> str:
        if self._complaints is None:
            return ""
        self._complaints.seek(0)
        return self._complaints.read().decode(errors="replace")[-2000:]


def _options(
    seed: int,
    scale: str,
    latency: float,
    data: PathLike | None,
    log: Path | None,
    ports: Mapping[str, int] | None,
    platforms: Sequence[str] | None,
    quirks: str,
) -> list[str]:
    """Spell the command line of `penstock.sandbox.__main__`."""
    given = {
        "--seed": str(seed),
        "--scale": scale,
        "--latency": str(latency),
        "--quirks": quirks,
        "--data": str(Path(data).resolve()) if data is not None else None,
        "--log": str(log.resolve()) if log is not None else None,
        "--ports": ",".join(f"{service}={port}" for service, port in (ports or {}).items()) or None,
        "--platforms": ",".join(platforms) if platforms is not None else None,
    }
    return [text for name, value in given.items() if value is not None for text in (name, value)]
