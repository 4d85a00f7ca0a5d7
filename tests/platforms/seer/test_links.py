"""Signed URLs: batched, kept, renewed."""

from __future__ import annotations

import base64
import json
import time

import anyio
import pytest

from penstock.errors import ServerFailure
from penstock.platforms.seer.links import Links, expiry

pytestmark = pytest.mark.anyio


class Signer:
    def __init__(self, life=None):
        self.asked = []
        self.life = life
        self.now = 1_000_000.0
        self.failing = False

    def clock(self):
        return self.now

    async def __call__(self, keys):
        self.asked.append(list(keys))
        await anyio.lowlevel.checkpoint()
        if self.failing:
            raise ServerFailure("down")
        query = "" if self.life is None else f"?Expires={self.now + self.life}"
        return {key: f"https://cdn/{key}/{len(self.asked)}{query}" for key in keys if key != "absent"}


async def test_tasks_that_miss_together_share_requests():
    signer = Signer()
    links = Links(signer, batch=500)
    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(links.get, f"s{number % 25}")
    assert len(signer.asked) <= 2
    assert sorted(key for keys in signer.asked for key in keys) == sorted(f"s{n}" for n in range(25))


async def test_batches_are_bounded():
    signer = Signer()
    links = Links(signer, batch=10)
    async with anyio.create_task_group() as group:
        for number in range(35):
            group.start_soon(links.get, f"s{number}")
    assert max(map(len, signer.asked)) == 10
    assert sum(map(len, signer.asked)) == 35


async def test_what_comes_next_is_signed_ahead():
    signer = Signer()
    links = Links(signer)
    links.expect(f"s{number}" for number in range(100))
    for number in range(100):
        await links.get(f"s{number}")
    assert [len(keys) for keys in signer.asked] == [32, 32, 32, 4]


async def test_a_link_is_kept_until_shortly_before_it_runs_out():
    signer = Signer(life=3600)
    links = Links(signer, clock=signer.clock)
    first = await links.get("s")
    signer.now += 3500
    assert await links.get("s") is first
    signer.now += 80
    assert await links.get("s") is not first
    assert len(signer.asked) == 2


async def test_an_expiry_in_the_past_of_our_clock_does_not_sign_for_ever():
    signer = Signer(life=-100)
    links = Links(signer, clock=signer.clock)
    assert await links.get("s") is await links.get("s")
    assert len(signer.asked) == 1


async def test_only_the_link_that_was_refused_is_dropped():
    signer = Signer()
    links = Links(signer)
    old = await links.get("s")
    links.drop("s", old)
    new = await links.get("s")
    links.drop("s", old)
    assert await links.get("s") is new


async def test_nothing_stored_is_remembered_too():
    signer = Signer()
    links = Links(signer)
    assert (await links.get("absent")).url is None
    await links.get("absent")
    assert len(signer.asked) == 1


async def test_a_failure_reaches_everyone_who_waited_for_it_and_is_not_kept():
    signer = Signer()
    signer.failing = True
    links = Links(signer)
    caught = []

    async def ask(key):
        try:
            await links.get(key)
        except ServerFailure as error:
            caught.append(error)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(ask, f"s{number}")
    assert len(caught) == 20
    assert len(signer.asked) <= 2
    signer.failing = False
    assert (await links.get("s1")).url


async def test_a_link_never_shows_its_signature():
    links = Links(Signer())
    assert "https" not in repr(await links.get("s"))


def policy(**condition):
    text = json.dumps({"Statement": [{"Resource": "https://cdn/*", "Condition": condition}]})
    return base64.b64encode(text.encode()).decode().translate(str.maketrans("+=/", "-_~"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://s3/x?X-Amz-Date=20200101T000000Z&X-Amz-Expires=900&X-Amz-Signature=ab", 1577837700.0),
        ("https://s3/x?Expires=1577837700&Signature=ab", 1577837700.0),
        (f"https://cdn/x?Policy={policy(DateLessThan={'AWS:EpochTime': 1577837700})}&Signature=a", 1577837700.0),
        (f"https://cdn/x?Policy={policy()}&Signature=a", None),
        ("https://cdn/x?Policy=blah&Key-Pair-Id=blah2", None),
        ("https://cdn/x?Expires=soon", None),
        ("https://cdn/x", None),
    ],
)
async def test_reads_when_a_url_runs_out(url, expected):
    assert expiry(url) == expected


async def test_the_clock_is_that_of_the_wall():
    signer = Signer()
    signer.now = time.time()
    links = Links(signer)
    assert abs((await links.get("s")).signed - time.time()) < 5
