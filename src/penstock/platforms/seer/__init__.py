"""Seer: EEG and wearables."""

from __future__ import annotations

from penstock.platforms.seer.blocks import Block
from penstock.platforms.seer.client import Seer
from penstock.platforms.seer.models import (
    Channel,
    ChannelGroup,
    ChunkUrl,
    Segment,
    SegmentUrl,
    Study,
    StudyMetadata,
)

__all__ = [
    "Block",
    "Channel",
    "ChannelGroup",
    "ChunkUrl",
    "Seer",
    "Segment",
    "SegmentUrl",
    "Study",
    "StudyMetadata",
]
