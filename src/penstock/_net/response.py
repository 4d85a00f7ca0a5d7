"""What comes back: a small answer read to its end, or a body still on its way."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from penstock.errors import UnexpectedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from penstock._net.headers import Headers


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer.

    Attributes:
        status: HTTP status.
        headers: Looked up without regard to case.
        content: The body, decoded if the service compressed it.
        url: Where it came from, without query and credentials.
    """

    status: int
    headers: Headers
    content: bytes
    url: str

    def __repr__(self) -> str:
        return f"<Response {self.status} from {self.url}, {len(self.content)} bytes>"

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 is replaced."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Parse the body.

        Raises:
            UnexpectedResponse: It is not JSON, or nested deeper than any honest answer.
        """
        try:
            return json.loads(self.content)
        except ValueError:
            problem = "is not JSON"
        except RecursionError:
            problem = "is nested too deeply"
        raise UnexpectedResponse(f"the answer of {self.url} {problem}", status=self.status, url=self.url)


@dataclass(slots=True)
class Body:
    """An answer whose body is still on its way.

    Attributes:
        status: HTTP status.
        headers: Looked up without regard to case.
        size: Bytes of this body, when announced.
        start: Offset in the remote thing at which the body begins: 0 when a range was asked for and ignored.
        blocks: The body as it comes, at any block size. Raises Truncated when its end comes too early or not when
            promised, ConnectionFailed when the connection breaks, DeadlineExceeded when it stalls or drips.
        url: Where it comes from, without query and credentials.
        total: Bytes of the whole remote thing, when a range was asked for and the answer says so.
    """

    status: int
    headers: Headers
    size: int | None
    start: int
    blocks: AsyncIterator[bytes] = field(repr=False)
    url: str
    total: int | None = None

    def __repr__(self) -> str:
        return f"<Body {self.status} from {self.url}, {self.size} bytes>"

    async def read(self, ceiling: int) -> bytes:
        """Read to the end.

        Raises:
            UnexpectedResponse: There are more than `ceiling` bytes; what is beyond is not read.
        """
        if self.size is not None and self.size > ceiling:
            raise self._too_large(ceiling)
        received = bytearray()
        async for block in self.blocks:
            received += block
            if len(received) > ceiling:
                raise self._too_large(ceiling)
        return bytes(received)

    def _too_large(self, ceiling: int) -> UnexpectedResponse:
        return UnexpectedResponse(
            f"the answer of {self.url} has more than {ceiling} bytes", status=self.status, url=self.url
        )
