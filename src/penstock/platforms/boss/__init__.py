"""BOSS: volumetric images, read as arrays or downloaded as stacks."""

from __future__ import annotations

from penstock.platforms.boss.channel import Channel
from penstock.platforms.boss.client import Boss
from penstock.platforms.boss.levels import Level
from penstock.platforms.boss.models import Collection, Experiment, Frame

__all__ = ["Boss", "Channel", "Collection", "Experiment", "Frame", "Level"]
