"""The state of asking, loading and stating: one SQLite file, since it changes in small steps that must be whole.

Losing it loses no reading: everything would be asked and loaded again, and nothing would change. It would no longer be
known which statements were issued, so that the next of each month would be the first, nor what access was asked for.
Instants are whole seconds since the epoch; the ledger asks by the quarter-hour at the finest.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from threading import local
from typing import TYPE_CHECKING, Final

from pipelines.store.files import StoreDamagedError, private_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS asked (
    source TEXT, connection TEXT, feed TEXT, metering_point TEXT, register TEXT, start INTEGER, end INTEGER,
    asked_at INTEGER,
    PRIMARY KEY (source, connection, feed, metering_point, register, start)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS metering_points (
    source TEXT, connection TEXT, metering_point TEXT, register TEXT, first_seen INTEGER, last_seen INTEGER,
    PRIMARY KEY (source, connection, metering_point, register)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS turned_down (
    source TEXT, connection TEXT, metering_point TEXT, register TEXT, at INTEGER,
    PRIMARY KEY (source, connection, metering_point, register)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contacts (
    source TEXT, connection TEXT, greeted_by TEXT, greeted_at INTEGER, dead TEXT, well_at INTEGER,
    failed_at INTEGER, cause TEXT, words TEXT, not_before INTEGER, nulls INTEGER DEFAULT 0, unfamiliar TEXT,
    target TEXT,
    PRIMARY KEY (source, connection)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flags (
    source TEXT, metering_point TEXT, mute INTEGER, reason TEXT,
    PRIMARY KEY (source, metering_point)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS targets (
    target TEXT PRIMARY KEY, marker TEXT, failed_at INTEGER, words TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS loaded (
    target TEXT, source TEXT, part TEXT, month TEXT, seq INTEGER, digest TEXT, compared_at INTEGER, difference TEXT,
    PRIMARY KEY (target, source, part, month)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (
    target TEXT, source TEXT, part TEXT, month TEXT, connection TEXT, line TEXT, words TEXT, refused_at INTEGER,
    PRIMARY KEY (target, source, part, month, line)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS access_requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT, connection TEXT, asker TEXT, day TEXT, sent_at INTEGER,
    outcome TEXT, digest TEXT
);
CREATE TABLE IF NOT EXISTS access_subjects (
    number INTEGER, source TEXT, connection TEXT, metering_point TEXT, register TEXT, owner TEXT, checked_at INTEGER,
    PRIMARY KEY (number, metering_point, register)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cut_short (
    source TEXT PRIMARY KEY, kind TEXT, words TEXT, at INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarms (
    scope TEXT, kind TEXT, about TEXT, since INTEGER, told INTEGER,
    PRIMARY KEY (scope, kind, about)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY, message TEXT, reached TEXT, problem TEXT
);
CREATE TABLE IF NOT EXISTS statements (
    source TEXT, connection TEXT, month TEXT, issued_at INTEGER, seq INTEGER, known_at TEXT,
    PRIMARY KEY (source, connection, month)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS installation (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
"""

BUSY_S: Final = 60

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class State:
    """The state file. Every method of its users opens, works and closes: processes and threads share it.

    What many methods change together is wrapped in one `changing`: each transaction waits for the disk by itself.
    """

    def __init__(self, folder: Path) -> None:
        """Make the file and its tables where they are missing."""
        self.path = private_folder(folder) / "state.sqlite"
        self._mine = local()
        with self.changing() as database:
            for table in _of_another_form(database):
                # What a version before this one remembered is found out anew, by asking and loading again; when
                # statements were issued and what access was asked for is not: these tables must keep their form.
                database.execute(f"DROP TABLE {table}")
            database.executescript(SCHEMA)

    def erase(self, source: str, metering_points: Collection[str], connection: str | None) -> tuple[int, int]:
        """Forget metering points, and a connection with all that is known of it, whatever table it is in.

        Returns:
            How many rows there were, and how many are left.
        """
        before = left = 0
        with self.changing() as database:
            for table, columns in _columns(database).items():
                held = [("metering_point = ?", point) for point in metering_points if "metering_point" in columns]
                if "line" in columns:
                    held += [("instr(line, ?)", f"metering_point={point},") for point in metering_points]
                held += [("connection = ?", connection)] if connection and "connection" in columns else []
                for condition, value in held if "source" in columns else ():
                    rows = f"FROM {table} WHERE source = ? AND {condition}"
                    before += database.execute(f"DELETE {rows}", (source, value)).rowcount
                    left += len(database.execute(f"SELECT * {rows}", (source, value)).fetchall())
        return before, left

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Give a transaction that is kept whole or not at all; within another of the same thread, a part of that.

        Raises:
            StoreDamagedError: the file is none that SQLite can read.
        """
        if (outer := getattr(self._mine, "database", None)) is not None:
            yield outer
            return
        self._mine.database = database = sqlite3.connect(self.path, timeout=BUSY_S)
        try:
            database.row_factory = sqlite3.Row
            # What is erased is overwritten, so that `forget` keeps its word.
            database.execute("PRAGMA secure_delete = ON")
            with database:
                yield database
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) not in _DAMAGED:
                raise
            message = (
                f"{self.path} is damaged: remove it. All is asked for and loaded once more, and no reading is lost; "
                "what access was asked for is forgotten"
            )
            raise StoreDamagedError(message) from None
        finally:
            self._mine.database = None
            database.close()


def _of_another_form(database: sqlite3.Connection) -> list[str]:
    """Return the tables whose columns are not those of today."""
    with closing(sqlite3.connect(":memory:")) as today:
        today.executescript(SCHEMA)
        wanted = _columns(today)
    found = _columns(database)
    return [table for table, columns in found.items() if table in wanted and columns != wanted[table]]


def _columns(database: sqlite3.Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    tables = "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
    for table, column in map(tuple, database.execute(f"{tables} WHERE tables.type = 'table'")):
        found.setdefault(table, []).append(column)
    return found
