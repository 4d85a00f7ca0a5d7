"""The retry policy, against a clock that lets hours pass at once."""

from __future__ import annotations

import pickle
from contextlib import suppress
from itertools import pairwise

import anyio
import pytest

from penstock._net.limits import Limits
from penstock._net.retry import RetryPolicy, no_backoff
from penstock.errors import (
    ConnectionFailed,
    FormatError,
    LinkExpired,
    NotFound,
    PenstockError,
    RateLimited,
    ServerFailure,
)

pytestmark = pytest.mark.anyio
HOST = "https://api.example.org:443"


class Script:
    """Fails with each of the given errors in turn, then answers; notes when it was asked."""

    def __init__(self, clock, *errors: PenstockError) -> None:
        self.clock = clock
        self.errors = list(errors)
        self.asked: list[float] = []

    async def __call__(self) -> str:
        self.asked.append(self.clock.now())
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.fixture
def policy(clock) -> RetryPolicy:
    return RetryPolicy(clock=clock)


async def test_a_good_answer_is_asked_for_once(policy, clock):
    script = Script(clock)
    assert await policy.run(HOST, script) == "answer"
    assert len(script.asked) == 1


async def test_passing_failures_are_repeated_after_growing_random_pauses(policy, clock):
    script = Script(clock, *(ServerFailure("boom") for _ in range(4)))
    told = []
    assert await policy.run(HOST, script, on_retry=lambda *what: told.append(what)) == "answer"
    assert [attempt for attempt, _, _ in told] == [1, 2, 3, 4]
    for number, (_, delay, error) in enumerate(told):
        assert 0 <= delay <= 0.5 * 2**number
        assert isinstance(error, ServerFailure)
    pauses = [later - earlier for earlier, later in pairwise(script.asked)]
    assert pauses == pytest.approx([delay for _, delay, _ in told])


async def test_five_attempts_are_enough(policy, clock):
    script = Script(clock, *(ServerFailure(f"boom {number}") for number in range(9)))
    with pytest.raises(ServerFailure, match="boom 4") as caught:
        await policy.run(HOST, script)
    assert [attempt["message"] for attempt in caught.value.context["attempts"]] == [f"boom {n}" for n in range(4)]
    assert "5 attempts" in caught.value.__notes__[0]
    assert pickle.loads(pickle.dumps(caught.value)).context["attempts"]


async def test_a_clear_no_is_not_repeated(policy, clock):
    script = Script(clock, NotFound("nothing here"))
    with pytest.raises(NotFound):
        await policy.run(HOST, script)
    assert len(script.asked) == 1


@pytest.mark.parametrize(("kind", "attempts"), [("dns", 3), ("connect", 4), ("reset", 5)])
async def test_who_cannot_be_reached_is_tried_less_often(policy, clock, kind, attempts):
    script = Script(clock, *(ConnectionFailed("no", kind=kind) for _ in range(9)))
    with pytest.raises(ConnectionFailed):
        await policy.run(HOST, script)
    assert len(script.asked) == attempts


@pytest.mark.parametrize(
    ("error", "repeated"),
    [
        (ServerFailure("x"), False),
        (ConnectionFailed("x", kind="reset"), False),
        (ConnectionFailed("x", kind="connect"), True),
        (RateLimited("x"), True),
    ],
)
async def test_what_may_have_taken_effect_is_only_repeated_if_it_was_never_sent(policy, clock, error, repeated):
    script = Script(clock, error)
    if repeated:
        await policy.run(HOST, script, idempotent=False)
    else:
        with pytest.raises(type(error)):
            await policy.run(HOST, script, idempotent=False)


async def test_what_has_expired_is_renewed_once_and_at_once(policy, clock):
    script = Script(clock, LinkExpired("old"))
    assert await policy.run(HOST, script) == "answer"
    assert script.asked[0] == script.asked[1]
    with pytest.raises(LinkExpired):
        await policy.run(HOST, Script(clock, LinkExpired("old"), LinkExpired("still old")))


async def test_wrong_bytes_are_fetched_once_more(policy, clock):
    assert await policy.run(HOST, Script(clock, FormatError("bad"))) == "answer"
    with pytest.raises(FormatError):
        await policy.run(HOST, Script(clock, FormatError("bad"), FormatError("bad")))


async def test_a_throttle_holds_for_the_whole_host(policy, clock):
    limits = Limits(clock=clock)
    first_pause = 20.0
    script = Script(clock, RateLimited("slow down", retry_after=first_pause))
    others = []

    async def slotted():
        async with limits.slot(HOST):
            return await script()

    async def other():
        await clock.sleep(1)
        async with limits.slot(HOST):
            others.append(clock.now())

    started = clock.now()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(other)
        await policy.run(HOST, slotted, limits=limits)
    assert others[0] >= started + first_pause
    assert started + first_pause <= script.asked[1] <= started + 1.2 * first_pause + 0.1


async def test_throttles_are_waited_out_without_counting(policy, clock):
    script = Script(clock, *(RateLimited("slow", retry_after=30) for _ in range(60)))
    assert await policy.run(HOST, script, limits=Limits(clock=clock)) == "answer"


async def test_patience_ends_after_an_hour(policy, clock):
    script = Script(clock, *(RateLimited("slow", retry_after=30) for _ in range(10_000)))
    started = clock.now()
    with pytest.raises(RateLimited):
        await policy.run(HOST, script, limits=Limits(clock=clock))
    assert clock.now() - started <= policy.max_elapsed
    assert all(later - earlier > 29.999 for earlier, later in pairwise(script.asked))


async def test_a_pause_that_is_too_long_is_an_error(policy, clock):
    script = Script(clock, RateLimited("tomorrow", retry_after=86_400))
    with pytest.raises(RateLimited):
        await policy.run(HOST, script)
    assert len(script.asked) == 1


async def test_a_throttle_without_a_time_halves_the_slots(policy, clock):
    limits = Limits(per_host=8, clock=clock)
    assert await policy.run(HOST, Script(clock, RateLimited("slow")), limits=limits) == "answer"
    assert limits.allowed(HOST) == 4
    for _ in range(80):
        async with limits.slot(HOST):
            pass
    assert limits.allowed(HOST) == 8


async def test_retries_are_budgeted(policy, clock):
    for _ in range(100):
        await policy.run(HOST, Script(clock))
    retries = 0
    for _ in range(200):
        script = Script(clock, ServerFailure("flaky"))
        with suppress(ServerFailure):
            await policy.run(HOST, script)
        retries += len(script.asked) - 1
        await policy.run("https://other.example.org:443", Script(clock))
    assert retries <= 10 + 0.1 * 300


async def test_a_host_that_is_down_for_half_a_minute_costs_few_requests(policy, clock):
    limits = Limits(per_host=8, clock=clock)
    healthy_at = clock.now() + 30
    asked = []
    answered = []

    async def call():
        async with limits.slot(HOST):
            asked.append(clock.now())
            await clock.sleep(0.05)
            if clock.now() < healthy_at:
                raise ServerFailure("down")

    async def worker():
        for _ in range(25):
            await policy.run(HOST, call, limits=limits)
            answered.append(clock.now())

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(worker)
    assert len(answered) == 200
    assert len(asked) <= 1.2 * 200
    assert limits.allowed(HOST) == 8


async def test_a_host_that_stays_down_is_given_up(policy, clock):
    limits = Limits(per_host=8, clock=clock)

    async def call():
        async with limits.slot(HOST):
            raise ServerFailure("down")

    failed = []

    async def worker():
        for _ in range(5):
            with pytest.raises(ServerFailure):
                await policy.run(HOST, call, limits=limits)
            failed.append(clock.now())

    started = clock.now()
    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(worker)
    assert len(failed) == 40
    assert clock.now() - started < 3600


async def test_tests_need_not_wait():
    script_clock = type("Real", (), {"now": staticmethod(lambda: 0.0)})()
    with no_backoff():
        assert await RetryPolicy().run(HOST, Script(script_clock, *(ServerFailure("x") for _ in range(4)))) == "answer"
        with pytest.raises(RateLimited):
            await RetryPolicy().run(HOST, Script(script_clock, *(RateLimited("x", retry_after=60) for _ in range(9))))
