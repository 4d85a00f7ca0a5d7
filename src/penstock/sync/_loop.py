"""One event loop for all blocking calls of the process, on a thread of its own.

The thread `penstock-io` starts with the first call, never at import. Whoever calls waits in its own thread, which also
runs the callbacks it passed: so rich, matplotlib and notebook widgets are safe, and a callback may call the blocking
API again. Ctrl-C cancels the coroutine, waits until its `finally` blocks have run, and only then reaches the caller; a
second Ctrl-C does not wait.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Generic, Literal, TypeVar, cast

import anyio
from anyio.from_thread import BlockingPortal

from penstock.errors import Closed, PenstockError, WrongLoop

T = TypeVar("T")

GRACE = 10.0
"""Seconds that cancelled work may take to clean up."""
SLICE = 1.0
"""Longest uninterruptible wait in seconds: on Windows no signal ends a wait for a lock."""
WAKE = object()
"""Left in the inbox of a job that is over."""


class Here:
    """A callback that must run in the thread of whoever made the call."""

    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function

    def reporting_to(self, inbox: SimpleQueue[Any]) -> Callable[..., None]:
        """Return what the coroutine may call instead: it leaves the call in the caller's inbox."""

        def leave(*args: Any, **kwargs: Any) -> None:
            inbox.put(partial(self.function, *args, **kwargs))

        return leave


def here(callback: Any) -> Any:
    """Mark a callback, if there is one, to be run in the caller's thread."""
    return None if callback is None else Here(callback)


class Request(Generic[T]):
    """A call that is to be made on the loop."""

    def __init__(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs

    def make(self, inbox: SimpleQueue[Any]) -> T:
        """Make it, marked callbacks reporting to the inbox."""

        def bound(value: Any) -> Any:
            return value.reporting_to(inbox) if isinstance(value, Here) else value

        return self.function(*map(bound, self.args), **{name: bound(value) for name, value in self.kwargs.items()})


class Loop:
    """The thread with the event loop, started on first use."""

    def __init__(self) -> None:
        self.fate: Literal["alive", "forked", "shut down"] = "alive"
        self.jobs: dict[Job[Any], None] = {}
        """What is under way, oldest first."""
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._portal: BlockingPortal | None = None
        self._asyncio: asyncio.AbstractEventLoop | None = None

    def portal(self) -> BlockingPortal:
        """Return the way into the loop, starting its thread if there is none."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="penstock-io", daemon=True)
                self._thread.start()
        while not self._ready.wait(SLICE):
            pass
        if self._portal is None:
            raise Closed("the event loop of penstock.sync could not be started")
        return self._portal

    def soon(self, function: Callable[[], object]) -> bool:
        """Have the loop call a function; never waits, so that finalisers may use it. False if the loop is gone."""
        if self._asyncio is None or self.fate == "forked":
            return False
        try:
            self._asyncio.call_soon_threadsafe(function)
        except RuntimeError:
            return False
        return True

    def refuse_own_thread(self) -> None:
        """Raise if the caller is the loop itself: waiting for oneself never ends."""
        if threading.current_thread() is self._thread:
            raise WrongLoop(
                "the blocking API was called from the thread of its own event loop",
                hint="Functions that return a value to penstock run there: let them only compute.",
            )

    def shut_down(self) -> None:
        """Cancel what runs, leave what is held open, newest first, and end the thread."""
        self.refuse_own_thread()
        if self._thread is None or self._portal is None:
            return
        running = [job for job in self.jobs if job.leave is None]
        for job in running:
            job.cancel()
        for job in running:
            if not job.forsaken:
                job.settle()
        for holding in [job for job in reversed(self.jobs) if job.leave is not None]:
            holding.end()
            holding.settle()
        self.fate = "shut down"
        self._portal.start_task_soon(self._portal.stop, True)
        self._thread.join(SLICE if any(job.forsaken for job in running) else GRACE)

    def _run(self) -> None:
        try:
            anyio.run(self._serve, backend="asyncio", backend_options={"loop_factory": _EventLoop})
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        async with BlockingPortal() as portal:
            self._asyncio = asyncio.get_running_loop()
            self._portal = portal
            self._ready.set()
            await portal.sleep_until_stopped()


class _EventLoop(asyncio.SelectorEventLoop):
    """An event loop that ends without starting a thread, which CPython 3.12 refuses once the interpreter is ending."""

    def __init__(self) -> None:
        super().__init__()
        self._executor = ThreadPoolExecutor(thread_name_prefix="penstock-loop")
        self.set_default_executor(self._executor)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002  # newer Pythons pass it
        """Wait for the executor's threads here; nothing else is left to run on this loop."""
        self._executor.shutdown()


class Job(Generic[T]):
    """One coroutine on the loop's thread, and the thread that waits for it."""

    def __init__(self, loop: Loop, function: Callable[[], Awaitable[T]], inbox: SimpleQueue[Any] | None = None) -> None:
        self.inbox: SimpleQueue[Any] = inbox or SimpleQueue()
        self.over = threading.Event()
        self.forsaken = False
        """Whether its caller did not even wait for it to clean up."""
        self.leave: anyio.Event | None = None
        """What a job waits for that holds something open."""
        self.loop = loop
        self._function = function
        self._unwanted = False
        self._scope: anyio.CancelScope | None = None
        self._error: BaseException | None = None
        self._value: T | None = None

    def start(self) -> None:
        """Hand the coroutine to the loop."""
        try:
            self.loop.refuse_own_thread()
            self.loop.portal().start_task_soon(self._main)
        except PenstockError:
            self.over.set()
            raise
        except RuntimeError as error:
            self.over.set()
            raise Closed("penstock.sync has been shut down") from error

    def outcome(self) -> T:
        """Start, wait until it is over, and return or raise what became of it."""
        try:
            self.start()
            self.wait()
        except BaseException:
            self.abandon()
            raise
        return self.result()

    def wait(self, sign: object = None) -> None:
        """Run callbacks in this thread until the coroutine gives the sign, or is over."""
        while not (self.over.is_set() and self.inbox.empty()):
            try:
                note = self.inbox.get(timeout=SLICE)
            except Empty:
                if self.loop.fate == "forked":
                    raise Closed("the process was forked during the call, and this is the child") from None
                continue
            if note is sign:
                return
            if note is not WAKE:
                note()

    def result(self) -> T:
        """Return the value of a finished job, or raise its error."""
        error, self._error = self._error, None
        if error is None:
            return cast("T", self._value)
        try:
            raise blocking(lone(error))
        finally:
            del error

    def cancel(self) -> None:
        """Ask the coroutine to end; never waits."""
        self._unwanted = True
        scope = self._scope
        if scope is not None:
            self.loop.soon(scope.cancel)

    def end(self) -> None:
        """Let it leave what it holds open, or else cancel it; never waits."""
        if self.leave is not None:
            self.loop.soon(self.leave.set)
        else:
            self.cancel()

    def abandon(self) -> None:
        """Cancel, and wait a bounded time until every `finally` has run."""
        if self.over.is_set() or self.loop.fate == "forked":
            return
        self.cancel()
        try:
            self.settle()
        except BaseException:
            self.forsaken = True
            raise

    def settle(self) -> None:
        """Wait a bounded time until every `finally` has run."""
        any(self.over.wait(SLICE) for _ in range(int(GRACE / SLICE)))

    async def _main(self) -> None:
        self.loop.jobs[self] = None
        try:
            with anyio.CancelScope() as scope:
                self._scope = scope
                if not self._unwanted:
                    self._value = await self._function()
            if scope.cancelled_caught:
                self._error = Closed("the call was cancelled: penstock.sync is shutting down")
        except asyncio.CancelledError:
            self._error = Closed("the call was cancelled: its event loop is ending")
            raise
        except BaseException as error:  # noqa: BLE001  # it belongs to the waiting thread, whatever it is
            self._error = error
        finally:
            self._scope = None
            self.loop.jobs.pop(self, None)
            self.over.set()
            self.inbox.put(WAKE)


def lone(error: BaseException) -> BaseException:
    """Take the only member out of exception groups that task groups put around it."""
    while isinstance(error, BaseExceptionGroup) and not isinstance(error, PenstockError) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def blocking(error: BaseException) -> BaseException:
    """Give a hint in the words of the blocking API."""
    if isinstance(error, PenstockError) and error.hint:
        error.hint = error.hint.replace("async with", "with").replace("await ", "")
    return error


def run(function: Callable[..., Awaitable[T]], /, *args: Any, **kwargs: Any) -> T:
    """Block the calling thread on a coroutine function that runs on the process loop."""
    request = Request(function, args, kwargs)
    job: Job[T] = Job(current(), lambda: request.make(job.inbox))
    return job.outcome()


_current = Loop()
_abandoned: list[Loop] = []
"""Loops whose thread stayed behind in the parent process: finalising them would call into it and hang."""


def current() -> Loop:
    """Return the loop of this process."""
    return _current


def shutdown() -> None:
    """Cancel every blocking call, close every client that is still open, end the thread.

    Happens by itself at the end of the process. Clients used before cannot be used again; new ones can be made.
    """
    global _current
    stale = _current
    stale.shut_down()
    _current = Loop()


def _forget() -> None:
    global _current
    _current.fate = "forked"
    _abandoned.append(_current)
    _current = Loop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

# Before non-daemon threads are joined and executors refuse work, which `atexit` would be too late for: pending
# `finally` blocks may need both. The function has been in CPython since 3.9 and its executors depend on it.
getattr(threading, "_register_atexit", atexit.register)(shutdown)
