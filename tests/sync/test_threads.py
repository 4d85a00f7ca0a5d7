"""Many threads, forked processes, and the end of the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

FORK = """
    import multiprocessing, warnings
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    from fakestock.sync import River, Gauge
    from penstock.errors import WrongLoop

    def fresh(_):
        with River() as river:
            return river.gauge("child").place

    def inherited(_):
        try:
            return river.gauge("child").place
        except WrongLoop as error:
            return error.hint

    river = River()
    if __name__ == "__main__":
        if {used}:
            river.gauge("parent")
        with multiprocessing.get_context({method!r}).Pool(1) as pool:
            print(pool.map_async(fresh, [0]).get(20))
            print(pool.map_async(inherited, [0]).get(20))
        print(river.gauge("parent").place)
"""


def test_thirty_two_threads_share_one_client(twins: ModuleType) -> None:
    with twins.River() as river, ThreadPoolExecutor(32) as pool:

        def work(number: int) -> tuple[str, int]:
            return river.gauge(str(number)).place, sum(river.numbers(100))

        assert list(pool.map(work, range(320))) == [(str(number), 4950) for number in range(320)]


def test_fork_before_first_use(output: Callable[..., list[str]]) -> None:
    lines = output(FORK.format(used=False, method="fork"))

    assert lines == ["['child']", "['child']", "parent"]


def test_fork_after_first_use(output: Callable[..., list[str]]) -> None:
    lines = output(FORK.format(used=True, method="fork"))

    assert lines == ["['child']", "['Make a new one in the child.']", "parent"]


def test_forkserver(output: Callable[..., list[str]]) -> None:
    lines = output(FORK.format(used=True, method="forkserver"))

    assert lines == ["['child']", "['child']", "parent"]


def test_a_fork_within_a_callback_ends_the_call_in_the_child(output: Callable[..., list[str]]) -> None:
    lines = output(
        """
        import os, sys, warnings
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        from fakestock.sync import Gauge
        from penstock.errors import Closed

        parent = os.getpid()

        def fork(event):
            if event.level == 1.0 and os.fork():
                os.wait()

        try:
            print("parent:", Gauge("bridge").wait(seconds=0.1, on_event=fork))
        except Closed as error:
            print("child:", error, flush=True)
            os._exit(0)
        """
    )

    assert lines == ["child: the process was forked during the call, and this is the child", "parent: waited"]


def test_a_pending_call_cleans_up_at_exit(output: Callable[..., list[str]]) -> None:
    lines = output(
        """
        import atexit, threading
        from fakestock.sync import Gauge

        started = threading.Event()
        gauge = Gauge("bridge")
        threading.excepthook = lambda args: None
        atexit.register(lambda: print(gauge.log))
        call = lambda: gauge.wait(cleanup=0.3, on_event=lambda event: started.set())
        threading.Thread(target=call, daemon=True).start()
        started.wait()
        """
    )

    assert lines == ["['cleaned up']"]


def test_a_pending_iteration_cleans_up_at_exit(output: Callable[..., list[str]]) -> None:
    lines = output(
        """
        import atexit
        from pathlib import Path
        from penstock.sync import _bridge

        atexit.register(lambda: print("left behind:", Path("half.part").exists()))

        async def source():
            Path("half.part").write_text("half")
            try:
                while True:
                    yield 1
            finally:
                Path("half.part").unlink()

        stream = _bridge.Bridged._wrap(object())._iterate(source)
        print(next(stream), Path("half.part").exists())
        """
    )

    assert lines == ["1 True", "left behind: False"]


def test_forgotten_clients_are_closed_at_exit_and_the_exit_code_is_kept(script: Callable[..., Any]) -> None:
    process = script(
        """
        import atexit, sys
        from fakestock.sync import River

        river = River()
        context = river.context
        atexit.register(lambda: print(context.closed))
        river.gauge("bridge")
        sys.exit(3)
        """,
        "-X",
        "dev",
    )

    assert process.communicate(timeout=20) == ("True\n", "")
    assert process.returncode == 3
