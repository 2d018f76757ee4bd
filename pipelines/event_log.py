"""Dagster's event log on SQLite, kept open while much is written to it."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Final

from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy.exc import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dagster import DagsterInstance

INDEX: Final = "index"
"""The file of what is told of assets, beside a file for each run."""

_OPENED: Final = ("PRAGMA journal_mode = WAL", "SELECT count(*) FROM sqlite_master")
"""A connection is a user of the file once it has read."""


@contextmanager
def kept_open(instance: DagsterInstance, run_id: str) -> Iterator[None]:
    """Keep a run's files open; without effect where the log is not on SQLite.

    Dagster opens and closes a file for every event. When its last user closes it, SQLite moves what was written from
    the write-ahead log into the file and waits for the disk: most of a run's time, with a hundred connections.
    """
    log = instance.event_log_storage
    with ExitStack() as stack:
        if isinstance(log, SqliteEventLogStorage):
            for shard in (INDEX, run_id):
                held = stack.enter_context(closing(sqlite3.connect(log.path_for_shard(shard))))
                for statement in _OPENED:
                    try:
                        held.execute(statement).fetchone()
                    except sqlite3.DatabaseError as error:
                        # As Dagster would say it, which comes here next.
                        raise DatabaseError(statement, None, error) from error
        yield
