"""Local files: short writes, error numbers, digests."""

from __future__ import annotations

import errno
import os
import random

import pytest
from blake3 import blake3

from penstock.errors import DiskFull, FormatError, TargetUnwritable, Truncated
from penstock.formats import sink
from penstock.formats.files import (
    BLOCK,
    file_digest,
    local_errors,
    pread_into,
    pwrite_all,
    read_blocks,
    reserve,
)
from penstock.formats.part import PartFile
from penstock.types import Digest


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EFBIG, DiskFull),
        (errno.EACCES, TargetUnwritable),
        (errno.EROFS, TargetUnwritable),
        (errno.EPERM, TargetUnwritable),
        (errno.ENOTDIR, TargetUnwritable),
    ],
)
def test_the_system_s_words_become_ours(number, kind):
    with pytest.raises(kind, match=r"target/file.*" + os.strerror(number)) as caught, local_errors("target/file"):
        raise OSError(number, os.strerror(number))
    assert caught.value.hint
    assert isinstance(caught.value.__cause__, OSError)


def test_other_errors_pass_unchanged():
    with pytest.raises(FileNotFoundError), local_errors("x"):
        raise FileNotFoundError(errno.ENOENT, "no")
    with pytest.raises(DiskFull, match="inner"), local_errors("outer"), local_errors("inner"):
        raise OSError(errno.ENOSPC, "full")


def test_short_writes_are_completed(tmp_path, monkeypatch):
    body = random.Random(0).randbytes(5000)
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: real(fd, data[: random.Random(at).randint(1, 99)], at))
    file = PartFile(tmp_path / "part")
    file.open(0, resume=False)
    file.write(body, 3)
    file.close()
    assert file.path.read_bytes() == b"\0\0\0" + body


def test_short_reads_are_completed(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(200)))
    real = os.preadv
    monkeypatch.setattr(os, "preadv", lambda fd, buffers, at: real(fd, [buffers[0][:7]], at))
    fd = os.open(path, os.O_RDONLY)
    buffer = bytearray(150)
    pread_into(fd, memoryview(buffer), 50)
    assert buffer == bytes(range(50, 200))
    with pytest.raises(Truncated):
        pread_into(fd, memoryview(buffer), 51)
    os.close(fd)


@pytest.mark.parametrize("data", [b"", bytearray(), memoryview(b"")])
def test_writing_nothing_is_fine(tmp_path, data):
    with (tmp_path / "file").open("wb") as file:
        pwrite_all(file.fileno(), data, 0)


@pytest.mark.parametrize("size", [0, 10, 3 << 20])
def test_reserved_length(tmp_path, size):
    with (tmp_path / "file").open("wb") as file:
        reserve(file.fileno(), size)
    assert (tmp_path / "file").stat().st_size == size


def test_reserving_falls_back_where_the_file_system_cannot(tmp_path, monkeypatch):
    def refuse(fd, offset, size):
        raise OSError(errno.EOPNOTSUPP, "no")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with (tmp_path / "file").open("wb") as file:
        reserve(file.fileno(), 2 << 20)
    assert (tmp_path / "file").stat().st_size == 2 << 20


def test_full_disk_while_reserving_is_said_and_the_file_closed(tmp_path, monkeypatch):
    def refuse(fd, offset, size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    file = PartFile(tmp_path / "part")
    with pytest.raises(DiskFull):
        file.open(2 << 20, resume=False)
    file.close()


def test_folder_in_the_way_is_unwritable(tmp_path):
    (tmp_path / "part").mkdir()
    with pytest.raises(TargetUnwritable):
        PartFile(tmp_path / "part").open(1, resume=False)


@pytest.mark.parametrize("size", [0, 1, BLOCK, BLOCK + 1])
def test_digest_of_a_file(tmp_path, size):
    body = random.Random(size).randbytes(size)
    path = tmp_path / "file"
    path.write_bytes(body)
    assert file_digest(path) == Digest("blake3", blake3(body).hexdigest())
    assert b"".join(bytes(block) for block in read_blocks(path, stop=size // 2)) == body[: size // 2]


def test_known_digests_of_nothing(tmp_path):
    path = tmp_path / "file"
    path.touch()
    assert file_digest(path, "md5").value == "d41d8cd98f00b204e9800998ecf8427e"
    assert file_digest(path, "crc32").value == "00000000"
    with pytest.raises(FormatError, match="whirlpool"):
        file_digest(path, "whirlpool")


def test_unknown_sink_is_named():
    with pytest.raises(FormatError, match="parchment"):
        sink("parchment")
