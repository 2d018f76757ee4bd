"""Requests for access to other people's readings: what was sent, and what the operator counts as false.

A request is written down before it is sent, in the one transaction that looks whether there is an attempt left. So two
processes never take the same last one, and one that dies in between leaves a request of which nobody knows whether it
arrived: it counts as spent, and is not sent again by itself. What became of access itself is not in here: the ledger
knows what was answered and what was turned down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import SecretStr

from connectors.base import Subject
from connectors.budget import fingerprint

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from datetime import date

    from connectors.access import AccessRequest
    from pipelines.store.state import State


class NoAttemptLeftError(Exception):
    """As many attempts as the settings allow are spent, or in the air."""


class AskedMeanwhileError(Exception):
    """Another process has asked for the same since it was looked up."""


class Outcome(StrEnum):
    """What became of a request."""

    SENT = "sent"
    """Nobody knows: no answer came, or the process died before it did."""
    TAKEN = "taken"
    FALSE = "false"


@dataclass(frozen=True)
class Attempt:
    """By whom an attempt is made, on which local day of the operator, and how many of them may be spent."""

    connection: str
    asker: str
    """By whom the operator counts."""
    day: date
    at: datetime
    limit: int


@dataclass(frozen=True)
class Requested:
    """The last request for a subject."""

    number: int
    at: datetime
    is_taken: bool
    """False where nobody knows whether the operator took it."""
    owner: str = field(repr=False)
    checked_at: datetime | None
    """When it was last looked whether there is access."""


class Requests:
    """One source's requests."""

    def __init__(self, state: State, source: str) -> None:
        """Bind the state to a source."""
        self._state, self._source = state, source

    def requested(self, connection: str) -> dict[Subject, Requested]:
        """Return everything that was asked for and not found false, by subject, with its last request."""
        with self._state.changing() as database:
            rows = database.execute(
                "SELECT * FROM access_requests JOIN access_subjects USING (number, source, connection)"
                " WHERE source = ? AND connection = ? ORDER BY number",
                (self._source, connection),
            )
            return {Subject(row["metering_point"], row["register"]): _requested(row) for row in rows}

    def claims(self) -> dict[Subject, str]:
        """Return the connection under which each subject was last asked for."""
        with self._state.changing() as database:
            rows = database.execute("SELECT * FROM access_subjects WHERE source = ? ORDER BY number", (self._source,))
            return {Subject(row["metering_point"], row["register"]): row["connection"] for row in rows}

    def connections(self) -> list[str]:
        """Return every connection, in the settings or not, under which a request was ever sent."""
        with self._state.changing() as database:
            rows = database.execute("SELECT DISTINCT connection FROM access_requests WHERE source = ?", (self._source,))
            return [row["connection"] for row in rows]

    def refused_at(self, request: AccessRequest) -> datetime | None:
        """Return when just this request was last found false; None where it never was."""
        with self._state.changing() as database:
            (at,) = database.execute(
                "SELECT max(sent_at) FROM access_requests WHERE source = ? AND outcome = ? AND digest = ?",
                (self._source, Outcome.FALSE, _digest(request)),
            ).fetchone()
        return None if at is None else datetime.fromtimestamp(at, UTC)

    def spent(self, asker: str, day: date) -> int:
        """Return how many attempts of a day are spent: found false, or of unknown end."""
        with self._state.changing() as database:
            return self._spent(database, asker, day)

    def _spent(self, database: sqlite3.Connection, asker: str, day: date) -> int:
        (spent,) = database.execute(
            "SELECT count(*) FROM access_requests WHERE source = ? AND asker = ? AND day = ? AND outcome != ?",
            (self._source, _key(asker), day.isoformat(), Outcome.TAKEN),
        ).fetchone()
        return int(spent)

    def reserve(self, attempt: Attempt, request: AccessRequest, known: Mapping[Subject, Requested]) -> int:
        """Write a request down as sent, before it is, and return its number; `known` is what it was checked against.

        Raises:
            NoAttemptLeftError: the day's attempts are spent.
            AskedMeanwhileError: it is not as it was when it was checked.
        """
        last = max((requested.number for requested in known.values()), default=0)
        with self._state.changing() as database:
            database.execute("BEGIN IMMEDIATE")
            if self._spent(database, attempt.asker, attempt.day) >= attempt.limit:
                raise NoAttemptLeftError
            newer = database.execute(
                "SELECT metering_point, register FROM access_subjects"
                " WHERE source = ? AND connection = ? AND number > ?",
                (self._source, attempt.connection, last),
            )
            if {Subject(*row) for row in newer}.intersection(request.subjects):
                raise AskedMeanwhileError
            inserted = database.execute(
                "INSERT INTO access_requests (source, connection, asker, day, sent_at, outcome, digest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    self._source,
                    attempt.connection,
                    _key(attempt.asker),
                    attempt.day.isoformat(),
                    int(attempt.at.timestamp()),
                    Outcome.SENT,
                    _digest(request),
                ),
            )
            number = int(inserted.lastrowid or 0)
            database.executemany(
                "INSERT INTO access_subjects VALUES (?, ?, ?, ?, ?, ?, NULL)",
                [
                    (number, self._source, attempt.connection, each.metering_point, each.register, request.owner)
                    for each in request.subjects
                ],
            )
        return number

    def taken(self, number: int) -> None:
        """Record that the operator took a request: it was no false attempt."""
        with self._state.changing() as database:
            database.execute("UPDATE access_requests SET outcome = ? WHERE number = ?", (Outcome.TAKEN, number))

    def refused(self, number: int) -> None:
        """Record that the operator found a request false: nothing was asked for, and an attempt is spent."""
        with self._state.changing() as database:
            database.execute("DELETE FROM access_subjects WHERE number = ?", (number,))
            database.execute("UPDATE access_requests SET outcome = ? WHERE number = ?", (Outcome.FALSE, number))

    def released(self, number: int) -> None:
        """Forget a request that was not sent after all, or not looked at."""
        with self._state.changing() as database:
            database.execute("DELETE FROM access_subjects WHERE number = ?", (number,))
            database.execute("DELETE FROM access_requests WHERE number = ?", (number,))

    def checked(self, connection: str, subjects: Iterable[Subject], at: datetime) -> None:
        """Record that it was looked whether there is access to these."""
        with self._state.changing() as database:
            database.executemany(
                "UPDATE access_subjects SET checked_at = ?"
                " WHERE source = ? AND connection = ? AND metering_point = ? AND register = ?",
                [
                    (int(at.timestamp()), self._source, connection, subject.metering_point, subject.register)
                    for subject in subjects
                ],
            )


def _requested(row: sqlite3.Row) -> Requested:
    checked_at = row["checked_at"]
    return Requested(
        number=row["number"],
        at=datetime.fromtimestamp(row["sent_at"], UTC),
        is_taken=row["outcome"] == Outcome.TAKEN,
        owner=row["owner"],
        checked_at=None if checked_at is None else datetime.fromtimestamp(checked_at, UTC),
    )


def _key(asker: str) -> str:
    return fingerprint(SecretStr(asker))


def _digest(request: AccessRequest) -> str:
    parts = (request.owner, request.owner_id, *request.metering_points, *request.registers)
    return fingerprint(SecretStr("\n".join(parts)))
