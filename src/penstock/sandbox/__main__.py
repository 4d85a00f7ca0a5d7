"""Run a sandbox as a process of its own: `python -m penstock.sandbox --scale small --log requests.jsonl`.

When everything listens, one line of JSON on stdout names the environment, the URLs and the process id.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from penstock.errors import PenstockError
from penstock.sandbox.server import PLATFORMS, Sandbox
from penstock.sandbox.world import QUIRKS, SCALES

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, or with `--with-parent` until stdin closes."""
    options = _parser().parse_args(arguments)
    try:
        anyio.run(_run, options)
    except PenstockError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


async def _run(options: argparse.Namespace) -> None:
    sandbox = Sandbox(
        seed=options.seed,
        scale=options.scale,
        latency=options.latency,
        data=options.data,
        log=options.log,
        ports=options.ports,
        platforms=options.platforms,
        quirks=options.quirks,
    )
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with sandbox, anyio.create_task_group() as group:
            _announce(sandbox)
            if options.with_parent:
                group.start_soon(_end_with_stdin, group.cancel_scope)
            async for _ in signals:
                break
            group.cancel_scope.cancel()


def _announce(sandbox: Sandbox) -> None:
    sys.stdout.write(json.dumps({"env": sandbox.env, "urls": sandbox.urls, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()


async def _end_with_stdin(scope: anyio.CancelScope) -> None:
    """Cancel the scope once the other end of stdin is gone."""
    descriptor = sys.stdin.fileno()
    while True:
        await anyio.wait_readable(descriptor)
        if not os.read(descriptor, 4096):
            scope.cancel()
            return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m penstock.sandbox", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="synthetic data follow from it")
    parser.add_argument("--scale", choices=SCALES, default="tiny", help="how much data there is")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="pause before each answer")
    parser.add_argument("--quirks", choices=QUIRKS, default="strict", help="lenient: let the original clients through")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of real test vectors")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write one JSON line a request")
    parser.add_argument("--ports", type=_ports, default={}, metavar="NAME=PORT,…", help="fixed ports")
    parser.add_argument("--platforms", type=_names, default=PLATFORMS, metavar="NAME,…", help="default: all")
    parser.add_argument("--with-parent", action="store_true", help="end when stdin closes")
    return parser


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _ports(text: str) -> dict[str, int]:
    pairs = (pair.partition("=") for pair in _names(text))
    return {name: int(port) for name, _, port in pairs}


if __name__ == "__main__":
    sys.exit(main())
