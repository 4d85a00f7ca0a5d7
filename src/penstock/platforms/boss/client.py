"""The client: settings when it opens, then collections, experiments and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from penstock._net.paging import Pager
from penstock.platforms.base import Platform
from penstock.platforms.boss.channel import Channel
from penstock.platforms.boss.faults import classify
from penstock.platforms.boss.levels import levels
from penstock.platforms.boss.paths import split_path
from penstock.platforms.boss.settings import layers, token_header
from penstock.platforms.boss.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from penstock._net.context import Context
    from penstock.platforms.boss.models import ChannelFacts, Collection, Experiment
    from penstock.types import PathLike


class Boss(Platform):
    """A client of one BOSS service: volumetric images as collections of experiments of channels.

    Args:
        url: Address of the service; else found in the settings, else `https://api.bossdb.io`.
        token: API token; else found in the settings, else `public`, which reads what everybody may read.
        context: Connection pools and limits to share with other clients; else the client has its own.
        config_file: INI file with a section `Default` of `protocol`, `host` and `token`, as ndpull and intern
            read them.
    """

    name: ClassVar[str] = "boss"
