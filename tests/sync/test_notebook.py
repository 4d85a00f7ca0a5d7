"""A real Jupyter kernel: blocking calls, async code and the stop button in one notebook."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

RUNNER = """
    import asyncio, os, signal, sys, threading, time, warnings
    from pathlib import Path

    warnings.simplefilter("ignore")
    import nbformat
    from nbclient import NotebookClient

    cells = {cells!r}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, timeout=40, kernel_name="python3", allow_errors=True)

    def press_stop():
        ready = Path("ready")
        while not ready.exists():
            time.sleep(0.05)
        os.kill(int(ready.read_text()), signal.SIGINT)

    threading.Thread(target=press_stop, daemon=True).start()
    client.execute()
    for cell in notebook.cells:
        for out in cell.outputs:
            print(out.get("text", out.get("ename", "")).strip())
"""

BLOCKING = """
from fakestock.sync import Gauge, River
with River() as river:
    print(river.gauge("elbe").place, sum(river.numbers(1000)))
"""

ASYNCHRONOUS = """
import fakestock
async with fakestock.River() as river:
    print((await river.gauge("rhine")).place)
"""

STOPPED = """
import os, pathlib
gauge = Gauge("bridge")

def ready(event):
    if event.level == 2.0:
        pathlib.Path("ready.new").write_text(str(os.getpid()))
        os.rename("ready.new", "ready")

gauge.wait(seconds=60, cleanup=0.2, on_event=ready)
"""

AFTERWARDS = "print(gauge.log, gauge.set_zero(1.0))"


def test_a_notebook_runs_both_worlds_and_can_be_stopped(script: Callable[..., subprocess.Popen[str]]) -> None:
    process = script(RUNNER.format(cells=[BLOCKING, ASYNCHRONOUS, STOPPED, AFTERWARDS]), "-W", "ignore")

    stdout, _ = process.communicate(timeout=50)

    assert stdout.splitlines() == ["elbe 499500", "rhine", "KeyboardInterrupt", "['cleaned up'] 0.0"]
