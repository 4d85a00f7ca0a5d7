"""Several things at once, failing as if they had been done one by one."""

from __future__ import annotations

from functools import partial

import anyio
import anyio.lowlevel
import pytest

from penstock.errors import NotFound
from penstock.platforms.concurrency import each, together

pytestmark = pytest.mark.anyio


async def test_never_more_than_allowed_are_under_way_and_none_is_left_out() -> None:
    running, peak, done = 0, 0, []

    async def work(number: int) -> None:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await anyio.lowlevel.checkpoint()
        running -= 1
        done.append(number)

    await each(iter(range(20)), work, at_most=3)
    assert sorted(done) == list(range(20))
    assert peak == 3


async def test_the_first_failure_is_raised_bare_and_stops_the_rest() -> None:
    cancelled = []

    async def work(number: int) -> None:
        if number == 1:
            raise NotFound("one")
        try:
            await anyio.sleep_forever()
        except BaseException:
            cancelled.append(number)
            raise

    with pytest.raises(NotFound, match="one"):
        await each(iter(range(9)), work, at_most=3)
    assert cancelled == [0, 2] or cancelled == [0]


async def test_results_keep_the_order_of_their_calls() -> None:
    async def late(seconds: float) -> float:
        await anyio.sleep(seconds)
        return seconds

    assert await together(partial(late, 0.02), partial(late, 0.0)) == [0.02, 0.0]
