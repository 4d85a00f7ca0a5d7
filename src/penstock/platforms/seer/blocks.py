"""Channel data in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from penstock.platforms.seer.instants import moment

if TYPE_CHECKING:
    from penstock.types import Span


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Samples of one channel group over a stretch of one segment.

    Attributes:
        study_id: Study.
        group: Name of the channel group.
        group_id: Its id.
        segment_id: Segment.
        names: One label a column: the channel's name, or its id when the name is missing or not unique.
        units: Of every column, such as `V`.
        rate: Hz; nominal when `times` is given.
        start_ms: Time of the first row, ms since 1970 (UTC).
        data: Rows of samples, a column a channel, float32 or float64; NaN where there is no data.
        times: Float64 ms since 1970, one a row, for groups whose samples carry their own times; None where rows
            follow each other at `rate`.
        missing: Half-open runs of rows that hold no data.
    """

    study_id: str
    group: str
    group_id: str
    segment_id: str
    names: tuple[str, ...]
    units: str | None
    rate: float | None
    start_ms: float
    data: npt.NDArray[np.floating]
    times: npt.NDArray[np.float64] | None
    missing: tuple[Span, ...]

    @property
    def start(self) -> datetime:
        """`start_ms` as an aware datetime."""
        return moment(self.start_ms)

    def clock(self) -> npt.NDArray[np.float64]:
        """Return the time of every row, float64 ms since 1970."""
        if self.times is not None:
            return self.times
        return self.start_ms + np.arange(len(self.data), dtype=np.float64) * (1000.0 / (self.rate or 1.0))
