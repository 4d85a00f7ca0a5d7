"""The raw sink: bytes as stored, hashed once, whatever order of runs they come in."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import ChecksumMismatch, DiskFull, Truncated
from penstock.formats import sink
from penstock.types import Digest, Item

BODY = bytes(range(256)) * 20
SIZE = len(BODY)


def digest_of(data, algorithm="blake3"):
    if algorithm == "blake3":
        return Digest("blake3", blake3(data).hexdigest())
    if algorithm == "crc32":
        return Digest("crc32", f"{zlib.crc32(data):08x}")
    return Digest(algorithm, hashlib.new(algorithm, data).hexdigest())


def item_of(size=SIZE, digest=None):
    return Item("key", "captures/file.h5", "identity", "raw", size=size, digest=digest)


def write(target, start=0, stop=SIZE, step=700):
    for at in range(start, stop, step):
        target.write(0, at, memoryview(BODY)[at : min(at + step, stop)])


@pytest.mark.parametrize(
    ("size", "digest", "level"),
    [
        (len(BODY), digest_of(BODY), "strong"),
        (len(BODY), digest_of(BODY, "sha256"), "strong"),
        (len(BODY), digest_of(BODY, "md5"), "strong"),
        (len(BODY), digest_of(BODY, "crc32"), "weak"),
        (len(BODY), Digest("crc64nvme", "0"), "size"),
        (len(BODY), None, "size"),
        (None, digest_of(BODY), "strong"),
        (None, None, "none"),
    ],
)
def test_level_says_what_was_compared(opened, size, digest, level):
    target = opened(item_of(size, digest))
    write(target)
    (output,) = target.finish({})
    assert output.temporary.read_bytes() == BODY
    assert (output.target, output.size, output.digest, output.level) == (
        "captures/file.h5", len(BODY), digest_of(BODY), level,
    )  # fmt: skip


@given(stop=st.integers(0, len(BODY)), again=st.integers(0, len(BODY)))
@settings(max_examples=40, deadline=None)
def test_resumed_anywhere_it_is_the_same_file(tmp_path_factory, stop, again):
    """The first run stops at one byte; the second goes on from there or from before."""
    scratch = tmp_path_factory.mktemp("scratch")
    for start, end, resume in ((0, stop, False), (min(stop, again), len(BODY), True)):
        target = sink("raw")(item_of(digest=digest_of(BODY)), scratch)
        target.open(resume)
        write(target, start, end)
        if resume:
            assert target.finish({})[0].digest == digest_of(BODY)
        target.close()


def test_complete_before_the_crash_it_only_needs_hashing(opened):
    item = item_of(digest=digest_of(BODY))
    first = opened(item)
    write(first)
    first.close()
    assert opened(item, resume=True).finish({})[0].level == "strong"


def test_wrong_bytes_are_caught(opened):
    target = opened(item_of(digest=digest_of(BODY)))
    write(target)
    target.write(0, 1000, b"x" * (len(BODY) - 1000))
    with pytest.raises(ChecksumMismatch) as caught:
        target.finish({})
    assert caught.value.expected == str(digest_of(BODY))
    assert caught.value.actual.startswith("blake3:")


@pytest.mark.parametrize("size", [len(BODY) - 1, len(BODY) + 1])
@pytest.mark.parametrize("digest", [None, digest_of(BODY)])
def test_wrong_size_is_caught(opened, size, digest):
    target = opened(item_of(size, digest))
    write(target)
    with pytest.raises(Truncated):
        target.finish({})


def test_reserved_space_does_not_pass_for_data(opened):
    target = opened(item_of(size=4))
    with pytest.raises(Truncated):
        target.finish({})


def test_shorter_second_attempt_of_unknown_size_leaves_no_tail(opened):
    target = opened(item_of(size=None))
    write(target)
    target.write(0, 0, b"short")
    assert target.finish({})[0].temporary.read_bytes() == b"short"


def test_empty_object(opened):
    target = opened(item_of(size=0, digest=digest_of(b"")))
    target.write(0, 0, b"")
    assert target.finish({})[0].size == 0


def test_objects_have_no_gaps(opened):
    with pytest.raises(Truncated):
        opened(item_of()).gap(0)


def test_impossible_size_is_refused_before_anything_is_fetched(opened):
    with pytest.raises(DiskFull):
        opened(item_of(size=1 << 62))


def test_an_attempt_that_brought_too_much_does_not_spoil_the_next(tmp_path: Path) -> None:
    body = b"right" * 10
    item = Item("k", "f", "v", "raw", size=len(body), digest=Digest("blake3", blake3(body).hexdigest()))
    writer = sink("raw")(item, tmp_path)
    writer.open(False)
    writer.write(0, 0, body + b"surplus")
    writer.write(0, 0, body)
    (output,) = writer.finish({})
    writer.close()

    assert output.temporary.read_bytes() == body
