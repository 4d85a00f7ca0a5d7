"""Directories as the gateway understands them: every one below the caller's own root."""

from __future__ import annotations

import posixpath

MAX_DIRECTORY = 2048


def resolve(text: str, root: str) -> str | None:
    """Make a directory-like input absolute, `.` and `..` resolved lexically.

    Args:
        text: What the caller wrote: relative, absolute within the account, or already below `root`.
        root: `/files/<email of the caller>`.

    Returns:
        The absolute directory without trailing slash, or None if it would leave `root`.
    """
    joined = text if is_below(text, root) else f"{root}/{text}"
    resolved = posixpath.normpath(joined)
    return resolved if is_below(resolved, root) else None


def is_below(path: str, root: str) -> bool:
    """Tell whether `path` is `root` or lies in it."""
    return path == root or path.startswith(f"{root}/")


def within(directory: str, root: str) -> str:
    """Spell an absolute directory the way answers to a creation do: from the account's root."""
    return directory.removeprefix(root) or "/"
