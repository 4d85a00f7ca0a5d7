"""Names and paths of the service: `collection/experiment/channel`, as users write them and as URLs spell them."""

from __future__ import annotations

import re

from penstock.errors import SelectionError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_KINDS = ("collection", "experiment", "channel")


def split_path(path: str, depth: int) -> tuple[str, ...]:
    """Split `collection/experiment/channel` (with or without `boss://`) into that many checked names.

    The service matches some of its URLs by their beginning only, so a name that is not one must never reach it.

    Raises:
        SelectionError: Too few or too many names, or one that the service cannot have.
    """
    names = tuple(path.removeprefix("boss://").strip("/").split("/"))
    if len(names) != depth:
        raise SelectionError(
            f"{path!r} is not a path of the form {'/'.join(_KINDS[:depth])}",
            hint="See what there is with `penstock ls boss://`.",
        )
    for kind, name in zip(_KINDS, names, strict=False):
        if not _NAME.fullmatch(name):
            raise SelectionError(
                f"{name!r} cannot be the name of a {kind}",
                hint="Names have 1 to 255 letters, digits, hyphens and underscores.",
            )
    return names


def resource_url(*names: str) -> str:
    """Spell the URL path of a collection, experiment or channel, by how many names there are."""
    return "/v1/" + "/".join(f"{kind}/{name}" for kind, name in zip(_KINDS, names, strict=False)) + "/"


def frame_url(name: str) -> str:
    """Spell the URL path of a coordinate frame."""
    if not _NAME.fullmatch(name):
        raise SelectionError(f"{name!r} cannot be the name of a coordinate frame")
    return f"/v1/coord/{name}/"


def pyramid_url(path: str) -> str:
    """Spell the URL path of a channel's downsample table."""
    return f"/v1/downsample/{path}/"
