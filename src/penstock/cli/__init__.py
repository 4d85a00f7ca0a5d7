"""The `penstock` command.

Commands load on first use, so that `penstock --help` needs little more than click.
"""

from __future__ import annotations

import difflib
from importlib import import_module

import click

from penstock import __version__

_COMMANDS = {
    "demo": ("penstock.cli.demo", "Take a tour: download from every platform of a sandbox."),
    "ls": ("penstock.cli.ls", "List what is behind a URL."),
    "pull": ("penstock.cli.pull", "Download what a URL names into a folder."),
    "resume": ("penstock.cli.resume", "Finish what was begun in a folder."),
    "verify": ("penstock.cli.verify", "Compare the files of a folder with its manifest."),
    "login": ("penstock.cli.login", "Save the account of a platform for later runs."),
    "sandbox": ("penstock.cli.sandbox", "Run the platforms' emulators on this machine."),
    "boss": ("penstock.cli.boss", "Volumetric microscopy: channels, frames, extents."),
    "sds": ("penstock.cli.sds", "Radio-spectrum files: account and files."),
    "seer": ("penstock.cli.seer", "EEG and wearables: studies, channels, segments."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module when it is called, and guesses what a mistyped name meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table, which is the order of help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name."""
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(_COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or say which one is nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(
                f"There is no command {args[0]!r}.{meant} Commands: {', '.join(_COMMANDS)}.", ctx
            ) from None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "PENSTOCK"},
    epilog="""\b
Examples:
  penstock demo
  penstock pull boss://collection/experiment/channel --x 0:1024 --y 0:1024 --z 0:64 --to stack
  penstock sandbox run -- penstock ls seer://
""",
)
@click.version_option(__version__, prog_name="penstock")
def main() -> None:
    """Move scientific data from Seer, BOSS and SDS straight to disk: bounded, verified, resumable."""
