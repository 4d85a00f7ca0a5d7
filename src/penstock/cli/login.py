"""`penstock login`: the one place that asks for secrets."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import anyio
import click

from penstock.cli._command import run_to_exit
from penstock.cli._output import Output

if TYPE_CHECKING:
    from penstock._config.secrets import Kind, Secret

_ASKED: dict[str, dict[str, Kind]] = {
    "seer": {"email": "text", "password": "password"},
    "boss": {"token": "token"},
    "sds": {"token": "token"},
}
"""What each platform wants to know, and what it may consist of."""

_EPILOG = """\b
Examples:
  penstock login seer
  penstock login sds < key.txt
  penstock login boss --forget
"""


@click.command("login", epilog=_EPILOG)
@click.argument("platform", type=click.Choice(list(_ASKED)))
@click.option("--forget", is_flag=True, help="Remove what was saved instead.")
def login(platform: str, forget: bool) -> None:
    """Ask for the account of a platform and save it for later runs, in a file that only you can read.

    Without a terminal the answers are read from stdin, one a line.
    """
    # Asked before the event loop runs, so that Ctrl-C ends a prompt as it ends any other.
    answers = {} if forget else {name: _ask(f"{platform} {name}", kind) for name, kind in _ASKED[platform].items()}
    output = Output()
    work = partial(_forget, platform, output) if forget else partial(_save, platform, answers, output)
    sys.exit(run_to_exit(work, output))


def _ask(what: str, kind: Kind) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = click.prompt(what, hide_input=kind != "text", err=True)
    return answer


async def _save(platform: str, answers: dict[str, str], output: Output) -> None:
    from penstock._config.credentials import save_credentials
    from penstock._config.secrets import Secret

    secrets: dict[str, Secret | str] = {
        name: Secret(answer, kind=_ASKED[platform][name], name=f"the {name}") for name, answer in answers.items()
    }
    path = await anyio.to_thread.run_sync(save_credentials, platform, secrets)
    output.say(f"Saved in {path}. Try it: penstock ls {platform}://")


async def _forget(platform: str, output: Output) -> None:
    from penstock._config.credentials import forget_credentials

    known = await anyio.to_thread.run_sync(forget_credentials, platform)
    output.say(f"Forgotten: what was saved for {platform}." if known else f"Nothing was saved for {platform}.")
