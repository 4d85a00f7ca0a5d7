"""Paths of the gateway, in both of its spellings.

A file's directory is only a string that it carries. What an account owns lies under `/files/<e-mail>`; answers
to reads spell that prefix out, answers to uploads leave it away, and requests may do either.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from penstock.errors import SelectionError

_OWNED = re.compile(r"/files/(?P<owner>[^/]+@[^/]+)(?:/(?P<rest>.*))?", re.DOTALL)
_LONGEST = 2048


@dataclass(frozen=True, slots=True)
class SdsPath:
    """A path below an account's root; two spellings of one place are equal.

    Attributes:
        relative: Segments below the root, joined by `/`; empty for the root itself.
        owner: The account's e-mail, when it is known.
    """

    relative: str
    owner: str | None = None

    @classmethod
    def given(cls, text: str, *, owner: str | None = None) -> SdsPath:
        """Read a path that a user wrote, by the gateway's own rules.

        Args:
            text: `/captures/x`, `captures/x`, `/files/<own e-mail>/captures/x` or `sds:///captures/x`.
            owner: The account's e-mail; only with it can the long spelling be told from a directory `files`.

        Raises:
            SelectionError: It is empty, too long, holds a control character, or leads out of the account's root.
        """
        path = _plain(text)
        root = f"/files/{owner or 'owner'}"
        below = owner is not None and (path == root or path.startswith(root + "/"))
        whole = posixpath.normpath(path if below else f"{root}/{path}")
        if whole != root and not whole.startswith(root + "/"):
            raise SelectionError(f"{text!r} leads out of the account's own files")
        return cls(whole[len(root) + 1 :], owner)

    @classmethod
    def recorded(cls, directory: str, name: str = "", *, owner: str | None = None) -> SdsPath:
        """Read a directory as the service recorded it, long or short, and add a file's name to it.

        Nothing is resolved: what looks like `..` in a record is a name like any other.
        """
        found = _OWNED.fullmatch(directory)
        if found and owner in {None, found["owner"]}:
            owner, directory = found["owner"], found["rest"] or ""
        return cls("/".join(part for part in (directory.strip("/"), name) if part), owner)

    @property
    def short(self) -> str:
        """`/captures/x`: relative to the owner's root."""
        return "/" + self.relative

    @property
    def long(self) -> str:
        """`/files/<e-mail>/captures/x`.

        Raises:
            SelectionError: The owner is not known.
        """
        if self.owner is None:
            raise SelectionError(f"the owner of {self.short} is not known")
        return f"/files/{self.owner}" + (f"/{self.relative}" if self.relative else "")

    @property
    def name(self) -> str:
        """The last segment."""
        return self.relative.rpartition("/")[2]

    @property
    def query(self) -> str:
        """The spelling that makes the gateway list this place ordered, newest versions only, own files only."""
        return self.short if self.relative else "."

    def covers(self, other: SdsPath) -> bool:
        """Tell whether the other path is this one or lies below it, at a true directory boundary."""
        return not self.relative or other.relative == self.relative or other.relative.startswith(self.relative + "/")

    def below(self, folder: SdsPath) -> str:
        """Spell this path relative to a folder that covers it; a file relative to itself is its name."""
        if not folder.relative:
            return self.relative
        return self.relative[len(folder.relative) + 1 :] or self.name

    def __str__(self) -> str:
        return self.short


def spells_owner(text: str) -> bool:
    """Tell whether reading the path needs the account's e-mail."""
    return _plain(text).startswith("/files/")


def _plain(text: str) -> str:
    """Drop the URL's scheme and refuse what no path can hold."""
    if text.startswith("sds:"):
        if not text.startswith("sds:///"):
            raise SelectionError(f"{text!r} names no path", hint="A path has three slashes: sds:///captures/x")
        text = text.removeprefix("sds://")
    if not text.strip():
        raise SelectionError("the path is empty", hint="Write / for everything that the account owns.")
    if len(text) > _LONGEST:
        raise SelectionError(f"the path is longer than {_LONGEST} characters")
    if any(ord(character) < 0x20 or character == "\x7f" for character in text):
        raise SelectionError(f"{text!r} holds a control character")
    return text
