"""What editors and type checkers see of the blocking twins; checked by `nox -s types`, never run."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import penstock.sync as penstock
from penstock.events import Event
from penstock.platforms.seer.blocks import Block
from penstock.sync import Boss, Context, Plan, Report, Sds, Seer, Stream, SyncPager
from penstock.sync._generated_boss import Channel
from penstock.sync._generated_seer import Study
from penstock.transfer.admission import Operation
from penstock.transfer.verify import Verification


def observe(event: Event) -> None:
    """Take an event."""


def volumes() -> None:
    """Boss: lifted objects, arrays, reports."""
    with penstock.Boss(url="http://localhost") as boss:
        assert_type(boss, Boss)
        assert_type(boss.collections(), SyncPager[str])
        channel = boss.channel("a/b/c")
        assert_type(channel, Channel)
        assert_type(channel.path, str)
        assert_type(channel.read(x=(0, 1), y=(0, 1), z=(0, 1)), NDArray[np.unsignedinteger[Any]])
        assert_type(channel.download(to="stack", on_event=observe), Report)
        plan = channel.plan(to="stack")
        assert_type(plan, Plan)
        for operation in plan:
            assert_type(operation, Operation)


def studies() -> None:
    """Seer and Sds: a shared context, listings, streams."""
    with Context(memory="1GiB") as context, Seer(context=context) as seer, Sds(context=context) as sds:
        assert_type(seer, Seer)
        assert_type(sds, Sds)
        for study in seer.studies(search="epilepsy"):
            assert_type(study, Study)
        assert_type(seer.studies().first(), list[Study])
        assert_type(seer.studies().collect(3), list[Study])
        for page in seer.studies().pages():
            assert_type(page, list[Study])
        with seer.stream("id") as blocks:
            assert_type(blocks, Stream[Block])
            assert_type(next(blocks), Block)
        assert_type(seer.plan("id", to="data").apply(on_event=observe), Report)
    assert_type(penstock.verify("data"), Verification)
    assert_type(penstock.shutdown(), None)
