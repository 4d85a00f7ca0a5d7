"""Signed URLs: fetched just in time, kept while they last, renewed before or when they are refused."""

from __future__ import annotations

import base64
import binascii
import calendar
import copy
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

import anyio

from penstock.errors import PenstockError

Key = TypeVar("Key", bound=Hashable)

_KEPT = 4096
_AHEAD = 31
_MARGIN = 30.0
_SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """A signed URL, or None where the service has nothing stored; `expires` in seconds since 1970, when it says so."""

    url: str | None = field(repr=False)
    signed: float
    expires: float | None = None

    def stale(self, now: float) -> bool:
        """Tell whether the link has run out, or is about to."""
        if self.expires is None or self.expires <= self.signed:
            return False  # no word, or a clock that cannot be compared with ours: the service will tell
        return now >= self.expires - min(_MARGIN, (self.expires - self.signed) * _SHARE)


class Links(Generic[Key]):
    """Links by key. Tasks that miss at the same time share one request of at most `batch` keys.

    Args:
        sign: Fetches URLs; keys it leaves out count as having nothing stored.
        batch: Most keys in one request.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        sign: Callable[[Sequence[Key]], Awaitable[Mapping[Key, str | None]]],
        *,
        batch: int = 500,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sign = sign
        self._batch = batch
        self._clock = clock
        self._kept: OrderedDict[Key, Link] = OrderedDict()
        self._wanted: dict[Key, None] = {}
        self._failed: dict[Key, PenstockError] = {}
        self._next: dict[Key, Key] = {}
        self._signing = anyio.Lock()

    async def get(self, key: Key) -> Link:
        """Return a link that is good now."""
        while (link := self._fresh(key)) is None:
            self._wanted[key] = None
            async with self._signing:
                if key in self._wanted:  # no other task asked on our behalf meanwhile
                    return await self._sign_wanted(key)
                if (error := self._failed.pop(key, None)) is not None:
                    raise copy.copy(error) from error
        return link

    def expect(self, keys: Iterable[Key]) -> None:
        """Note in which order keys will be wanted, so that each request signs some ahead."""
        self._next.update(pairwise(keys))

    def drop(self, key: Key, link: Link) -> None:
        """Forget a link that was refused, unless another task renewed it meanwhile."""
        if self._kept.get(key) is link:
            del self._kept[key]

    def _fresh(self, key: Key) -> Link | None:
        link = self._kept.get(key)
        return None if link is None or link.stale(self._clock()) else link

    async def _sign_wanted(self, first: Key) -> Link:
        keys = self._worth_asking(first)
        now = self._clock()
        for key in keys:
            self._failed.pop(key, None)
        try:
            urls = await self._sign(keys)
        except PenstockError as error:
            self._failed.update((key, error) for key in keys[1:] if key in self._wanted)
            raise
        finally:
            for key in keys:
                self._wanted.pop(key, None)
        for key in reversed(keys):
            self._keep(key, _link(urls.get(key), now))
        return self._kept[first]

    def _worth_asking(self, first: Key) -> list[Key]:
        """Return what to sign together with a key: what others wait for, and what will be wanted next."""
        keys = dict.fromkeys([first, *self._wanted])
        following = self._next.get(first)
        for _ in range(_AHEAD):
            if following is None:
                break
            if self._fresh(following) is None:
                keys[following] = None
            following = self._next.get(following)
        return list(keys)[: self._batch]

    def _keep(self, key: Key, link: Link) -> None:
        self._kept.pop(key, None)
        self._kept[key] = link
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def _link(url: str | None, now: float) -> Link:
    return Link(url, now, expiry(url) if url else None)


def expiry(url: str) -> float | None:
    """Read from a signed URL when it runs out, in seconds since 1970; None when it does not say.

    Object stores write `X-Amz-Date` and `X-Amz-Expires`, or `Expires`; the CDN hides the time in its `Policy`.
    """
    query = {name.lower(): values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
    try:
        if "x-amz-date" in query and "x-amz-expires" in query:
            signed = calendar.timegm(time.strptime(query["x-amz-date"], "%Y%m%dT%H%M%SZ"))
            return signed + float(query["x-amz-expires"])
        if "expires" in query:
            return float(query["expires"])
        return _policy_expiry(query["policy"]) if "policy" in query else None
    except (ValueError, LookupError, TypeError):
        return None


def _policy_expiry(policy: str) -> float:
    """Decode the CDN's policy: base64 in which `+ = /` are spelt `- _ ~`."""
    try:
        decoded = base64.b64decode(policy.translate(str.maketrans("-_~", "+=/")), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    document: Any = json.loads(decoded)
    return float(document["Statement"][0]["Condition"]["DateLessThan"]["AWS:EpochTime"])
