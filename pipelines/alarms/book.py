"""What was told, and what is still to be delivered, in the state file. For the holder of the alarms' lock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from connectors.errors import OutsideError
from connectors.messages.message import Message
from pipelines.alarms import words
from pipelines.alarms.kind import Kind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from connectors.messages.message import Way
    from pipelines.alarms.causes import Cause, Key
    from pipelines.store.state import State


@dataclass(frozen=True)
class Undelivered:
    """A message that has not reached everybody yet, and what happened at the last attempt."""

    message: Message
    problem: str | None

    def __str__(self) -> str:
        """Say it in a line."""
        why = self.problem or "not tried yet"
        return f"{self.message.title} ({self.message.at:%Y-%m-%d %H:%M} UTC): {why}"


class Book:
    """The open causes and the undelivered messages."""

    def __init__(self, state: State) -> None:
        """Bind the state."""
        self._state = state

    def keep(self, found: Sequence[Cause], is_judged: Callable[[Key], bool], at: datetime, *, tell: bool) -> None:
        """Bring the book to what was found, and write the messages on what has changed: all of it or nothing.

        Args:
            found: what is wrong now.
            is_judged: whether a cause is over that was not found; others are left as they are.
            at: the instant of looking.
            tell: whether there is anybody to tell; what nobody is told of stays to be told.
        """
        with self._state.changing() as database:
            if not tell:
                database.execute("DELETE FROM messages")
                database.execute("UPDATE alarms SET told = 0")
            rows = {_key(row): row for row in database.execute("SELECT * FROM alarms ORDER BY scope, kind, about")}
            now = {cause.key: cause for cause in found}
            gone = [row for key, row in rows.items() if key not in now and is_judged(key)]
            new = [cause for key, cause in sorted(now.items()) if key not in rows or not rows[key]["told"]]
            database.executemany("DELETE FROM alarms WHERE scope = ? AND kind = ? AND about = ?", map(_key, gone))
            database.executemany(
                "INSERT INTO alarms VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET told = excluded.told",
                [(*cause.key, int(at.timestamp()), tell) for cause in new],
            )
            if tell:
                messages = [*_over([row for row in gone if row["told"]], at), *_begun(new, at)]
                database.executemany(
                    "INSERT INTO messages (message, reached) VALUES (?, '[]')",
                    [(message.encoded().decode(),) for message in messages],
                )

    def deliver(self, ways: Sequence[Way]) -> list[str]:
        """Try to deliver every message that has not reached everybody yet; return what went wrong, a line each way.

        What has reached one way is never sent there again, whatever becomes of the others.
        """
        problems: dict[str, str] = {}
        for number, message, reached in self._pending():
            for way in ways:
                if way.name in reached or way.name in problems:
                    continue
                try:
                    way.send(message)
                except OutsideError as error:
                    problems[way.name] = str(error)
                else:
                    reached.add(way.name)
                    self._reached(number, reached)
            lacking = [way.name for way in ways if way.name not in reached]
            self._ended(number, "; ".join(problems[name] for name in lacking) if lacking else None)
        return list(problems.values())

    def undelivered(self) -> list[Undelivered]:
        """Return what has not reached everybody yet, the oldest first."""
        with self._state.changing() as database:
            rows = database.execute("SELECT * FROM messages ORDER BY number").fetchall()
        return [Undelivered(Message.decoded(row["message"].encode()), row["problem"]) for row in rows]

    def is_empty(self) -> bool:
        """Tell whether nothing is wrong with the pipeline itself, and nothing is left to tell."""
        wrong = "SELECT 1 FROM alarms WHERE kind <> ? UNION ALL SELECT 1 FROM messages"
        with self._state.changing() as database:
            # Access that an owner has ended stays so, and all the rest goes on.
            rows = database.execute(wrong, (Kind.ACCESS.value,)).fetchone()
        return rows is None

    def _pending(self) -> list[tuple[int, Message, set[str]]]:
        with self._state.changing() as database:
            rows = database.execute("SELECT * FROM messages ORDER BY number").fetchall()
        return [
            (row["number"], Message.decoded(row["message"].encode()), set(json.loads(row["reached"]))) for row in rows
        ]

    def _reached(self, number: int, reached: Iterable[str]) -> None:
        with self._state.changing() as database:
            value = json.dumps(sorted(reached))
            database.execute("UPDATE messages SET reached = ? WHERE number = ?", (value, number))

    def _ended(self, number: int, problem: str | None) -> None:
        with self._state.changing() as database:
            if problem is None:
                database.execute("DELETE FROM messages WHERE number = ?", (number,))
            else:
                database.execute("UPDATE messages SET problem = ? WHERE number = ?", (problem, number))


def _key(row: sqlite3.Row) -> Key:
    return row["scope"], row["kind"], row["about"]


def _begun(causes: Sequence[Cause], at: datetime) -> list[Message]:
    """Write the messages on what has begun; the causes are sorted by scope and kind."""
    groups = groupby(causes, key=lambda cause: (cause.scope, cause.kind))
    return [words.begun(list(together), at) for _, together in groups]


def _over(rows: Sequence[sqlite3.Row], at: datetime) -> list[Message]:
    """Write the messages on what is over; the rows are sorted by scope and kind."""
    messages = []
    for (scope, kind), together in groupby(rows, key=lambda row: (row["scope"], row["kind"])):
        those = list(together)
        since = datetime.fromtimestamp(min(row["since"] for row in those), UTC)
        messages.append(words.over(Kind(kind), scope, [row["about"] for row in those], since, at))
    return messages
