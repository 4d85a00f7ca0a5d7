"""A client of the emulated service, and the formula that its reference channel follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import penstock
from penstock.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from penstock.types import Span


def _formula(x: Span, y: Span, z: Span, res: int = 0) -> NDArray[np.uint8]:
    zs, ys, xs = np.ogrid[slice(*z), slice(*y), slice(*x)]
    return ((3 * xs + 5 * ys + 7 * zs + 11 * res) % 251 + 1).astype("uint8")


@pytest.fixture
def formula() -> Callable[..., NDArray[np.uint8]]:
    """Compute the voxels of the reference channel `kharris15/apical/em`, axes Z, Y, X."""
    return _formula


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """Run the emulated service for one test."""
    async with Sandbox(platforms=["boss"], log=tmp_path / "requests.jsonl") as sandbox:
        yield sandbox


@pytest.fixture
async def boss(sandbox: Sandbox) -> AsyncIterator[penstock.Boss]:
    """Open a client with the emulator's token."""
    async with penstock.Boss(url=sandbox.urls["boss"], token=sandbox.env["BOSS_TOKEN"]) as boss:
        yield boss
