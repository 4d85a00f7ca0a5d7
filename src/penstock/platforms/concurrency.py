"""Doing several things at once, and failing as if they had been done one by one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio

from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

T = TypeVar("T")


async def each(things: Iterable[T], work: Callable[[T], Awaitable[None]], *, at_most: int) -> None:
    """Work through things, several at once, taking the next only when somebody is free.

    Args:
        things: May be endless in all but name: nothing is kept of it.
        work: Done to each.
        at_most: How many at once.

    Raises:
        PenstockError: The first failure, as it is; what else was under way is cancelled.
    """
    queue = iter(things)
    failures: list[PenstockError] = []

    async def worker() -> None:
        try:
            for thing in queue:
                await work(thing)
        except PenstockError as error:
            failures.append(error)
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for _ in range(at_most):
            tasks.start_soon(worker)
    if failures:
        raise failures[0]


async def together(*calls: Callable[[], Awaitable[T]]) -> list[T]:
    """Make several calls at once and return their results in order.

    Raises:
        PenstockError: The first failure, as it is; the other calls are cancelled.
    """
    results: dict[int, T] = {}

    async def make(number: int, call: Callable[[], Awaitable[T]]) -> None:
        results[number] = await call()

    await each((partial(make, *numbered) for numbered in enumerate(calls)), _call, at_most=len(calls))
    return [results[number] for number in range(len(calls))]


async def _call(make: Callable[[], Awaitable[None]]) -> None:
    await make()
