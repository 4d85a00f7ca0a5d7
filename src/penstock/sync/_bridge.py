"""What every generated twin stands on: calling, lifting results, lowering arguments, entering and leaving.

A twin holds its asynchronous original and nothing else of weight. Results that are asynchronous objects themselves are
*lifted* to their twins, twins passed as arguments are *lowered* to their originals.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterable, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

import anyio

from penstock.errors import Closed, WrongLoop
from penstock.sync._loop import Job, Loop, Request, current, here, run, shutdown
from penstock.sync._stream import AsyncPager, Stream, SyncPager

__all__ = ["Bridged", "Stream", "SyncPager", "call", "here", "lift", "lower", "run", "shutdown"]

A = TypeVar("A")
P = ParamSpec("P")
T = TypeVar("T")

_TWINS: dict[type[Any], type[Bridged[Any]]] = {}
_ENTERED = object()


def call(function: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a coroutine function on the process loop and wait for it."""
    return run(function, *args, **kwargs)


def lift(value: Any) -> Any:
    """Replace asynchronous objects in a result, also within lists, tuples and dicts, by their twins."""
    for kind in type(value).__mro__:
        if kind in _TWINS:
            return _TWINS[kind]._wrap(value)
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(lift(item) for item in value)
    if isinstance(value, dict):
        return {key: lift(item) for key, item in value.items()}
    return value


def lower(value: Any) -> Any:
    """Replace twins in an argument, also within lists, tuples and dicts, by their originals."""
    if isinstance(value, Bridged):
        return value._unwrap()
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(lower(item) for item in value)
    if isinstance(value, dict):
        return {key: lower(item) for key, item in value.items()}
    return value


class Bridged(Generic[A]):
    """Base of all blocking twins."""

    _async: A
    _home: Loop | None
    _held: list[Held[Any]]
    _opening: AbstractContextManager[bool] | None
    """There until a client has been opened, which its first use does if no `with` did."""

    def __init_subclass__(cls, *, twin_of: type[Any] | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if twin_of is not None:
            _TWINS[twin_of] = cls

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} objects are not made by hand: a client returns them")

    @classmethod
    def _wrap(cls, original: A) -> Self:
        """Wrap an asynchronous object that exists already."""
        twin = cls.__new__(cls)
        twin._adopt(original, owned=False)
        return twin

    def _unwrap(self) -> A:
        """Return the asynchronous object behind this one, bound to the loop of penstock.sync."""
        self._ready()
        return self._async

    def __repr__(self) -> str:
        return repr(self._async)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._wrap, (self._async,)

    def _adopt(self, original: A, *, owned: bool = True) -> None:
        """Take an original; one that was made for this twin is opened and closed by it."""
        self._async = original
        self._home = None
        self._held = []
        self._opening = threading.Lock() if owned and hasattr(original, "__aenter__") else None

    def _call(self, method: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._ready()
        return run(method, *args, **kwargs)

    def _iterate(self, method: Callable[P, AsyncIterable[T]], /, *args: P.args, **kwargs: P.kwargs) -> Stream[Any]:
        self._ready()
        return Stream(Request(method, args, kwargs), lift)

    def _page(self, method: Callable[P, AsyncPager[T]], /, *args: P.args, **kwargs: P.kwargs) -> SyncPager[Any]:
        self._ready()
        return SyncPager(method(*args, **kwargs), lift)

    def _manage(
        self, method: Callable[P, AbstractAsyncContextManager[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> AbstractContextManager[Any]:
        self._ready()
        return Held(current(), Request(method, args, kwargs))

    @property
    def _any(self) -> Any:
        """The original, seen without types: no checker can pass the overloads of a method through `_call`."""
        return self._async

    def _enter(self) -> Any:
        self._stay_home()
        held: Held[Any] = Held(current(), Request(lambda: self._async, (), {}))
        value = held.__enter__()
        self._opening = None
        self._held.append(held)
        return value

    def _exit(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> bool | None:
        return self._held.pop().__exit__(kind, error, tb) if self._held else None

    def _close(self, method: Callable[[], Awaitable[None]]) -> None:
        if self._home is not None and self._home.fate == "shut down":
            return
        self._stay_home()
        self._opening = None
        run(method)
        while self._held:
            self._exit(None, None, None)

    def _ready(self) -> None:
        """Make sure that this can be used: it is open, and in the loop that it was opened in."""
        self._stay_home()
        opening = self._opening
        if opening is not None:
            with opening:
                if self._opening is not None:
                    self._enter()

    def _stay_home(self) -> None:
        """Note the loop at the first use, and refuse another one later: connections cannot follow."""
        home = current()
        if self._home is None:
            self._home = home
        if self._home is not home:
            self._refuse(self._home)

    def _refuse(self, home: Loop) -> None:
        name = type(self).__name__
        if home.fate == "forked":
            raise WrongLoop(f"this {name} was used before the process forked", hint="Make a new one in the child.")
        raise Closed(f"this {name} was used before penstock.sync.shutdown()", hint="Make a new one.")


class Held(AbstractContextManager[T]):
    """An async context manager that one task enters and leaves, while a thread works between."""

    def __init__(self, loop: Loop, request: Request[Any]) -> None:
        self._job: Job[bool | None] = Job(loop, self._hold)
        self._request = request
        self._raised: tuple[Any, Any, Any] = (None, None, None)
        self._value: Any = None

    def __enter__(self) -> T:
        try:
            self._job.start()
            self._job.wait(_ENTERED)
        except BaseException:
            self._job.abandon()
            raise
        if self._job.leave is None:
            self._job.result()
        value: T = lift(self._value)
        return value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> bool | None:
        self._raised = (kind, error, tb)
        self._job.end()
        try:
            self._job.wait()
        except BaseException:
            self._job.abandon()
            raise
        try:
            return self._job.result()
        except BaseException as left:
            if left is error:
                return False
            raise

    async def _hold(self) -> bool | None:
        manager = self._request.make(self._job.inbox)
        self._value = await manager.__aenter__()
        self._job.leave = anyio.Event()
        self._job.inbox.put(_ENTERED)
        try:
            await self._job.leave.wait()
        except BaseException as error:
            await manager.__aexit__(type(error), error, error.__traceback__)
            raise
        suppressed: bool | None = await manager.__aexit__(*self._raised)
        return suppressed
