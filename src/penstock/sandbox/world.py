"""What every emulator shares: the seed, the scale, the clock, and where the services ended up."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar, get_args
from uuid import UUID

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

Scale: TypeAlias = Literal["tiny", "small", "large"]
SCALES: tuple[Scale, ...] = get_args(Scale)
Quirks: TypeAlias = Literal["strict", "lenient"]
QUIRKS: tuple[Quirks, ...] = get_args(Quirks)


@dataclass(slots=True)
class World:
    """One sandbox's reality; the same seed and scale always give the same data, ids and digests.

    Attributes:
        seed: Every synthetic sample and id follows from it.
        scale: How much there is: `tiny` (a demo, megabytes), `small` (about 100 MB a platform), `large` (at least
            4 GiB a platform, made while it is served).
        data: Folder of real test vectors; emulators prefer them to synthetic data.
        quirks: `strict` has every fault that was found in the services; `lenient` lacks those few that stop even the
            published original clients.
        clock: Seconds since the epoch; tests move it to let links and tokens expire.
        urls: Base URL of every service, filled when the sandbox has its ports and before it serves.
    """

    seed: int = 0
    scale: Scale = "tiny"
    data: Path | None = None
    quirks: Quirks = "strict"
    clock: Callable[[], float] = time.time
    urls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise ConfigError(f"There is no sandbox scale {self.scale!r}.", hint=f"Choose one of {', '.join(SCALES)}.")
        if self.quirks not in QUIRKS:
            raise ConfigError(
                f"There are no sandbox quirks {self.quirks!r}.", hint=f"Choose one of {', '.join(QUIRKS)}."
            )

    def instance(self, platform: str) -> str:
        """Name what a client may take for the identity of this platform, whatever port it got."""
        return f"sandbox-{self.seed}-{self.scale}-{platform}"

    def pick(self, *, tiny: T, small: T, large: T) -> T:
        """Choose by scale."""
        return {"tiny": tiny, "small": small, "large": large}[self.scale]

    def entropy(self, *names: object, size: int = 32) -> bytes:
        """Derive `size` reproducible bytes from the seed and some names.

        They come from SHAKE-256, whose output no library release can change.
        """
        label = "\x1f".join(map(str, (self.seed, *names)))
        return hashlib.shake_256(label.encode()).digest(size)

    def number(self, *names: object) -> int:
        """Derive a reproducible 64-bit number, for instance to seed a random generator."""
        return int.from_bytes(self.entropy(*names, size=8), "little")

    def uuid(self, *names: object) -> UUID:
        """Derive a reproducible id that looks like a random one (version 4)."""
        return UUID(bytes=self.entropy(*names, size=16), version=4)

    def vectors(self, *parts: str) -> Path | None:
        """Locate a real vector below `data`; None when there is none."""
        if self.data is None:
            return None
        path = self.data.joinpath(*parts)
        return path if path.exists() else None
