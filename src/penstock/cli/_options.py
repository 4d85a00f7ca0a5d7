"""Option types that several commands share."""

from __future__ import annotations

from typing import Any

import click


class Range(click.ParamType[tuple[int, int]]):
    """A half-open interval `START:STOP` of whole numbers."""

    name = "START:STOP"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Read the two bounds."""
        if isinstance(value, tuple):
            return value
        try:
            start, stop = (int(bound) for bound in str(value).split(":"))
        except ValueError:
            self.fail(f"{value!r} is not a range: write START:STOP, for example 0:1024", param, ctx)
        return start, stop


RANGE = Range()

connections = click.option(
    "--connections",
    metavar="N",
    type=click.IntRange(1, 512),
    default=32,
    show_default=True,
    help="Connections at once, in total.",
)
memory = click.option(
    "--memory", metavar="SIZE", default="256MiB", show_default=True, help="Memory for data in flight."
)
bandwidth = click.option("--bandwidth", metavar="RATE", help="At most this much a second, for example 80MB/s.")
