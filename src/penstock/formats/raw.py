"""The `raw` sink: bytes as stored, checked against the service's size and digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from penstock.errors import ChecksumMismatch, Truncated
from penstock.formats.files import STRONG, WEAK, hasher, local_errors, read_blocks
from penstock.formats.part import PartFile
from penstock.types import Digest, Output

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from penstock.formats.files import Hasher
    from penstock.types import Item, JsonObject


class RawSink:
    """Writes one file of one part, and hashes it on the way.

    Blocks come in order, so the digest is ready when the last one is written. After an interruption the first
    block starts in the middle; then what is on disk before it is hashed once.
    """

    whole: ClassVar[bool] = False

    def __init__(self, item: Item, scratch: Path) -> None:
        self._item = item
        self._file = PartFile(scratch / "body.part")
        self._resumed = False
        self._hashed = 0
        self._hashers: dict[str, Hasher] = {}

    @classmethod
    def targets(cls, item: Item) -> list[str]:
        """List the one file."""
        return [item.target]

    def open(self, resume: bool) -> None:
        """Create the part file, its space reserved when the size is known, or reopen it."""
        self._hash_from_start()
        self._resumed = resume
        self._file.open(self._item.size or 0, resume=resume)

    def write(self, _part: int, at: int, body: memoryview | bytes) -> JsonObject | None:
        """Write a block at its offset; it must follow the one before, or start anew from what is on disk."""
        if at == 0 and self._hashed:
            self._file.truncate(self._item.size or 0)  # an earlier attempt may have brought too much
        if at != self._hashed:
            self._hash_file(at)
        self._file.write(body, at)
        self._hash(body)
        return None

    def gap(self, part: int) -> JsonObject | None:
        """Refuse: a stored object has no gaps.

        Raises:
            Truncated: Always.
        """
        raise Truncated(f"{self._item.key} cannot have a gap at part {part}")

    def sync(self) -> None:
        """Make the bytes durable."""
        self._file.sync()

    def finish(self, _notes: Mapping[int, JsonObject]) -> list[Output]:
        """Compare size and digest with what the service said.

        Raises:
            Truncated: Fewer or more bytes arrived than the item says.
            ChecksumMismatch: The bytes are not those that the service recorded.
        """
        size = self._settle_size()
        if self._hashed != size:
            self._hash_file(size)
        level = self._compare()
        digest = Digest("blake3", self._hashers["blake3"].hexdigest())
        return [Output(self._file.path, self._item.target, size, digest, level)]

    def close(self) -> None:
        """Close the part file."""
        self._file.close()

    def _settle_size(self) -> int:
        """Return the size in bytes that the file must have; where the last block ended has to agree with it.

        Space was reserved for the whole file, so its length alone proves nothing, unless an earlier run filled it.
        """
        found = self._file.size
        written = found if self._resumed and not self._hashed else self._hashed
        expected = self._item.size
        if expected is None:
            self._file.truncate(written)
            return written
        if (found, written) != (expected, expected):
            got = written if found == expected else found
            raise Truncated(f"{self._item.key} has {got} bytes where {expected} were promised")
        return expected

    def _compare(self) -> str:
        expected = self._item.digest
        if expected is None or expected.algorithm not in self._hashers:
            return "none" if self._item.size is None else "size"
        actual = self._hashers[expected.algorithm].hexdigest()
        if actual != expected.value.lower():
            raise ChecksumMismatch(
                f"{self._item.key} hashes to other {expected.algorithm} bytes than the service recorded",
                expected=str(expected),
                actual=f"{expected.algorithm}:{actual}",
            )
        return "strong" if expected.algorithm in STRONG else "weak"

    def _hash_from_start(self) -> None:
        wanted = {"blake3"}
        if self._item.digest is not None and self._item.digest.algorithm in STRONG | WEAK:
            wanted.add(self._item.digest.algorithm)
        self._hashers = {algorithm: hasher(algorithm) for algorithm in wanted}
        self._hashed = 0

    def _hash_file(self, stop: int) -> None:
        self._hash_from_start()
        with local_errors(self._file.path):
            for block in read_blocks(self._file.path, stop):
                self._hash(block)
        if self._hashed != stop:
            raise Truncated(f"{self._file.path} has {self._hashed} bytes where {stop} were written before")

    def _hash(self, block: memoryview | bytes) -> None:
        for each in self._hashers.values():
            each.update(block)
        self._hashed += len(block)
