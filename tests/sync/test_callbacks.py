"""Where the functions run that users pass."""

from __future__ import annotations

import threading
from types import ModuleType

import pytest


def test_callbacks_run_in_the_calling_thread_in_order(twins: ModuleType) -> None:
    seen: list[tuple[threading.Thread, float]] = []

    twins.Gauge("bridge").wait(seconds=0, on_event=lambda event: seen.append((threading.current_thread(), event.level)))

    assert seen == [(threading.current_thread(), 1.0), (threading.current_thread(), 2.0)]


def test_a_callback_may_call_the_blocking_api(twins: ModuleType) -> None:
    gauge, other = twins.Gauge("bridge"), twins.Gauge("other")

    gauge.wait(seconds=0.05, on_event=lambda event: other.set_zero(event.level))

    assert other.zero == 2.0


def test_a_failing_callback_cancels_the_call_and_reaches_the_caller(twins: ModuleType) -> None:
    gauge = twins.Gauge("bridge")

    def fail(event: object) -> None:
        raise LookupError("the display is gone")

    with pytest.raises(LookupError, match="the display is gone"):
        gauge.wait(seconds=60, on_event=fail, cleanup=0.1)

    assert gauge.log == ["cleaned up"]


def test_no_callback_is_fine(twins: ModuleType) -> None:
    assert twins.Gauge("bridge").wait(seconds=0) == "waited"
