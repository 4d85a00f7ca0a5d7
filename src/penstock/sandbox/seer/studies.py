"""What a study consists of: channel groups, their channels and segments, with all that shapes a stored chunk."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from penstock.types import Span


def name_id(*names: object) -> str:
    """Derive an id that is the same in every sandbox, whatever its seed."""
    return str(uuid5(NAMESPACE_URL, "sandbox://seer/" + "/".join(map(str, names))))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of equally spaced samples to be made.

    Attributes:
        label: Name of the recording; equal labels get equal noise.
        begins: Seconds from the study's start to the segment's first sample.
        first: Index of the first sample, counted within the segment.
        count: How many samples.
        rate: Samples a second.
    """

    label: str
    begins: float
    first: int
    count: int
    rate: float

    @property
    def seconds(self) -> NDArray[np.float64]:
        """When each sample is taken, in seconds since the study's start."""
        import numpy as np

        samples: NDArray[np.float64] = np.arange(self.first, self.first + self.count, dtype=np.float64)
        return self.begins + samples / self.rate


class Signal(Protocol):
    """Something to record: gives values in the group's stored units, before the exponent."""

    def __call__(self, stretch: Stretch) -> NDArray[np.float64]:
        """Make an array of channels x samples."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """One column of a group; the name may be missing or shared with another channel."""

    id: str
    name: str | None
    kind: str
    category: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A contiguous recording.

    Attributes:
        id: Its id.
        ordinal: Position among the group's segments.
        start: Milliseconds since the epoch, with fractions.
        duration: Milliseconds.
        timezone: Hours east of Greenwich.
        stored: Whether the service hands out URLs at all.
        never: Chunks that were never stored: no URL of their own, 404 by the base URL.
        lost: Chunks whose URL leads to a 404.
        surplus: Chunks with one record too many.
        stray: Chunks with one channel's share of a record too many, as an old ingest wrote them.
        silences: Spans of seconds since the segment's start in which nothing was measured.
        file: A real chunk to serve instead of a made one.
    """

    id: str
    ordinal: int
    start: float
    duration: float
    timezone: float = 10.0
    stored: bool = True
    never: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()
    surplus: frozenset[int] = frozenset()
    stray: frozenset[int] = frozenset()
    silences: tuple[tuple[float, float], ...] = ()
    file: Path | None = None

    @property
    def end(self) -> float:
        """Milliseconds since the epoch."""
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class Group:
    """Channels that are sampled together, and how their chunks are written.

    Attributes:
        id: Its id.
        name: As shown to people.
        channels: In the order in which chunks hold them.
        segments: In the order of time.
        signal: What is recorded.
        sample_rate: Hertz; nominal when timestamped.
        encoding: `int16`, `float32`, …: a numpy type name.
        compression: `gzip`, `br` or `none`.
        signal_min: What the least digital value stands for.
        signal_max: What the greatest digital value stands for; may be below `signal_min`.
        units: As shown to people.
        exponent: Decimal scale of the stored unit.
        chunk_period: Seconds.
        record_length: Seconds.
        timestamped: Whether rows carry their own time.
        step: Milliseconds between the rows of a timestamped group.
        kind: The group's type.
        patterns: How many different chunks there are, repeated in turn; None makes each anew.
    """

    id: str
    name: str
    channels: tuple[Channel, ...]
    segments: tuple[Segment, ...]
    signal: Signal
    sample_rate: float = 256.0
    encoding: str = "int16"
    compression: str = "gzip"
    signal_min: float = 0.0
    signal_max: float = 0.0
    units: str = "V"
    exponent: float = 0.0
    chunk_period: float = 10.0
    record_length: float = 1.0
    timestamped: bool = False
    step: float = 0.0
    kind: str = "eeg"
    patterns: int | None = None

    @property
    def samples_per_record(self) -> int:
        """Samples of one channel in a record."""
        return round(self.sample_rate * self.record_length)

    @property
    def records_per_chunk(self) -> int:
        """Records in a full chunk."""
        return round(self.chunk_period / self.record_length)

    @property
    def samples_per_chunk(self) -> int:
        """Samples of one channel in a full chunk."""
        return self.samples_per_record * self.records_per_chunk

    def chunks(self, segment: Segment) -> int:
        """Count the chunks of a segment; the last may reach beyond its end."""
        return math.ceil(segment.duration / (self.chunk_period * 1000.0))

    def rows(self, index: int) -> Span:
        """Number the rows `[first, last)` of a timestamped chunk, counted within the segment."""
        period = self.chunk_period * 1000.0
        return math.ceil(index * period / self.step), math.ceil((index + 1) * period / self.step)


@dataclass(frozen=True, slots=True)
class Study:
    """A bounded period of monitoring."""

    id: str
    name: str
    description: str
    groups: tuple[Group, ...]
    patient: str | None
    party: str
    start: float
    duration: float
    code: str = field(default="")
