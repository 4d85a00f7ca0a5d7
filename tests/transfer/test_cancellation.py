"""A transfer that is cancelled, or killed, at any point leaves a folder that the next run finishes."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from tests.transfer.rig import PART, RigSource, item, listed, whole
from tests.transfer.test_engine import files

from penstock import Context, verify
from penstock.errors import NotFound
from penstock.transfer.journal import Journal
from penstock.transfer.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = [item("a", parts=3), item("deep/b", parts=1), item("c", parts=2, layout={"gaps": True}), item("none", parts=0)]
MOST_STEPS = 2000


class Stepped(Coroutine[Any, Any, Any]):
    """A coroutine that tells of each step that it takes."""

    def __init__(self, inner: Coroutine[Any, Any, Any], on_step: Callable[[], None]) -> None:
        self._inner = inner
        self._on_step = on_step

    def send(self, value: Any) -> Any:
        self._on_step()
        return self._inner.send(value)

    def throw(self, *error: Any) -> Any:
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Any:
        return self._inner.__await__()


def trouble(key: str, part: int, attempt: int) -> None:
    if key == "c" and part == 1:
        raise NotFound("no such part", status=404)


async def transfer(to: Path) -> None:
    async with (
        Context(connections=2) as context,
        Plan(RigSource(trouble), listed(*ITEMS), context=context, to=to, selection={}) as plan,
    ):
        async for _ in plan:
            break
        await plan.apply()


async def cancelled_after(steps: int, to: Path, *, natively: bool) -> bool:
    """Run a transfer, cancel it after so many steps of all its tasks, and tell whether that came to pass."""
    loop = asyncio.get_running_loop()
    left = steps

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            loop.call_soon(main.cancel if natively else scope.cancel)

    scope = anyio.CancelScope()

    async def run() -> None:
        with scope:
            await transfer(to)

    loop.set_task_factory(lambda loop, coro, **options: asyncio.Task(Stepped(coro, count), loop=loop, **options))
    main = asyncio.ensure_future(run())
    await asyncio.wait([main])
    loop.set_task_factory(None)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    if not main.cancelled():
        main.result()
    return left <= 0


def check(to: Path) -> None:
    """See that nothing half-written stands, and that the journal claims only what is on disk."""
    wanted = {f"{each.key}.bin": each for each in ITEMS}
    for name, content in files(to).items():
        assert len(content) == wanted[name].parts * PART
    if not (to / ".penstock/journal.sqlite3").exists():
        return
    with closing(Journal(to / ".penstock/journal.sqlite3")) as journal:
        for row in journal.placed():
            assert (to / row["path"]).stat().st_size == row["size"]


def finish(to: Path) -> None:
    """Run the transfer to its end, and look at everything."""
    asyncio.run(transfer(to))
    expected = {f"{each.key}.bin": whole(each) for each in ITEMS}
    expected["c.bin"] = expected["c.bin"][:PART] + b"-" * PART
    assert files(to) == expected
    assert asyncio.run(verified(to))
    assert not list((to / ".penstock/parts").iterdir())


async def verified(to: Path) -> bool:
    return (await verify(to)).intact


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def own_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("penstock")}


@pytest.mark.slow
@pytest.mark.parametrize("natively", [False, True], ids=["by scope", "natively"])
def test_cancelled_at_any_step_it_leaks_nothing_and_goes_on(tmp_path: Path, natively: bool) -> None:
    fds = open_files()
    for steps in range(1, MOST_STEPS, 3):
        to = tmp_path / str(steps)
        came_to_pass = asyncio.run(cancelled_after(steps, to, natively=natively))
        assert own_threads() == set()
        assert open_files() == fds
        check(to)
        if steps % 5 == 1:
            finish(to)
        if not came_to_pass:
            return
    raise AssertionError("a small transfer takes fewer steps")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_killed_at_any_step_of_the_recorder_it_goes_on(tmp_path: Path) -> None:
    for steps in range(1, MOST_STEPS, 5):
        to = tmp_path / str(steps)
        child = os.fork()
        if child == 0:
            die_at(steps)
            asyncio.run(transfer(to))
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        check(to)
        finish(to)
        if status == 0:
            assert steps > 20
            return
        assert status == 9


def die_at(steps: int) -> None:
    """Have the process end at the n-th thing that its recorder asks of the system."""
    import sqlite3
    import sys

    left = steps

    def watch(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        if threading.current_thread().name != "penstock-recorder":
            return
        if event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "open", "sqlite3.execute"}:
            left -= 1
            if left == 0:
                os._exit(9)

    sys.addaudithook(watch)
    real = sqlite3.connect

    def connect(*args: Any, **options: Any) -> Any:
        database = real(*args, **options)
        database.set_trace_callback(lambda statement: watch("sqlite3.execute", ()))
        return database

    sqlite3.connect = connect
