"""Break a download off in the middle, and finish it.

    penstock sandbox run -- python examples/resume.py

Here a cancelled task stands for whatever happens to yours: Ctrl-C, a closed notebook, a power cut.
"""

from __future__ import annotations

import anyio

import penstock
from penstock.events import Event, ItemFinished, Subscriber


async def main() -> None:
    async with penstock.Context(connections=2) as context, penstock.Sds(context=context) as sds:
        with anyio.CancelScope() as attempt:
            await sds.download("/captures/westford", to="resumed", on_event=until_the_first_file(attempt))
        print("broken off:", attempt.cancelled_caught)

        async with await sds.plan("/captures/westford", to="resumed") as plan:
            actions = [operation.action async for operation in plan]
            print(f"to fetch: {actions.count('fetch') + actions.count('resume')}, there: {actions.count('unneeded')}")
            report = await plan.apply()
        report.raise_for_failures()
        print(f"fetched now: {report.done}, kept from before: {report.unneeded}")


def until_the_first_file(attempt: anyio.CancelScope) -> Subscriber:
    """Make a subscriber that cancels the attempt as soon as one file stands."""

    def watch(event: Event) -> None:
        if isinstance(event, ItemFinished):
            attempt.cancel()

    return watch


anyio.run(main)
