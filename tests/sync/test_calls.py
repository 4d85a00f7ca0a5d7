"""Calls, results and arguments across the bridge."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from types import ModuleType

import pytest

from penstock.errors import Closed, WrongLoop
from penstock.sync import _bridge
from penstock.sync._loop import current


def test_a_coroutine_method_returns_its_value(twins: ModuleType) -> None:
    with twins.River() as river:
        assert river.gauge("bridge").set_zero(2.0) == 0.0


def test_a_returned_asynchronous_object_is_lifted_to_its_twin(twins: ModuleType) -> None:
    with twins.River() as river:
        assert type(river.gauge("bridge")) is twins.Gauge


def test_nothing_stays_nothing(twins: ModuleType) -> None:
    with twins.River() as river:
        assert river.find("nowhere") is None
        assert type(river.find("bridge")) is twins.Gauge


def test_objects_in_dicts_of_lists_are_lifted(twins: ModuleType) -> None:
    with twins.River() as river:
        found = river.by_name("a", "b")

    assert {name: [gauge.place for gauge in gauges] for name, gauges in found.items()} == {"a": ["a"], "b": ["b"]}
    assert {type(gauge) for gauges in found.values() for gauge in gauges} == {twins.Gauge}


def test_twins_passed_as_arguments_are_lowered(twins: ModuleType) -> None:
    with twins.River() as river:
        a, b, c = (river.gauge(place) for place in "aba")

        assert river.compare(a, [b, c]) == [False, True]


def test_a_context_is_shared_by_passing_its_twin(twins: ModuleType) -> None:
    with twins.Context(connections=7) as context, twins.River(context=context) as river:
        assert river.context.connections == 7
        assert twins.survey(context, "elbe", depth=2) == {"elbe": 14}


def test_overloads_give_what_they_promise(twins: ModuleType) -> None:
    gauge = twins.Gauge("bridge")

    assert gauge.read().level == 0.0
    assert [reading.level for reading in gauge.read((1, 3))] == [1.0, 2.0]


def test_properties_fields_and_constants_are_those_of_the_original(twins: ModuleType) -> None:
    gauge = twins.Gauge("bridge")

    assert (gauge.place, gauge.zero, gauge.unit, gauge.log) == ("bridge", 0.0, "m", [])
    assert gauge.describe() == "bridge in ."


def test_class_and_static_methods_have_twins(twins: ModuleType) -> None:
    river = twins.River.discover("river://elbe")

    assert type(river) is twins.River
    assert (river.url, twins.River.scheme(), twins.River.name) == ("river://elbe", "river", "river")


def test_twins_compare_and_hash_as_their_originals(twins: ModuleType) -> None:
    assert twins.Gauge("a") == twins.Gauge("a") != twins.Gauge("b")
    assert len({twins.Gauge("a"), twins.Gauge("a")}) == 1


def test_a_twin_shows_itself_as_its_original(twins: ModuleType) -> None:
    assert repr(twins.River()) == "<River>"


@pytest.mark.parametrize("grouped", [0, 1, 3])
def test_a_lone_error_is_taken_out_of_its_groups(twins: ModuleType, grouped: int) -> None:
    with twins.River() as river, pytest.raises(KeyError, match="gone"):
        river.fail(grouped=grouped)


def test_wrong_arguments_are_a_type_error(twins: ModuleType) -> None:
    with twins.River() as river, pytest.raises(TypeError):
        river.gauge()


def test_an_async_context_manager_is_entered_and_left(twins: ModuleType) -> None:
    gauge = twins.Gauge("bridge")

    with gauge.lowered(2.0) as lowered:
        assert type(lowered) is twins.Gauge
        assert gauge.zero == -2.0
    assert gauge.zero == 0.0


@pytest.mark.parametrize("error", [ValueError("in the block"), StopIteration("too"), KeyboardInterrupt()])
def test_an_error_in_the_block_reaches_the_manager_and_the_caller(twins: ModuleType, error: BaseException) -> None:
    gauge = twins.Gauge("bridge")

    with pytest.raises(type(error)) as caught, gauge.lowered(2.0):
        raise error

    assert caught.value is error
    assert gauge.zero == 0.0


def test_an_error_on_entering_reaches_the_caller(twins: ModuleType) -> None:
    with pytest.raises(ValueError, match="cannot be lowered"), twins.Gauge("bridge").lowered(1.0, fail=True):
        raise AssertionError("the block must not run")


def test_a_client_closes_at_the_end_of_its_block(twins: ModuleType) -> None:
    with twins.River() as river:
        context = river.context
        assert not context.closed

    assert context.closed


def test_close_does_what_aclose_does(twins: ModuleType) -> None:
    river = twins.River()

    river.close()
    river.close()

    assert river.context.closed


def test_the_first_use_opens_a_client_that_stays_open_until_it_is_closed(twins: ModuleType) -> None:
    before = set(current().jobs)
    river = twins.River()
    river.gauge("bridge")
    assert len(set(current().jobs) - before) == 1

    river.close()

    assert set(current().jobs) == before


def test_threads_that_use_a_client_first_open_it_once(twins: ModuleType) -> None:
    before = set(current().jobs)
    river = twins.River()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(river.gauge, "abcdefgh"))

    assert len(set(current().jobs) - before) == 1
    river.close()


def test_a_client_that_was_closed_is_not_opened_again(twins: ModuleType) -> None:
    before = set(current().jobs)
    with twins.River() as river:
        pass

    river.gauge("bridge")

    assert set(current().jobs) == before


def test_closing_within_the_block_is_fine(twins: ModuleType) -> None:
    with twins.River() as river:
        river.close()

    assert river.context.closed


def test_context_variables_of_the_caller_are_those_of_the_coroutine() -> None:
    request: ContextVar[str] = ContextVar("request")

    async def seen() -> str:
        return request.get()

    token = request.set("from the caller")
    try:
        assert _bridge.run(seen) == "from the caller"
    finally:
        request.reset(token)


def test_hints_speak_of_blocking_code(twins: ModuleType) -> None:
    async def fail() -> None:
        raise Closed("not open", hint="Use it inside `async with River() as river:`, then `await river.gauge(…)`.")

    with pytest.raises(Closed) as caught:
        _bridge.run(fail)

    assert caught.value.hint == "Use it inside `with River() as river:`, then `river.gauge(…)`."


def test_objects_that_clients_return_cannot_be_made_by_hand() -> None:
    class Twin(_bridge.Bridged[int], twin_of=complex):
        pass

    with pytest.raises(TypeError, match="a client returns them"):
        Twin()


def test_a_pickled_twin_is_made_of_the_pickled_original(twins: ModuleType) -> None:
    copy = pickle.loads(pickle.dumps(twins.Gauge("bridge")))

    assert type(copy) is twins.Gauge
    assert copy.place == "bridge"


def test_use_after_shutdown_is_refused_and_new_clients_work(twins: ModuleType) -> None:
    river = twins.River()
    river.gauge("bridge")

    twins.shutdown()

    with pytest.raises(Closed, match="shutdown"):
        river.gauge("bridge")
    river.close()
    assert twins.River().gauge("bridge").place == "bridge"


def test_shutdown_closes_what_is_open_and_ends_the_thread(twins: ModuleType) -> None:
    river = twins.River()
    river.gauge("bridge")

    twins.shutdown()

    assert river._async.context.closed
    assert "penstock-io" not in {thread.name for thread in threading.enumerate()}


def test_shutdown_twice_or_before_use_does_nothing(twins: ModuleType) -> None:
    twins.shutdown()
    twins.shutdown()


def test_a_call_from_the_loop_thread_is_refused_with_a_hint(twins: ModuleType) -> None:
    gauge = twins.Gauge("bridge")

    with pytest.raises(WrongLoop, match="own event loop") as caught:
        gauge.pick(lambda reading: gauge.set_zero(1.0))

    assert caught.value.hint is not None


def test_a_function_that_answers_is_asked_by_the_loop(twins: ModuleType) -> None:
    picked = twins.Gauge("bridge").pick(lambda reading: reading.level > 1.0)

    assert [reading.level for reading in picked] == [2.0, 3.0]
