"""The part of a volume that a URL names: parsed, checked against the frame, measured against the limit."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from penstock.sandbox.boss.faults import Breakdown, Code, Refusal
from penstock.sandbox.boss.levels import Level, check_resolution, level_of
from penstock.sandbox.boss.voxels import Box, Voxels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.sandbox.boss.catalog import Channel

LARGEST = 545_259_520
"""Bytes that one request may move; 64-bit voxels get a fourfold allowance."""


@dataclass(frozen=True, slots=True)
class Region:
    """A box of voxels of one channel at one level, over some time samples.

    Attributes:
        channel: Whose voxels.
        level: Of which resolution.
        box: Which voxels.
        times: Which time samples.
        timed: Whether the URL gave a time range: arrays have a time axis then.
    """

    channel: Channel
    level: Level
    box: Box
    times: range
    timed: bool

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Extent along t, z, y, x."""
        return (len(self.times), *self.box.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the voxels."""
        return prod(self.shape) * self.channel.volume.dtype.itemsize

    def read(self) -> Voxels:
        """Read the voxels as an array of (t, z, y, x)."""
        return self.channel.volume.read(self.level, self.box, self.times, self.channel.experiment.num_time_samples)

    def check_size(self, *, generous: bool = True) -> None:
        """Refuse with code 2000 what is too large for one request; pictures get no 64-bit allowance."""
        allowance = 4 if generous and self.channel.datatype == "uint64" else 1
        if self.nbytes // allowance > LARGEST:
            raise Refusal(Code.REQUEST_TOO_LARGE, f"more than {LARGEST} bytes at once")


def parse(channel: Channel, names: Mapping[str, str | None], query: Mapping[str, str]) -> Region:
    """Read a region off a URL's parts.

    Raises:
        Refusal: Code 1002 for a level that does not exist, 1001 for a box outside of the frame of level 0
            (whatever the level), 9001 when `iso` is asked for where it cannot be computed.
        Breakdown: The channel holds 32-bit voxels, which the service creates but cannot serve.
    """
    if channel.datatype == "uint32":
        raise Breakdown
    res = int(names["res"] or 0)
    check_resolution(channel, res)
    spans = [_span(names[axis] or "") for axis in "xyz"]
    frame = channel.experiment.frame
    for axis, (start, stop), low, high in zip("xyz", spans, frame.start, frame.stop, strict=True):
        if not low <= start < stop <= high:
            raise Refusal(Code.INVALID_CUTOUT_ARGS, f"{axis} {start}:{stop} is not within {low}:{high}")
    level = level_of(channel.experiment, res, iso=query.get("iso", "").lower() == "true")
    return Region(channel, level, Box(*spans), _times(channel, names.get("t")), bool(names.get("t")))


def _span(text: str) -> tuple[int, int]:
    """Read `start:stop`; a lone number is a span of one, where the URL pattern lets it pass."""
    start, colon, stop = text.partition(":")
    return int(start), int(stop) if colon else int(start) + 1


def _times(channel: Channel, text: str | None) -> range:
    """Read the time samples; the service lets the end exceed the samples by one, and the range be empty."""
    if not text:
        return range(channel.default_time_sample, channel.default_time_sample + 1)
    start, stop = _span(text)
    if not start <= stop <= channel.experiment.num_time_samples + 1:
        raise Refusal(Code.INVALID_CUTOUT_ARGS, f"there are no time samples {start}:{stop}")
    return range(start, stop)
