"""Slots, pauses, budgets."""

from __future__ import annotations

import anyio
import pytest

from penstock._net.budget import ByteBudget, FairBudget, TokenBucket
from penstock._net.limits import Limits

pytestmark = pytest.mark.anyio
A, B = "http://a:80", "http://b:80"


class Gauge:
    """How many are inside at once, at most."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0

    async def __aenter__(self):
        self.now += 1
        self.most = max(self.most, self.now)

    async def __aexit__(self, *_):
        self.now -= 1


async def many(count, work):
    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(work, number)


async def test_slots_are_bounded_in_all_and_for_each_origin():
    limits = Limits(connections=5, per_host=3)
    everywhere, at_a = Gauge(), Gauge()

    async def work(number):
        origin = A if number % 2 else B
        async with limits.slot(origin), everywhere:
            if origin == A:
                async with at_a:
                    await anyio.sleep(0.001)
            else:
                await anyio.sleep(0.001)

    await many(40, work)
    assert everywhere.most == 5
    assert at_a.most <= 3
    assert limits.ceiling(A) == 3


async def test_etiquette_lowers_the_ceiling_but_never_raises_it():
    limits = Limits(per_host=8)
    limits.etiquette(A, 2)
    limits.etiquette(A, 100)
    gauge = Gauge()

    async def work(number):
        async with limits.slot(A), gauge:
            await anyio.sleep(0.001)

    await many(10, work)
    assert gauge.most == limits.ceiling(A) == 2
    assert limits.ceiling(B) == 8


async def test_asking_again_within_a_slot_does_not_lock_up():
    limits = Limits(connections=1, per_host=1)

    async def work(number):
        async with limits.slot(A), limits.slot(B), limits.slot(A):
            await anyio.sleep(0.001)

    with anyio.fail_after(2):
        await many(5, work)


async def test_a_cancelled_wait_takes_no_slot_along():
    limits = Limits(connections=1, per_host=1)
    async with limits.slot(A):
        for _ in range(3):
            with anyio.move_on_after(0.01):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_hold, limits, A)
                    tasks.start_soon(_hold, limits, B)
    with anyio.fail_after(1):
        async with limits.slot(A):
            pass


async def _hold(limits, origin):
    # A task of its own inherits the mark of the slot that its parent holds, so that is taken off first.
    limits._held.set(False)
    async with limits.slot(origin):
        await anyio.sleep(1)


async def test_a_pause_holds_everybody_and_a_longer_one_stands(clock):
    limits = Limits(clock=clock)
    limits.pause(A, 10)
    limits.pause(A, 5)
    assert limits.paused(A) == 10
    started = clock.now()
    entered = []

    async def work(number):
        async with limits.slot(A):
            entered.append(clock.now() - started)

    async with limits.slot(B):
        assert clock.now() == started
    await many(4, work)
    assert min(entered) >= 10


async def test_a_slower_origin_lets_fewer_in_at_once():
    limits = Limits(per_host=8)
    limits.slow_down(A)
    limits.slow_down(A)
    gauge = Gauge()

    async def work(number):
        async with limits.slot(A), gauge:
            await anyio.sleep(0.001)

    await many(16, work)
    assert gauge.most == 2
    for _ in range(10):
        limits.slow_down(A)
    assert limits.allowed(A) == 1
    limits.restore(A)
    assert limits.allowed(A) == 8


async def test_memory_is_granted_in_order_and_never_exceeded():
    budget = ByteBudget(100)
    order, held = [], []

    async def work(number):
        size = (number * 37) % 100 + 1
        async with budget.reserve(size):
            order.append(number)
            held.append(size)
            assert sum(held) <= 100
            await anyio.sleep(0.001)
            held.remove(size)

    await many(30, work)
    assert order == list(range(30))
    assert budget.free == 100


async def test_one_who_wants_more_than_all_gets_all_alone():
    budget = ByteBudget(10)
    async with budget.reserve(10**9):
        assert budget.free == 0
        with anyio.move_on_after(0.01) as scope:
            async with budget.reserve(1):
                pass
        assert scope.cancelled_caught
    assert budget.free == 10


async def test_a_cancelled_wait_gives_way_to_those_behind():
    budget = ByteBudget(10)
    got = anyio.Event()

    async def small():
        async with budget.reserve(2):
            got.set()

    async with budget.reserve(5), anyio.create_task_group() as tasks:
        with anyio.move_on_after(0.02):
            async with anyio.create_task_group() as inner:
                inner.start_soon(_reserve, budget, 9)
                await anyio.sleep(0.005)
                tasks.start_soon(small)
                await anyio.sleep(0.005)
                assert not got.is_set()
        with anyio.fail_after(1):
            await got.wait()
    assert budget.free == 10


async def _reserve(budget, size):
    async with budget.reserve(size):
        await anyio.sleep(1)


async def test_a_budget_may_shrink_below_what_is_out_and_grow_again():
    budget = FairBudget(3)
    for _ in range(3):
        await budget.acquire()
    budget.resize(1)
    budget.release()
    budget.release()
    with anyio.move_on_after(0.01) as scope:
        await budget.acquire()
    assert scope.cancelled_caught
    budget.resize(2)
    await budget.acquire()


async def test_bandwidth_flows_evenly(clock):
    bucket = TokenBucket(1000, burst=100, clock=clock)
    started = clock.now()
    for _ in range(50):
        await bucket.take(100)
    assert clock.now() - started == pytest.approx(4.9)


async def test_several_takers_share_the_flow(clock):
    bucket = TokenBucket(1000, burst=0, clock=clock)
    started = clock.now()

    async def work(number):
        for _ in range(10):
            await bucket.take(100)

    await many(3, work)
    assert clock.now() - started == pytest.approx(3.0)


async def test_an_idle_bucket_saves_no_more_than_its_burst(clock):
    bucket = TokenBucket(100, burst=50, clock=clock)
    clock.time += 1000
    started = clock.now()
    await bucket.take(150)
    assert clock.now() - started == pytest.approx(1.0)
