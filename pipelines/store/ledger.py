"""The ledger: which windows were asked with success, and when; and how each connection is doing.

There is no high-water mark. For every subject (a metering point, or one register of it) and feed the ledger holds
a step function of time: when was this interval last asked for? A failed call is not in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors.base import Subject
from pipelines.store.contact import Contact
from schemas.time import Window

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from connectors.base import Feed
    from connectors.errors import OutsideError
    from pipelines.store.state import State
    from schemas.settlement import FlagVerdict


@dataclass(frozen=True)
class Asked:
    """A window and the instant at which it was last asked for with success."""

    window: Window
    at: datetime


@dataclass(frozen=True)
class Credit:
    """A successful ask, to be recorded once what it brought is in the store."""

    feed: Feed
    subjects: tuple[Subject, ...]
    asked: Asked


def _seconds(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.timestamp())


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _subject(row: sqlite3.Row) -> Subject:
    return Subject(row["metering_point"], row["register"])


def _window(row: sqlite3.Row) -> Window:
    return Window(datetime.fromtimestamp(row["start"], UTC), datetime.fromtimestamp(row["end"], UTC))


class Ledger:
    """One source's part of the state."""

    def __init__(self, state: State, source: str) -> None:
        """Bind the state to a source."""
        self._state = state
        self._source = source

    def asked(self, connection: str, feed: Feed) -> dict[Subject, list[Asked]]:
        """Return the step function of every subject, in order of time."""
        found: dict[Subject, list[Asked]] = {}
        with self._state.changing() as database:
            for row in database.execute(
                "SELECT * FROM asked WHERE source = ? AND connection = ? AND feed = ?"
                " ORDER BY metering_point, register, start",
                (self._source, connection, feed.value),
            ):
                asked_at = datetime.fromtimestamp(row["asked_at"], UTC)
                found.setdefault(_subject(row), []).append(Asked(_window(row), asked_at))
        return found

    def metering_points(self, connection: str) -> dict[str, datetime]:
        """Return every metering point that the connection ever answered for, with when it last did."""
        found: dict[str, datetime] = {}
        for subject, last_seen in self.known(connection).items():
            found[subject.metering_point] = max(last_seen, found.get(subject.metering_point, last_seen))
        return found

    def known(self, connection: str) -> dict[Subject, datetime]:
        """Return every subject that the connection ever answered for, with when it last did."""
        return self._answered(connection, "last_seen")

    def readable_since(self, connection: str) -> dict[Subject, datetime]:
        """Return every subject that ever answered, with when it first did: at all, or after it was turned down."""
        return self._answered(connection, "first_seen")

    def _answered(self, connection: str, when: str) -> dict[Subject, datetime]:
        with self._state.changing() as database:
            rows = database.execute(
                "SELECT * FROM metering_points WHERE source = ? AND connection = ?", (self._source, connection)
            )
            return {_subject(row): datetime.fromtimestamp(row[when], UTC) for row in rows}

    def turned_down(self, connection: str) -> dict[Subject, datetime]:
        """Return every subject of which the operator last said that it has none, or shows none; with when."""
        with self._state.changing() as database:
            rows = database.execute(
                "SELECT * FROM turned_down WHERE source = ? AND connection = ?", (self._source, connection)
            )
            return {_subject(row): datetime.fromtimestamp(row["at"], UTC) for row in rows}

    def no_longer_read(self) -> list[Subject]:
        """Return every subject that answered once, and that the connection it answered is turned down for now."""
        with self._state.changing() as database:
            rows = database.execute(
                "SELECT * FROM turned_down JOIN metering_points USING (source, connection, metering_point, register)"
                " WHERE source = ?",
                (self._source,),
            )
            return [_subject(row) for row in rows]

    def owners(self) -> dict[str, list[str]]:
        """Return the connections that each metering point was seen under."""
        found: dict[str, list[str]] = {}
        with self._state.changing() as database:
            for row in database.execute(
                "SELECT DISTINCT metering_point, connection FROM metering_points WHERE source = ? ORDER BY connection",
                (self._source,),
            ):
                found.setdefault(row["metering_point"], []).append(row["connection"])
        return found

    def credit(self, connection: str, asks: Iterable[Credit]) -> None:
        """Record successful asks, all or none; a later one takes the place of those before it where they overlap."""
        with self._state.changing() as database:
            for credit in asks:
                for subject in credit.subjects:
                    key = (self._source, connection, credit.feed.value, subject.metering_point, subject.register)
                    self._credit(database, key, credit.asked)

    def _credit(self, database: sqlite3.Connection, key: tuple[str, ...], asked: Asked) -> None:
        where = "source = ? AND connection = ? AND feed = ? AND metering_point = ? AND register = ?"
        start, end, at = _seconds(asked.window.start), _seconds(asked.window.end), _seconds(asked.at)
        overlapping = database.execute(
            f"SELECT * FROM asked WHERE {where} AND start < ? AND end > ?",  # noqa: S608 - a constant
            (*key, end, start),
        ).fetchall()
        database.execute(f"DELETE FROM asked WHERE {where} AND start < ? AND end > ?", (*key, end, start))  # noqa: S608
        pieces = [(start, end, at)]
        for row in overlapping:
            pieces += [
                (_seconds(left.start), _seconds(left.end), row["asked_at"])
                for left in _window(row).minus([asked.window])
            ]
        database.executemany("INSERT INTO asked VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [(*key, *piece) for piece in pieces])

    def seen(self, connection: str, subjects: Iterable[Subject], at: datetime) -> None:
        """Record that the connection answered for these subjects."""
        keys = [(self._source, connection, subject.metering_point, subject.register) for subject in subjects]
        with self._state.changing() as database:
            database.executemany(
                "INSERT INTO metering_points VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET last_seen = excluded.last_seen,"
                " first_seen = iif((source, connection, metering_point, register) IN"
                " (SELECT source, connection, metering_point, register FROM turned_down),"
                " excluded.first_seen, first_seen)",
                [(*key, _seconds(at), _seconds(at)) for key in keys],
            )
            database.executemany(
                "DELETE FROM turned_down WHERE source = ? AND connection = ? AND metering_point = ? AND register = ?",
                keys,
            )

    def turn_down(self, connection: str, subjects: Iterable[Subject], at: datetime) -> None:
        """Record that the operator has nothing on these subjects, or shows nothing."""
        with self._state.changing() as database:
            database.executemany(
                "INSERT OR REPLACE INTO turned_down VALUES (?, ?, ?, ?, ?)",
                [
                    (self._source, connection, subject.metering_point, subject.register, _seconds(at))
                    for subject in subjects
                ],
            )

    def forget_points(self, connection: str, metering_points: Iterable[str]) -> None:
        """Stop asking for metering points that the connection no longer covers; what was asked stays on record."""
        with self._state.changing() as database:
            database.executemany(
                "DELETE FROM metering_points WHERE source = ? AND connection = ? AND metering_point = ?",
                [(self._source, connection, point) for point in metering_points],
            )

    def connections(self) -> list[str]:
        """Return every connection that was ever run, in the settings or not."""
        with self._state.changing() as database:
            rows = database.execute(
                "SELECT connection FROM contacts WHERE source = ? ORDER BY connection", (self._source,)
            )
            return [row["connection"] for row in rows]

    def targets(self) -> list[str]:
        """Return every database that anything of the source was ever loaded into."""
        with self._state.changing() as database:
            rows = database.execute(
                "SELECT DISTINCT target FROM loaded WHERE source = ? ORDER BY target", (self._source,)
            )
            return [row["target"] for row in rows]

    def belongs(self, connections: Iterable[str], target: str) -> None:
        """Record the database that the connections' readings belong to."""
        with self._state.changing():
            for connection in connections:
                self._set(connection, target=target)

    def belonging(self, target: str) -> list[str]:
        """Return every connection, in the settings or not, whose readings belong to a database."""
        with self._state.changing() as database:
            rows = database.execute(
                "SELECT connection FROM contacts WHERE source = ? AND target = ? ORDER BY connection",
                (self._source, target),
            )
            return [row["connection"] for row in rows]

    def contact(self, connection: str) -> Contact:
        """Return how the connection is doing."""
        with self._state.changing() as database:
            row = database.execute(
                "SELECT * FROM contacts WHERE source = ? AND connection = ?", (self._source, connection)
            ).fetchone()
        if row is None:
            return Contact()
        return Contact(
            greeted_by=row["greeted_by"],
            greeted_at=_instant(row["greeted_at"]),
            dead=row["dead"],
            well_at=_instant(row["well_at"]),
            failed_at=_instant(row["failed_at"]),
            cause=row["cause"],
            words=row["words"],
            not_before=_instant(row["not_before"]),
            nulls=row["nulls"],
            unfamiliar=json.loads(row["unfamiliar"] or "{}"),
        )

    def greeted(self, connection: str, fingerprint: str, at: datetime) -> None:
        """Record that the newest day was answered to this credential."""
        self._set(connection, greeted_by=fingerprint, greeted_at=_seconds(at), dead=None)

    def went_well(self, connection: str, at: datetime) -> None:
        """Record a run without a failure."""
        self._set(connection, well_at=_seconds(at), failed_at=None, cause=None, words=None, not_before=None)

    def counted(self, connection: str, nulls: int, unfamiliar: Mapping[str, int]) -> None:
        """Record how many rows had no value, and how many are provisional by a word that nobody knows."""
        self._set(connection, nulls=nulls, unfamiliar=json.dumps(dict(unfamiliar)))

    def failed(self, connection: str, error: OutsideError, at: datetime, *, dead: str | None = None) -> None:
        """Record a failure: whose turn it is, before when nothing may be asked, and which credential is dead."""
        self._set(
            connection,
            dead=dead,
            failed_at=_seconds(at),
            cause=error.cause,
            words=str(error),
            not_before=_seconds(getattr(error, "not_before", None)),
        )

    def _set(self, connection: str, **columns: object) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        with self._state.changing() as database:
            key = (self._source, connection)
            database.execute("INSERT OR IGNORE INTO contacts (source, connection) VALUES (?, ?)", key)
            database.execute(
                f"UPDATE contacts SET {names} WHERE source = ? AND connection = ?",  # noqa: S608 - our own names
                (*columns.values(), *key),
            )

    def flags(self) -> dict[str, FlagVerdict]:
        """Return the verdict on every metering point's flag."""
        from schemas.settlement import FlagVerdict  # noqa: PLC0415 - the ledger is read without polars

        with self._state.changing() as database:
            rows = database.execute("SELECT * FROM flags WHERE source = ?", (self._source,))
            return {row["metering_point"]: FlagVerdict(bool(row["mute"]), row["reason"]) for row in rows}

    def judge_flags(self, verdicts: dict[str, FlagVerdict]) -> None:
        """Record the verdicts on metering points' flags."""
        with self._state.changing() as database:
            database.executemany(
                "INSERT OR REPLACE INTO flags VALUES (?, ?, ?, ?)",
                [(self._source, point, verdict.mute, verdict.reason) for point, verdict in verdicts.items()],
            )
