"""How many calls a credential may still make: counted in one SQLite file, so that it survives processes.

Operators count in real time, and the machine's clock may jump: a Raspberry Pi wakes up in the past. So a call's age
is taken by the clock that only ever runs forward, since the machine's start. A call that seems to lie ahead of it was
made before the last start, and counts as made at that start. Either way a call never looks older than it is, so the
limit holds in every real period; and no wait is longer than one period.
"""

from __future__ import annotations

import hashlib
import math
import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors.errors import TryLater
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from pydantic import SecretStr

_RUNNING_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux's goes on while the machine sleeps; where there is none, a sleep only makes calls look younger."""
_LOCK_TIMEOUT_S: Final = 30.0
_SECOND: Final = 1_000_000_000
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS calls (
        key TEXT NOT NULL,
        made INTEGER NOT NULL,  -- nanoseconds since the machine's start
        counts INTEGER NOT NULL -- for so many nanoseconds
    )
"""


def since_start() -> int:
    """Return the nanoseconds since the machine's start: equal in all its processes, and never set back."""
    return time.clock_gettime_ns(_RUNNING_CLOCK)


def fingerprint(secret: SecretStr) -> str:
    """Return a key that stands for a credential: equal for equal ones, and no way back.

    A plain hash is enough for the tokens and keys that operators issue: their randomness is far beyond guessing,
    with or without a salt. For a password that somebody has thought up it would not be.
    """
    return hashlib.sha256(b"wattline budget\0" + secret.get_secret_value().encode()).hexdigest()[:16]


class Budget:
    """Calls made lately, per key. For any number of processes and threads; the file is its owner's alone."""

    def __init__(
        self,
        path: Path,
        now: Callable[[], datetime] = utc_now,
        *,
        running: Callable[[], int] = since_start,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Remember where; the file is made by the first call.

        Args:
            path: the file.
            now: the clock, used to put an announced wait into words and nothing else.
            running: nanoseconds since the machine's start.
            sleep: waits so many seconds.
        """
        self._path, self._now, self._running, self._sleep = path, now, running, sleep

    def take(self, key: str, *, limit: int, period: timedelta, patience: timedelta = timedelta(seconds=60)) -> None:
        """Record one call; where none is left, wait for it.

        Args:
            key: whose budget; a `fingerprint`, never the credential itself.
            limit: how many calls, at least 1 ...
            period: ... in any span of this length.
            patience: how long to wait at most, all in all.

        Raises:
            TryLater: the wait would be longer than that; nothing is recorded.
        """
        give_up = self._running() + _nanoseconds(patience)
        while wait := self._wait(key, limit, _nanoseconds(period)):
            if self._running() + wait > give_up:
                not_before = self._now() + timedelta(seconds=math.ceil(wait / _SECOND))
                until = not_before.isoformat(timespec="seconds")
                message = f"the budget of {limit} calls in {period} is used up, not before {until}"
                raise TryLater(message, not_before=not_before)
            self._sleep(wait / _SECOND)

    def left(self, key: str, *, limit: int, period: timedelta) -> int:
        """Return how many calls may be made now."""
        with self._calls() as (calls, now):
            return max(0, limit - len(_made_since(calls, key, now - _nanoseconds(period))))

    def _wait(self, key: str, limit: int, period: int) -> int:
        """Record a call and return 0, or return the nanoseconds until one may be made."""
        with self._calls() as (calls, now):
            made = _made_since(calls, key, now - period)
            if len(made) >= limit:
                return made[-limit] + period - now
            calls.execute("INSERT INTO calls VALUES (?, ?, ?)", (key, now, period))
            return 0

    @contextmanager
    def _calls(self) -> Iterator[tuple[sqlite3.Connection, int]]:
        """Lock the calls that still count; the time is read under the lock, so that it rises from call to call."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        with closing(sqlite3.connect(self._path, timeout=_LOCK_TIMEOUT_S, isolation_level=None)) as calls:
            calls.execute("PRAGMA secure_delete = ON")
            calls.execute("BEGIN IMMEDIATE")
            calls.execute(_SCHEMA)
            now = self._running()
            calls.execute("UPDATE calls SET made = 0 WHERE made > ?", (now,))
            calls.execute("DELETE FROM calls WHERE made + counts <= ?", (now,))
            yield calls, now
            calls.execute("COMMIT")


def _made_since(calls: sqlite3.Connection, key: str, start: int) -> list[int]:
    rows = calls.execute("SELECT made FROM calls WHERE key = ? AND made > ? ORDER BY made", (key, start))
    return [made for (made,) in rows]


def _nanoseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1) * 1000
