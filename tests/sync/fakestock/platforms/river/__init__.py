"""Rivers."""

from fakestock.platforms.river.client import River
from fakestock.platforms.river.gauge import Gauge

__all__ = ["Gauge", "River"]
