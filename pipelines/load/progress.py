"""What a target has acknowledged: progress belongs to one database, known by its URL, name and marker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.store.state import State


@dataclass(frozen=True)
class RefusedKept:
    """A line that the database refused, set aside with its words."""

    connection: str
    line: str
    words: str


@dataclass(frozen=True)
class Acknowledged:
    """How far a part of a month is in the target, and how the last comparison went."""

    seq: int = 0
    digest: str | None = None
    compared_at: datetime | None = None
    difference: str | None = None
    refused: int = 0
    """Lines of the part that the database refused when it was last sent."""


class Progress:
    """One target's and one source's part of the state."""

    def __init__(self, state: State, target: str, source: str) -> None:
        """Bind the state to a target and a source."""
        self._state, self._target, self._source = state, target, source

    def marker(self) -> str | None:
        """Return the marker that was written into this target."""
        with self._state.changing() as database:
            row = database.execute("SELECT marker FROM targets WHERE target = ?", (self._target,)).fetchone()
        return row["marker"] if row else None

    def begin_anew(self) -> None:
        """Forget all that the target ever acknowledged, for every source."""
        with self._state.changing() as database:
            for table in ("loaded", "refused", "targets"):
                database.execute(f"DELETE FROM {table} WHERE target = ?", (self._target,))  # noqa: S608 - our own names

    def bind(self, marker: str) -> None:
        """Remember the marker that was written into the target."""
        with self._state.changing() as database:
            database.execute("INSERT OR IGNORE INTO targets (target) VALUES (?)", (self._target,))
            database.execute("UPDATE targets SET marker = ? WHERE target = ?", (marker, self._target))

    def failure(self) -> str | None:
        """Return why the last load failed as a whole; None where it did not."""
        with self._state.changing() as database:
            row = database.execute("SELECT words FROM targets WHERE target = ?", (self._target,)).fetchone()
        return row["words"] if row else None

    def ended(self, words: str | None, at: datetime) -> None:
        """Record how a load ended: why it failed as a whole, or None."""
        failed_at = None if words is None else int(at.timestamp())
        with self._state.changing() as database:
            database.execute("INSERT OR IGNORE INTO targets (target) VALUES (?)", (self._target,))
            database.execute(
                "UPDATE targets SET failed_at = ?, words = ? WHERE target = ?", (failed_at, words, self._target)
            )

    def acknowledged(self) -> dict[tuple[str, date], Acknowledged]:
        """Return the progress of every part and month."""
        with self._state.changing() as database:
            rows = database.execute(
                "SELECT * FROM loaded WHERE target = ? AND source = ?", (self._target, self._source)
            ).fetchall()
            refused = {
                (row["part"], row["month"]): row["lines"]
                for row in database.execute(
                    "SELECT part, month, count(*) AS lines FROM refused WHERE target = ? AND source = ? GROUP BY 1, 2",
                    (self._target, self._source),
                )
            }
        return {
            (row["part"], date.fromisoformat(row["month"])): Acknowledged(
                seq=row["seq"] or 0,
                digest=row["digest"],
                compared_at=datetime.fromtimestamp(row["compared_at"], UTC) if row["compared_at"] else None,
                difference=row["difference"],
                refused=refused.get((row["part"], row["month"]), 0),
            )
            for row in rows
        }

    def acknowledge(
        self,
        part: str,
        month: date,
        refused: Iterable[RefusedKept],
        at: datetime,
        *,
        seq: int | None = None,
        digest: str | None = None,
    ) -> None:
        """Record what the database has answered for, and set aside what it refused of it."""
        key = (self._target, self._source, part, month.isoformat())
        with self._state.changing() as database:
            database.execute("INSERT OR REPLACE INTO loaded VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)", (*key, seq, digest))
            database.execute("DELETE FROM refused WHERE target = ? AND source = ? AND part = ? AND month = ?", key)
            database.executemany(
                "INSERT INTO refused VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(*key, line.connection, line.line, line.words, int(at.timestamp())) for line in refused],
            )

    def compared(self, part: str, month: date, at: datetime, difference: str | None) -> None:
        """Record a comparison of the month with the store; `difference` is None where they are equal."""
        with self._state.changing() as database:
            database.execute(
                "UPDATE loaded SET compared_at = ?, difference = ? "
                "WHERE target = ? AND source = ? AND part = ? AND month = ?",
                (int(at.timestamp()), difference, self._target, self._source, part, month.isoformat()),
            )

    def refused(self) -> list[RefusedKept]:
        """Return the lines that the target refused and that nothing has replaced since."""
        with self._state.changing() as database:
            rows = database.execute(
                "SELECT * FROM refused WHERE target = ? AND source = ? ORDER BY line", (self._target, self._source)
            )
            return [RefusedKept(row["connection"], row["line"], row["words"]) for row in rows]
