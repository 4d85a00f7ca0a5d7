"""SpectrumX Data System: radio spectrum files, listed and downloaded as they were recorded."""

from __future__ import annotations

from penstock.platforms.sds.client import Sds
from penstock.platforms.sds.models import File, Owner
from penstock.platforms.sds.paths import SdsPath

__all__ = ["File", "Owner", "Sds", "SdsPath"]
