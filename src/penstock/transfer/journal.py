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
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.errors import DiskFull, JournalCorrupt
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
FREE_SPACE = "Free some space, then run the same command again: it goes on from there."
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "lustre", "gpfs", "beegfs", "ceph", "9p", "afs", "fuse")


@dataclass(frozen=True, slots=True)
class Placed:
    """A finished file as the journal remembers it."""

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
            self._db.execute("PRAGMA foreign_keys = ON")
            if not readonly:
                self._create()
            self._check_version()

    def _create(self) -> None:
        self._db.execute(f"PRAGMA journal_mode = {'TRUNCATE' if on_network(self._path) else 'WAL'}")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)
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
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
                raise DiskFull(f"no space is left for the journal {self._path}", hint=FREE_SPACE) from error
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
            entry.outputs = self._outputs(entry.id)
        return entry

    def _outputs(self, item: int) -> list[Placed]:
        rows = self._db.execute(
            "SELECT target, size, mtime_ns, digest, level FROM output WHERE item = ? ORDER BY target", (item,)
        )
        return [Placed(target, size, mtime, Digest.parse(digest), level) for target, size, mtime, digest, level in rows]

    def owns(self, target: str) -> bool:
        """Tell whether a file of that name was placed by penstock."""
        return self._db.execute("SELECT 1 FROM output WHERE target = ?", (target,)).fetchone() is not None

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
            [(o.target, item, str(o.temporary), o.size, str(o.digest), o.level) for o in outputs],
        )
        self._db.execute("UPDATE item SET state = 'publishing' WHERE id = ?", (item,))

    def set_done(self, item: int, mtimes: Mapping[str, int]) -> None:
        """Record that every file of an item stands, with its modification time in ns by target."""
        self._db.executemany(
            "UPDATE output SET mtime_ns = ?, temporary = '' WHERE target = ?",
            [(mtime, target) for target, mtime in mtimes.items()],
        )
        self._db.execute("UPDATE item SET state = 'done' WHERE id = ?", (item,))
        self.forget_progress(item)

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
            Output(Path(tmp), target, size, Digest.parse(digest), level) for tmp, target, size, digest, level in rows
        ]

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
        with self._explained():
            if self._db.in_transaction:
                self._commit()
            self._db.close()


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
