"""What is done in a target folder: a SQLite file that never claims more than the disk holds.

One thread uses a journal. Rows are written only after the data they speak of has been synced, and
`synchronous=FULL` makes a commit durable before it returns. An item goes through three states:

    partial      some spans are durable in its part files
    publishing   its files are complete and synced under temporary names, about to be renamed
    done         its files stand under their final names

`publishing` is what makes the renames of one item, or of many, as good as one atomic step: whoever opens the
journal after a crash finishes them.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.errors import DiskFull, JournalCorrupt, TargetUnwritable
from penstock.transfer.spans import Spans
from penstock.types import Digest, Output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock.types import Item, JsonObject, Span

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS item (
    id INTEGER PRIMARY KEY,
    platform TEXT NOT NULL,
    instance TEXT NOT NULL,
    key TEXT NOT NULL,
    identity TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('partial', 'publishing', 'done')),
    parts INTEGER NOT NULL,
    description TEXT NOT NULL,
    UNIQUE (platform, instance, key)
);
CREATE TABLE IF NOT EXISTS span (
    item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE, start INTEGER NOT NULL, stop INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS span_item ON span (item);
CREATE TABLE IF NOT EXISTS note (
    item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE, part INTEGER NOT NULL, note TEXT NOT NULL,
    PRIMARY KEY (item, part)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS output (
    target TEXT PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
    temporary TEXT NOT NULL,
    size INTEGER NOT NULL,
    digest TEXT NOT NULL,
    level TEXT NOT NULL,
    mtime_ns INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS output_item ON output (item);
CREATE TABLE IF NOT EXISTS run (
    id INTEGER PRIMARY KEY, selection TEXT NOT NULL UNIQUE, finished INTEGER NOT NULL DEFAULT 0
);
"""
_LISTED = """
CREATE TEMP TABLE seen (key TEXT PRIMARY KEY, identity TEXT NOT NULL) WITHOUT ROWID;
CREATE TEMP TABLE wanted (target TEXT PRIMARY KEY, key TEXT NOT NULL, digest TEXT) WITHOUT ROWID;
"""
"""What this run has listed: SQLite keeps it out of memory, and drops it when the journal is closed."""
_UNWRITABLE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
FREE_SPACE = "Free some space, then run the same command again: it goes on from there."
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "lustre", "gpfs", "beegfs", "ceph", "9p", "afs", "fuse")


@dataclass(frozen=True, slots=True)
class Placed:
    """A finished file as the journal remembers it; no time stamp as long as it is about to be renamed."""

    item: int
    target: str
    size: int
    mtime_ns: int | None
    digest: Digest
    level: str


@dataclass(slots=True)
class Entry:
    """What the journal knows of one item."""

    id: int
    identity: str
    state: str
    spans: Spans = field(default_factory=Spans)
    notes: dict[int, JsonObject] = field(default_factory=dict)
    outputs: list[Placed] = field(default_factory=list)


class Journal:
    """The journal of one folder, for one thread.

    Args:
        path: The SQLite file; made, with its tables, unless `readonly`.
        readonly: Look without writing; the file must exist.

    Raises:
        JournalCorrupt: The file is not a journal, or of a later version of penstock.
    """

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self._path = path
        self._urgent = False
        with self._explained():
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}{'?mode=ro' if readonly else ''}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._db.execute("PRAGMA foreign_keys = ON")
                if not readonly:
                    self._create()
                self._check_version()
            except BaseException:
                self._db.close()
                raise

    def _create(self) -> None:
        self._db.execute(f"PRAGMA journal_mode = {'TRUNCATE' if on_network(self._path) else 'WAL'}")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)
        self._db.executescript(_LISTED)
        self._db.execute("INSERT OR IGNORE INTO fact VALUES ('schema', ?)", (str(SCHEMA_VERSION),))

    def _check_version(self) -> None:
        version = self.fact("schema")
        if version is None or int(version) > SCHEMA_VERSION:
            raise JournalCorrupt(
                f"the journal {self._path} has version {version}; this penstock reads up to {SCHEMA_VERSION}",
                hint="Use the version of penstock that wrote it, or download to another folder.",
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code == sqlite3.SQLITE_FULL:
                raise DiskFull(f"no space is left for the journal {self._path}", hint=FREE_SPACE) from error
            if code in _UNWRITABLE:
                raise TargetUnwritable(
                    f"the journal {self._path} cannot be written: {error}",
                    hint="Choose another folder, or mend its permissions.",
                ) from error
            raise JournalCorrupt(
                f"the journal {self._path} cannot be used: {error}",
                hint=f"Move {self._path.parent} away; files that are complete are recognised again by their digests.",
            ) from error

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """Do everything inside at once, or nothing.

        Args:
            durable: Commit before the block ends. Otherwise it is left to the next commit, which saves the disk a
                sync: for what may be lost together with everything that comes after it.
        """
        with self._explained():
            if not self._db.in_transaction:
                self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("SAVEPOINT step")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK TO step")
                self._db.execute("RELEASE step")
                raise
            self._db.execute("RELEASE step")
            if durable or self._urgent:
                self._commit()

    def _commit(self) -> None:
        self._db.execute("COMMIT")
        self._urgent = False

    def fact(self, name: str) -> str | None:
        """Return a fact about the folder, or None."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        """Remember a fact about the folder."""
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def lookup(self, platform: str, instance: str, key: str) -> Entry | None:
        """Return what is known of an item."""
        row = self._db.execute(
            "SELECT id, identity, state FROM item WHERE platform = ? AND instance = ? AND key = ?",
            (platform, instance, key),
        ).fetchone()
        return None if row is None else self._filled(Entry(*row))

    def _filled(self, entry: Entry) -> Entry:
        if entry.state == "partial":
            entry.spans = Spans(self._db.execute("SELECT start, stop FROM span WHERE item = ?", (entry.id,)))
            notes = self._db.execute("SELECT part, note FROM note WHERE item = ?", (entry.id,))
            entry.notes = {part: json.loads(note) for part, note in notes}
        else:
            entry.outputs = self.outputs(entry.id)
        return entry

    def outputs(self, item: int) -> list[Placed]:
        """Return the files of an item, those of an earlier version while it is fetched anew."""
        rows = self._db.execute(f"{_SELECT_PLACED} WHERE item = ? ORDER BY target", (item,))
        return [_placed(row) for row in rows]

    def owner(self, target: str) -> Placed | None:
        """Return what penstock has placed under a name, or is about to."""
        row = self._db.execute(f"{_SELECT_PLACED} WHERE target = ?", (target,)).fetchone()
        return None if row is None else _placed(row)

    def seen(self, item: Item) -> str | None:
        """Note that an item was listed; return its identity if its key has been listed before in this run."""
        if self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (item.key, item.identity)).rowcount:
            return None
        return str(self._db.execute("SELECT identity FROM seen WHERE key = ?", (item.key,)).fetchone()[0])

    def want(self, item: Item, targets: Iterable[str]) -> tuple[str, str] | None:
        """Note which files an item will become; return one, and the key of the item listed before that wants it too.

        Two items may want one file when the service says that it is the same for both.
        """
        digest = None if item.digest is None else str(item.digest)
        for target in targets:
            if self._db.execute("INSERT OR IGNORE INTO wanted VALUES (?, ?, ?)", (target, item.key, digest)).rowcount:
                continue
            key, other = self._db.execute("SELECT key, digest FROM wanted WHERE target = ?", (target,)).fetchone()
            if digest is None or digest != other:
                return target, key
        return None

    def begin(self, platform: str, instance: str, item: Item) -> int:
        """Enter an item as partial, with nothing done; return its number.

        The files of an earlier version stay known as ours until the new ones replace them.
        """
        description = json.dumps({"target": item.target, "format": item.format, "source": dict(item.source)})
        row = self._db.execute(
            "INSERT INTO item (platform, instance, key, identity, parts, state, description) "
            "VALUES (?, ?, ?, ?, ?, 'partial', ?) "
            "ON CONFLICT (platform, instance, key) DO UPDATE SET identity = excluded.identity, parts = excluded.parts, "
            "state = 'partial', description = excluded.description RETURNING id",
            (platform, instance, item.key, item.identity, item.parts, description),
        ).fetchone()
        number = int(row[0])
        self.forget_progress(number)
        return number

    def forget_progress(self, item: int) -> None:
        """Drop what was claimed of an item's parts; never left to a later commit, since the parts may go at once."""
        spans = self._db.execute("DELETE FROM span WHERE item = ?", (item,)).rowcount
        notes = self._db.execute("DELETE FROM note WHERE item = ?", (item,)).rowcount
        self._urgent = self._urgent or spans + notes > 0

    def add_spans(self, item: int, spans: Iterable[Span]) -> None:
        """Claim that spans of an item are durable."""
        self._db.executemany("INSERT INTO span VALUES (?, ?, ?)", [(item, start, stop) for start, stop in spans])

    def add_notes(self, item: int, notes: Mapping[int, JsonObject]) -> None:
        """Keep what the sink said of parts."""
        rows = [(item, part, json.dumps(note)) for part, note in notes.items()]
        self._db.executemany("INSERT OR REPLACE INTO note VALUES (?, ?, ?)", rows)

    def set_publishing(self, item: int, outputs: Iterable[Output]) -> None:
        """Announce that the complete files of an item are about to take their names."""
        self._db.execute("DELETE FROM output WHERE item = ?", (item,))
        self._db.executemany(
            "INSERT OR REPLACE INTO output VALUES (?, ?, ?, ?, ?, ?, NULL)",
            [(o.target, item, self._relative(o.temporary), o.size, str(o.digest), o.level) for o in outputs],
        )
        self._db.execute("UPDATE item SET state = 'publishing' WHERE id = ?", (item,))

    def set_done(self, item: int, mtimes: Mapping[str, int]) -> None:
        """Record that every file of an item stands, with its modification time in ns by target."""
        self.set_times(mtimes)
        self._db.execute("UPDATE item SET state = 'done' WHERE id = ?", (item,))
        self.forget_progress(item)

    def set_times(self, mtimes: Mapping[str, int]) -> None:
        """Remember the modification times in ns, by target, of files that stand."""
        self._db.executemany(
            "UPDATE output SET mtime_ns = ?, temporary = '' WHERE target = ?",
            [(mtime, target) for target, mtime in mtimes.items()],
        )

    def withdraw(self, item: int, mtimes: Mapping[str, int]) -> None:
        """Take an announcement back: the item is unfinished again, and only those of its files stand that are named."""
        self._db.execute(
            "DELETE FROM output WHERE item = ? AND mtime_ns IS NULL AND NOT EXISTS "
            "(SELECT 1 FROM json_each(?) WHERE value = target)",
            (item, json.dumps(list(mtimes))),
        )
        self.set_times(mtimes)
        self._db.execute("UPDATE item SET state = 'partial' WHERE id = ?", (item,))
        self._db.execute("INSERT OR REPLACE INTO fact VALUES ('manifest', 'stale')")

    def void(self, item: int) -> None:
        """Forget an item and its files altogether."""
        self._db.execute("DELETE FROM item WHERE id = ?", (item,))

    def unpublished(self) -> list[tuple[int, list[Output]]]:
        """Return the items whose renames a crash may have cut short."""
        items = [row[0] for row in self._db.execute("SELECT id FROM item WHERE state = 'publishing'")]
        return [(item, self._pending(item)) for item in items]

    def _pending(self, item: int) -> list[Output]:
        rows = self._db.execute(
            "SELECT temporary, target, size, digest, level FROM output WHERE item = ?", (item,)
        ).fetchall()
        return [
            Output(self._path.parent / tmp, target, size, Digest.parse(digest), level)
            for tmp, target, size, digest, level in rows
        ]

    def _relative(self, temporary: Path) -> str:
        """Name a part file by its way from the journal: a folder may be moved or copied, and must not reach back."""
        return os.path.relpath(temporary, self._path.parent)

    def resumable(self) -> Iterator[tuple[str, str, str]]:
        """Yield platform, instance and key of the items whose part files are worth keeping."""
        yield from self._db.execute(
            "SELECT platform, instance, key FROM item WHERE state = 'partial' AND id IN (SELECT item FROM span)"
        )

    def claims(self) -> dict[str, int]:
        """Return how many parts are claimed of each item, by key; complete items count in full."""
        rows = self._db.execute(
            "SELECT key, CASE state WHEN 'partial' THEN (SELECT COALESCE(SUM(stop - start), 0) FROM span "
            "WHERE span.item = item.id) ELSE parts END FROM item"
        )
        return dict(rows.fetchall())

    def placed(self) -> Iterator[dict[str, Any]]:
        """Yield every finished file, by path, as the manifest lists it."""
        rows = self._db.execute(
            "SELECT target, size, digest, level, platform, instance, key, identity, description "
            "FROM output JOIN item ON item.id = output.item WHERE state = 'done' ORDER BY target"
        )
        for target, size, digest, level, platform, instance, key, identity, description in rows:
            known = json.loads(description)
            yield {
                "path": target,
                "size": size,
                "digest": digest,
                "level": level,
                "platform": platform,
                "instance": instance,
                "key": key,
                "identity": identity,
                "format": known["format"],
                "source": known["source"],
            }

    def start_run(self, selection: JsonObject) -> int:
        """Remember what was asked for, so that it can be resumed; return its number."""
        row = self._db.execute(
            "INSERT INTO run (selection) VALUES (?) ON CONFLICT (selection) DO UPDATE SET finished = 0 RETURNING id",
            (json.dumps(selection, sort_keys=True),),
        ).fetchone()
        return int(row[0])

    def finish_run(self, run: int) -> None:
        """Record that nothing of a selection is left to fetch."""
        self._db.execute("UPDATE run SET finished = 1 WHERE id = ?", (run,))

    def runs(self) -> list[tuple[JsonObject, bool]]:
        """Return every selection applied to the folder, and whether it is complete."""
        rows = self._db.execute("SELECT selection, finished FROM run ORDER BY id")
        return [(json.loads(selection), bool(finished)) for selection, finished in rows]

    def close(self) -> None:
        """Commit what was left to a later commit, and close the file."""
        with self._explained(), closing(self._db):
            if self._db.in_transaction:
                self._commit()


_SELECT_PLACED = "SELECT item, target, size, mtime_ns, digest, level FROM output"


def _placed(row: tuple[Any, ...]) -> Placed:
    item, target, size, mtime, digest, level = row
    return Placed(item, target, size, mtime, Digest.parse(digest), level)


def on_network(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Tell whether a path lies on a network file system, where SQLite's write-ahead log is unsafe.

    An unknown system counts as local on Linux, and as a network one where mounts cannot be read.
    """
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return True
    folder = path.absolute().parent
    kinds = {fields[4]: fields[fields.index("-") + 1] for fields in map(str.split, lines)}
    mount = next((str(parent) for parent in [folder, *folder.parents] if str(parent) in kinds), "/")
    return kinds.get(mount, "").startswith(_NETWORK_FILE_SYSTEMS)
