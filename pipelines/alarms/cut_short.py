"""Runs that ended as a whole, before they could say how each connection fares: a full disk, a mistake of ours, a kill.

The next run of the source that ends by itself, well or not, takes the note away.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.alarms.kind import Kind
from pipelines.store.files import OF_THE_DISK, StoreDamagedError
from pipelines.store.home import StoreFullError
from pipelines.store.lock import StoreBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pipelines.store.state import State

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Note:
    """What ended a source's last run; the words are safe to show."""

    source: str
    kind: Kind
    words: str


class CutShort:
    """The notes in the state file, at most one a source."""

    def __init__(self, state: State) -> None:
        """Bind the state."""
        self._state = state

    def notes(self) -> list[Note]:
        """Return the note on every source whose last run was cut short."""
        with self._state.changing() as database:
            rows = database.execute("SELECT * FROM cut_short ORDER BY source").fetchall()
        return [Note(row["source"], Kind(row["kind"]), row["words"]) for row in rows]

    def note(self, note: Note, at: datetime) -> None:
        """Keep a note, in the place of the source's last one."""
        with self._state.changing() as database:
            row = (note.source, note.kind, note.words, int(at.timestamp()))
            database.execute("INSERT OR REPLACE INTO cut_short VALUES (?, ?, ?, ?)", row)

    def clear(self, source: str) -> None:
        """Take the source's note away."""
        with self._state.changing() as database:
            database.execute("DELETE FROM cut_short WHERE source = ?", (source,))

    @contextmanager
    def watching(self, source: str, at: datetime) -> Iterator[None]:
        """Note what ends the run inside, and let it through."""
        try:
            yield
        except StoreBusyError:
            # Another run is at work, and will say itself how it ends.
            raise
        except Exception as error:
            try:
                self.note(_told(source, error), at)
            except (sqlite3.Error, StoreDamagedError) as why:
                # Without any room, or in a state that is damaged itself, nothing can be kept.
                _LOG.warning("what ended the run of %s cannot be noted (%s)", source, type(why).__name__)
            raise
        self.clear(source)


def _told(source: str, error: Exception) -> Note:
    if isinstance(error, StoreFullError):
        return Note(source, Kind.DISK, str(error))
    if isinstance(error, StoreDamagedError):
        return Note(source, Kind.DAMAGED, str(error))
    if isinstance(error, OSError) and error.errno in OF_THE_DISK:
        return Note(source, Kind.DISK, f"{error.strerror}; what was stored is whole")
    # An error that nobody foresaw may hold anything.
    return Note(source, Kind.CRASHED, f"the run of {source} ended with {type(error).__name__}")
