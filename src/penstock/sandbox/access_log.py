"""One JSON line for every request, written just before its answer is complete, or when it has failed."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from aiohttp import web
    from aiohttp.abc import AbstractStreamWriter


class AccessLog:
    """Append request lines to a file, each flushed at once, so that a reader or a killed sandbox loses none.

    A line holds `t` (seconds since the epoch), `platform`, `service`, `method`, `path`, `query`, `status`, `bytes`
    (of the body that left the server, also when the client hung up; the last block counts before it leaves) and
    `range` (the request's header, or null).

    Args:
        path: File to append to; None keeps no log.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> AccessLog:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a", encoding="utf-8", buffering=1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def write(self, **fields: Any) -> None:
        """Append one line."""
        if self._file is not None:
            self._file.write(json.dumps(fields, ensure_ascii=True, separators=(",", ":")) + "\n")


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the requests of a log; a last line that is still being written is left out."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)


def body_bytes(writer: AbstractStreamWriter, response: web.StreamResponse) -> int:
    """Count the bytes of a begun answer's body that were handed to the socket.

    The writer counts the whole message, so the head, known by now, is taken off; the framing of a chunked body
    stays in. What a client that hung up did not read any more may be counted, up to the size of the buffers in
    between.
    """
    lines = [f"HTTP/1.1 {response.status} {response.reason}", *(f"{k}: {v}" for k, v in response.headers.items())]
    head = "\r\n".join(lines) + "\r\n\r\n"
    return max(0, writer.output_size - len(head.encode()))
