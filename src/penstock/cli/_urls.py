"""What a URL names: which platform, and what on it."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.errors import SelectionError

PLATFORMS = ("seer", "boss", "sds")


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed URL: `boss://a/b/c` is platform `boss`, path `a/b/c`; `sds:///x` is platform `sds`, path `/x`."""

    platform: str
    path: str

    @property
    def segments(self) -> list[str]:
        """The path's non-empty segments."""
        return [segment for segment in self.path.split("/") if segment]

    def __str__(self) -> str:
        return f"{self.platform}://{self.path}"


def parse(url: str) -> Address:
    """Read a platform URL.

    Raises:
        SelectionError: It has no scheme, or one of no platform.
    """
    platform, separator, path = url.partition("://")
    if not separator or platform not in PLATFORMS:
        raise SelectionError(
            f"{url!r} is not a URL that penstock knows",
            hint="Give seer://STUDY, boss://COLLECTION/EXPERIMENT/CHANNEL or sds:///PATH.",
        )
    return Address(platform, path)
