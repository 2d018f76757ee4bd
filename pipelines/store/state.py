"""The state of asking and loading: one SQLite file, since it changes in small steps that must be whole.

Losing it loses no reading: everything would be asked and loaded again, and nothing would change.
Instants are whole seconds since the epoch; the ledger asks by the quarter-hour at the finest.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pipelines.store.files import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    failed_at INTEGER, cause TEXT, words TEXT, not_before INTEGER, nulls INTEGER DEFAULT 0, target TEXT,
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
"""

BUSY_S: Final = 60


class State:
    """The state file. Every method of its users opens, works and closes: processes and threads share it."""

    def __init__(self, folder: Path) -> None:
        """Make the file and its tables where they are missing."""
        self.path = private_folder(folder) / "state.sqlite"
        with self.changing() as database:
            database.executescript(SCHEMA)

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Give a transaction that is kept whole or not at all."""
        database = sqlite3.connect(self.path, timeout=BUSY_S)
        try:
            database.row_factory = sqlite3.Row
            # What is erased is overwritten, so that `forget` keeps its word.
            database.execute("PRAGMA secure_delete = ON")
            with database:
                yield database
        finally:
            database.close()
