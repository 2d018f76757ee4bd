"""Which statements were issued: when, and how far the month's log of readings had come, by connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.store.state import State


@dataclass(frozen=True)
class Issued:
    """A statement: when it was issued, and the newest row of the month's log that it told."""

    at: datetime
    seq: int
    """Exact: rows that come later have a higher one, though their `known_at` may be the same."""
    known_at: datetime
    """Of the row with that `seq`: a store that was put back from a backup gives numbers out again, but later."""


class Statements:
    """One source's part of the state."""

    def __init__(self, state: State, source: str) -> None:
        """Bind the state to a source."""
        self._state, self._source = state, source

    def last(self, month: date) -> dict[str, Issued]:
        """Return the last statement of a month that was issued of each connection."""
        with self._state.changing() as database:
            rows = database.execute(
                "SELECT * FROM statements WHERE source = ? AND month = ?", (self._source, month.isoformat())
            )
            return {
                row["connection"]: Issued(
                    datetime.fromtimestamp(row["issued_at"], UTC), row["seq"], datetime.fromisoformat(row["known_at"])
                )
                for row in rows
            }

    def issue(self, month: date, connections: Iterable[str], issued: Issued) -> None:
        """Record a statement of these connections, all or none; it takes the place of the one before."""
        at, known_at = int(issued.at.timestamp()), issued.known_at.astimezone(UTC).isoformat()
        with self._state.changing() as database:
            database.executemany(
                "INSERT OR REPLACE INTO statements VALUES (?, ?, ?, ?, ?, ?)",
                [(self._source, name, month.isoformat(), at, issued.seq, known_at) for name in connections],
            )
