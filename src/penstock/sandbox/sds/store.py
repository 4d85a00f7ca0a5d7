"""The gateway's database: accounts, files, captures and datasets, all in memory."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from penstock.sandbox.sds.paths import is_below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from uuid import UUID

    from penstock.sandbox.sds.contents import Content
    from penstock.sandbox.world import World

BUCKET = "spectrumx"
LIFETIME = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Account:
    """Someone with an API key."""

    id: int
    email: str
    name: str
    token: str

    @property
    def root(self) -> str:
        """The folder that all of the account's directories lie in."""
        return f"/files/{self.email}"


@dataclass(slots=True, eq=False)
class File:
    """Immutable content under a directory and a name; equal only to itself."""

    uuid: UUID
    owner: Account
    directory: str
    name: str
    media_type: str
    content: Content
    created: datetime
    permissions: str = "rw-r--r--"
    deleted: bool = False

    @property
    def expires(self) -> datetime:
        """When the service would remove it; nothing ever does."""
        return self.created + LIFETIME

    @property
    def path(self) -> str:
        """Directory and name in one."""
        return f"{self.directory}/{self.name}"


@dataclass(slots=True, eq=False)
class Capture:
    """Files of one acquisition on one channel.

    Attributes:
        top: The directory as it was given, relative to the owner's root.
        props: What the index extracted from the files; None until someone looks.
    """

    uuid: UUID
    owner: Account
    kind: str
    top: str
    index: str
    name: str
    created: datetime
    updated: datetime
    channel: str = ""
    scan_group: str | None = None
    files: list[File] = field(default_factory=list)
    props: dict[str, Any] | None = None
    shared_with: list[Account] = field(default_factory=list)
    deleted: bool = False

    def visible_to(self, account: Account) -> bool:
        """Tell whether the account owns it or has a share on it."""
        return not self.deleted and (self.owner is account or account in self.shared_with)


@dataclass(slots=True, eq=False)
class Dataset:
    """A draft collection of captures and single files ("artifacts")."""

    uuid: UUID
    owner: Account
    name: str
    abstract: str
    created: datetime
    captures: list[Capture] = field(default_factory=list)
    artifacts: list[File] = field(default_factory=list)
    deleted: bool = False

    def files(self) -> list[File]:
        """Everything in it, newest first."""
        held = {file: None for capture in self.captures if not capture.deleted for file in capture.files}
        held.update(dict.fromkeys(self.artifacts))
        return sorted(
            (file for file in held if not file.deleted), key=lambda file: (file.created, file.path), reverse=True
        )


class Store:
    """Everything the gateway knows.

    Requests that may have to hash contents work on it from threads. Listings are cut page by page out of one sorted
    list, which is kept until something changes.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.accounts: list[Account] = []
        self.captures: list[Capture] = []
        self.datasets: list[Dataset] = []
        self.objects: dict[str, Content] = {}
        self.uploads = Path()
        self._files: dict[UUID, File] = {}
        self._by_path: dict[str, list[File]] = defaultdict(list)
        self._by_digest: dict[tuple[int, str], list[File]] | None = None
        self._listings: dict[tuple[int, str], list[File]] = {}
        self._made = 0
        self._lock = Lock()

    def account(self, token: str) -> Account | None:
        """Find whose key this is."""
        return next((account for account in self.accounts if account.token == token), None)

    def now(self) -> datetime:
        """The world's time, in UTC."""
        return datetime.fromtimestamp(self.world.clock(), UTC)

    def new_uuid(self) -> UUID:
        """Make the next id; the same sequence of requests gets the same ids."""
        self._made += 1
        return self.world.uuid("sds", "made", self._made)

    def add(self, file: File) -> None:
        """Store a file."""
        with self._lock:
            self._files[file.uuid] = file
            self._by_path[file.path].append(file)
            self._listings.clear()
            if self._by_digest is not None:
                self._by_digest[file.owner.id, file.content.digest].append(file)

    def delete(self, file: File) -> None:
        """Delete softly: it is kept, and nobody sees it."""
        file.deleted = True
        self._listings.clear()

    def publish(self, content: Content) -> str:
        """Make contents reachable in the object store and return their path there."""
        path = f"/{BUCKET}/files/{content.digest}"
        self.objects[path] = content
        return path

    def file(self, uuid: UUID) -> File | None:
        """Find a file that is not deleted, whoever owns it."""
        file = self._files.get(uuid)
        return file if file is not None and not file.deleted else None

    def owned(self, account: Account) -> Iterator[File]:
        """Yield the account's own files."""
        return (file for file in list(self._files.values()) if file.owner is account and not file.deleted)

    def at(self, account: Account, path: str) -> list[File]:
        """List every version of one own file, oldest first."""
        return [file for file in self._by_path.get(path, ()) if file.owner is account and not file.deleted]

    def readable(self, file: File, account: Account) -> bool:
        """Tell whether the account may read a file: its own, or one in a capture shared with it."""
        return file.owner is account or any(c.visible_to(account) for c in self.captures_of(file))

    def accessible(self, account: Account) -> list[File]:
        """List everything the account may read, every version, in no order that means anything."""
        return self._kept(account, "", lambda: self._accessible(account))

    def newest_below(self, account: Account, prefix: str) -> list[File]:
        """List the newest version of each own file whose directory begins with `prefix`, in order of path."""
        owned = self.owned(account)
        return self._kept(account, prefix, lambda: newest(file for file in owned if file.directory.startswith(prefix)))

    def same_content(self, account: Account, digest: str) -> list[File]:
        """List the account's files with these contents; the first call hashes everything the account has."""
        with self._lock:
            if self._by_digest is None:
                self._by_digest = self._index()
            return [file for file in self._by_digest[account.id, digest] if not file.deleted]

    def captures_of(self, file: File) -> list[Capture]:
        """List the live captures that hold a file."""
        return [capture for capture in self.captures if not capture.deleted and file in capture.files]

    def datasets_of(self, file: File) -> list[Dataset]:
        """List the live datasets that hold a file as an artifact."""
        return [dataset for dataset in self.datasets if not dataset.deleted and file in dataset.artifacts]

    def below(self, account: Account, directory: str) -> list[File]:
        """List own files in a directory or truly below it, each once, the newest version."""
        return newest(file for file in self.owned(account) if is_below(file.directory, directory))

    def _kept(self, account: Account, key: str, make: Callable[[], list[File]]) -> list[File]:
        listing = self._listings.get((account.id, key))
        if listing is None:
            listing = self._listings[account.id, key] = make()
        return listing

    def _accessible(self, account: Account) -> list[File]:
        files = (file for file in list(self._files.values()) if not file.deleted and self.readable(file, account))
        return sorted(files, key=lambda file: file.uuid)

    def _index(self) -> dict[tuple[int, str], list[File]]:
        index: dict[tuple[int, str], list[File]] = defaultdict(list)
        for file in self._files.values():
            index[file.owner.id, file.content.digest].append(file)
        return index


def newest(files: Iterable[File]) -> list[File]:
    """Keep the newest version of each path, in order of path."""
    latest: dict[str, File] = {}
    for file in files:
        other = latest.get(file.path)
        if other is None or file.created >= other.created:
            latest[file.path] = file
    return sorted(latest.values(), key=lambda file: file.path)
