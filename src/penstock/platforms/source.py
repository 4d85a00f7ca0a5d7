"""What the sources of platforms that answer from one host have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from penstock._net.http import HttpClient


class HttpSource:
    """Knows the service that its parts come from; subclasses say how to `open` one."""

    platform: ClassVar[str]

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    @property
    def instance(self) -> str:
        """What the service calls itself, else its origin."""
        return self._http.instance

    @property
    def origin(self) -> str:
        """`scheme://host:port` of the service."""
        return self._http.origin
