"""The sandbox as a process of its own: starts soon, says where it is, and never outlives who started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from penstock.errors import ConnectionFailed
from penstock.sandbox import SandboxProcess


def gone(pid: int, within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as response:
            return response.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_it_starts_serves_logs_and_stops_within_two_seconds(tmp_path):
    began = time.monotonic()
    with SandboxProcess(platforms=["sds"], log=tmp_path / "log", seed=5) as sandbox:
        pid = sandbox.pid
        assert sandbox.env["PENSTOCK_SDS_URL"] == sandbox.urls["sds"]
        assert status(f"{sandbox.urls['sds']}/api/v1/auth/") == 401
        [line] = sandbox.requests()
    assert (line["path"], line["status"]) == ("/api/v1/auth/", 401)
    assert gone(pid)
    assert time.monotonic() - began < 2 + 3  # what the machine's other work may add
    with pytest.raises(ConnectionFailed):
        _ = sandbox.pid


@pytest.mark.anyio
async def test_it_works_in_async_code_too(tmp_path):
    async with SandboxProcess(platforms=["sds"]) as sandbox:
        pid = sandbox.pid
        assert sandbox.urls["sds"].startswith("http://127.0.0.1:")
    assert gone(pid)


def test_it_ends_when_its_parent_is_killed():
    code = (
        "import sys, time\n"
        "from penstock.sandbox import SandboxProcess\n"
        "sandbox = SandboxProcess(platforms=['sds'])\n"
        "sandbox.start()\n"
        "print(sandbox.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    assert gone(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_announces_itself_and_ends_by_signal(number):
    command = [sys.executable, "-m", "penstock.sandbox", "--platforms", "sds", "--scale", "tiny", "--latency", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        ready = json.loads(process.stdout.readline())
        assert (set(ready), ready["pid"]) == ({"env", "urls", "pid"}, process.pid)
        os.kill(process.pid, number)
        assert process.wait(10) == 0


def test_what_it_complains_of_reaches_the_caller():
    with pytest.raises(ConnectionFailed, match="does not emulate 'mars'"):
        SandboxProcess(platforms=["mars"]).start()


def test_a_port_may_be_fixed():
    with SandboxProcess(platforms=["sds"]) as first:
        port = int(first.urls["sds"].rpartition(":")[2])
    with SandboxProcess(platforms=["sds"], ports={"sds": port}) as second:
        assert second.urls["sds"] == f"http://127.0.0.1:{port}"


def test_by_default_every_platform_is_there():
    with SandboxProcess() as sandbox:
        assert set(sandbox.urls) == {"boss", "sds", "sds-s3", "seer", "seer-cdn"}
        for platform in ("BOSS", "SDS", "SEER"):
            assert sandbox.env[f"PENSTOCK_{platform}_URL"].startswith("http://127.0.0.1:")
