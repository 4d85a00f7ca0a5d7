"""Ctrl-C, as a user presses it: SIGINT to a process of its own."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable

Script = Callable[..., subprocess.Popen[str]]

CALL = """
    import time
    from fakestock.sync import Gauge

    gauge = Gauge("bridge")
    try:
        gauge.wait(cleanup={cleanup}, on_event=lambda event: event.level == 2.0 and print("ready"))
    except KeyboardInterrupt:
        print("interrupted", gauge.log)
    print(gauge.set_zero(1.0))
"""

ITERATION = """
    from fakestock.sync import Gauge

    gauge = Gauge("bridge")
    try:
        for reading in gauge.stream((0, 10**9)):
            if reading.level == 500:
                print("ready")
    except KeyboardInterrupt:
        print("interrupted")
    print(gauge.set_zero(1.0))
"""

WAITING = """
    import anyio
    from pathlib import Path
    from penstock.sync import _bridge

    async def source():
        try:
            yield 1
            await anyio.sleep(60)
        finally:
            Path("cleaned").touch()

    try:
        for item in _bridge.Bridged._wrap(object())._iterate(source):
            print("ready")
    except KeyboardInterrupt:
        print("interrupted", Path("cleaned").exists())
"""


def interrupted(process: subprocess.Popen[str], *, again_after: float | None = None) -> tuple[list[str], float]:
    """Press Ctrl-C once the script is ready; return what it prints then, and after how many seconds it is done."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    if again_after is not None:
        time.sleep(again_after)
        process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=40)
    assert (stderr, process.returncode) == ("", 0)
    return stdout.splitlines(), time.monotonic() - begin


def test_ctrl_c_waits_for_the_cleanup_and_leaves_everything_usable(script: Script) -> None:
    lines, seconds = interrupted(script(CALL.format(cleanup=0.5)))

    assert lines == ["interrupted ['cleaned up']", "0.0"]
    assert seconds < 5


def test_a_second_ctrl_c_does_not_wait(script: Script) -> None:
    lines, seconds = interrupted(script(CALL.format(cleanup=8.0)), again_after=0.5)

    assert lines == ["interrupted []", "0.0"]
    assert seconds < 6


def test_ctrl_c_in_a_loop_that_is_busy(script: Script) -> None:
    lines, seconds = interrupted(script(ITERATION))

    assert lines == ["interrupted", "0.0"]
    assert seconds < 5


def test_ctrl_c_while_a_loop_waits_for_its_source(script: Script) -> None:
    lines, seconds = interrupted(script(WAITING))

    assert lines == ["interrupted True"]
    assert seconds < 5


def test_ctrl_c_without_a_handler_ends_the_process(script: Script) -> None:
    process = script(
        """
        from fakestock.sync import Gauge
        Gauge("bridge").wait(on_event=lambda event: event.level == 2.0 and print("ready"))
        """
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)

    assert process.returncode == -signal.SIGINT
    assert stderr.rstrip().endswith("KeyboardInterrupt")
