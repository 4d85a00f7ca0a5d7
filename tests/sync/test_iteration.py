"""Blocking iterators over async ones: in full, left early, failing."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from types import ModuleType

import pytest

from penstock.errors import Closed
from penstock.sync._loop import current


def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait for what another thread does soon."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        pause.wait(0.01)
    return condition()


def test_every_item_arrives_in_order(twins: ModuleType) -> None:
    with twins.River() as river:
        assert list(river.numbers(200)) == list(range(200))


def test_ten_thousand_items_take_seconds_at_most(twins: ModuleType) -> None:
    begin = time.monotonic()

    assert sum(twins.River().numbers(10_000)) == 49_995_000

    assert time.monotonic() - begin < 10


def test_a_source_that_holds_a_task_group_can_be_iterated(twins: ModuleType) -> None:
    levels = [reading.level for reading in twins.Gauge("bridge").stream((0, 100))]

    assert levels == [float(i) for i in range(100)]


def test_a_source_that_holds_a_task_group_can_be_left(twins: ModuleType) -> None:
    before = len(current().jobs)
    for reading in twins.Gauge("bridge").stream((0, 1_000_000)):
        if reading.level == 3:
            break

    gc.collect()

    assert until(lambda: len(current().jobs) == before)


def test_an_error_in_the_source_comes_after_the_items_before_it(twins: ModuleType) -> None:
    numbers = twins.River().numbers(10, fail_at=5)

    assert [next(numbers) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="number 5 failed"):
        next(numbers)


def test_an_error_in_the_task_group_of_a_source_comes_alone(twins: ModuleType) -> None:
    with pytest.raises(ValueError, match="reading 5 failed"):
        list(twins.Gauge("bridge").stream(fail_at=5))


def test_an_error_in_the_loop_ends_the_source(twins: ModuleType) -> None:
    river = twins.River.discover("river://")
    before = len(current().jobs)

    with pytest.raises(KeyError):
        for number in river.numbers(1_000_000):
            raise KeyError(number)

    gc.collect()
    assert until(lambda: len(current().jobs) == before)


def test_with_waits_until_the_source_has_ended(twins: ModuleType) -> None:
    river = twins.River.discover("river://")
    before = len(current().jobs)

    with river.numbers(1_000_000) as numbers:
        assert next(numbers) == 0

    assert len(current().jobs) == before
    assert list(numbers) == []


def test_an_iterator_that_was_never_advanced_starts_nothing(twins: ModuleType) -> None:
    river = twins.River.discover("river://")
    before = len(current().jobs)

    numbers = river.numbers(5)

    assert len(current().jobs) == before
    numbers.close()


def test_an_exhausted_iterator_stays_exhausted(twins: ModuleType) -> None:
    numbers = twins.River().numbers(2)

    assert list(numbers) == [0, 1]
    assert list(numbers) == []


def test_batches_have_the_length_asked_for(twins: ModuleType) -> None:
    assert list(twins.River().numbers(7).batches(3)) == [[0, 1, 2], [3, 4, 5], [6]]


def test_the_source_is_not_far_ahead_of_its_reader(twins: ModuleType) -> None:
    events: list[float] = []
    with twins.River().numbers(1_000_000) as numbers:
        next(numbers)
        pause = threading.Event()
        pause.wait(0.1)
        events.append(next(numbers))

    assert events == [1]


def test_callbacks_of_an_iteration_run_here(twins: ModuleType) -> None:
    threads = set()

    assert list(twins.Gauge("bridge").watch(on_event=lambda _: threads.add(threading.current_thread()))) == [0, 1, 2]

    assert threads == {threading.current_thread()}


def test_a_pager_yields_lifted_items(twins: ModuleType) -> None:
    gauges = list(twins.River().gauges())

    assert [gauge.place for gauge in gauges] == list("0123456")
    assert {type(gauge) for gauge in gauges} == {twins.Gauge}


def test_a_pager_can_be_iterated_again(twins: ModuleType) -> None:
    gauges = twins.River().gauges()

    assert len(list(gauges)) == len(list(gauges)) == 7


def test_the_first_page_costs_one_request(twins: ModuleType) -> None:
    gauges = twins.River().gauges()

    assert [gauge.place for gauge in gauges.first()] == ["0", "1", "2"]
    assert gauges._pager.asked == 1


def test_pages_batches_and_collect(twins: ModuleType) -> None:
    gauges = twins.River().gauges()

    assert [len(page) for page in gauges.pages()] == [3, 3, 1]
    assert [len(batch) for batch in gauges.batches(4)] == [4, 3]
    assert [gauge.place for gauge in gauges.collect(2)] == ["0", "1"]
    assert type(gauges.collect()[0]) is twins.Gauge


def test_a_pager_with_wrong_arguments_fails_where_it_is_made(twins: ModuleType) -> None:
    with pytest.raises(ValueError, match="negative"):
        twins.River().gauges(count=-1)


def test_an_iterator_does_not_outlive_its_loop(twins: ModuleType) -> None:
    numbers = twins.River().numbers(1000)
    next(numbers)

    twins.shutdown()

    with pytest.raises(Closed):
        list(numbers)
