"""What every generated twin stands on: calling, lifting results, lowering arguments, entering and leaving.

A twin holds its asynchronous original and nothing else of weight. Results that are asynchronous objects themselves are
*lifted* to their twins, twins passed as arguments are *lowered* to their originals.
"""

from __future__ import annotations

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
    _owned: bool
    _home: Loop | None
    _held: list[Held[Any]]

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
        self._settle_down()
        return self._async

    def __repr__(self) -> str:
        return repr(self._async)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self)._wrap, (self._async,)

    def _adopt(self, original: A, *, owned: bool = True) -> None:
        """Take an original; one that was made for this twin is closed with it, or at exit."""
        self._async = original
        self._owned = owned and hasattr(original, "aclose")
        self._home = None
        self._held = []

    def _call(self, method: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._settle_down()
        return run(method, *args, **kwargs)

    def _iterate(self, method: Callable[P, AsyncIterable[T]], /, *args: P.args, **kwargs: P.kwargs) -> Stream[Any]:
        self._settle_down()
        return Stream(Request(method, args, kwargs), lift)

    def _page(self, method: Callable[P, AsyncPager[T]], /, *args: P.args, **kwargs: P.kwargs) -> SyncPager[Any]:
        self._settle_down()
        return SyncPager(method(*args, **kwargs), lift)

    def _manage(
        self, method: Callable[P, AbstractAsyncContextManager[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> AbstractContextManager[Any]:
        self._settle_down()
        return Held(current(), Request(method, args, kwargs))

    @property
    def _any(self) -> Any:
        """The original, seen without types: no checker can pass the overloads of a method through `_call`."""
        return self._async

    def _enter(self) -> Any:
        self._settle_down()
        held: Held[Any] = Held(current(), Request(lambda: self._async, (), {}))
        value = held.__enter__()
        self._held.append(held)
        return value

    def _exit(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> bool | None:
        current().open.pop(id(self._async), None)
        return self._held.pop().__exit__(kind, error, tb)

    def _close(self, method: Callable[[], Awaitable[None]]) -> None:
        if self._home is not None and self._home.fate == "shut down":
            return
        self._call(method)
        current().open.pop(id(self._async), None)

    def _settle_down(self) -> None:
        """Note the loop at the first use, and refuse another one later: connections cannot follow."""
        home = current()
        if self._home is home:
            return
        if self._home is not None:
            self._refuse(self._home)
        self._home = home
        if self._owned:
            home.open[id(self._async)] = self._async

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
        self._leave: anyio.Event | None = None
        self._value: Any = None

    def __enter__(self) -> T:
        try:
            self._job.start()
            self._job.wait(_ENTERED)
        except BaseException:
            self._job.abandon()
            raise
        if self._leave is None:
            self._job.result()
        value: T = lift(self._value)
        return value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> bool | None:
        self._raised = (kind, error, tb)
        if self._leave is not None:
            self._job.loop.soon(self._leave.set)
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
        self._leave = anyio.Event()
        self._job.inbox.put(_ENTERED)
        try:
            await self._leave.wait()
        except BaseException as error:
            await manager.__aexit__(type(error), error, error.__traceback__)
            raise
        suppressed: bool | None = await manager.__aexit__(*self._raised)
        return suppressed
