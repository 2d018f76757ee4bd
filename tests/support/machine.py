"""A machine whose time passes when told, with a rate budget on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from connectors.budget import Budget
from connectors.errors import TryLater

if TYPE_CHECKING:
    from pathlib import Path

HOUR: Final = timedelta(hours=1)
AT_ONCE: Final = timedelta(0)
NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Machine:
    """A machine whose time passes when told: since its start, and what its wall clock makes of it."""

    def __init__(self, path: Path, uptime: timedelta = timedelta(days=3)) -> None:
        """Start it so long ago."""
        self.path, self.uptime, self.wall, self.slept = path, uptime, NOW, AT_ONCE
        self.budget = Budget(path, lambda: self.wall, running=self.running, sleep=self.sleep)

    def running(self) -> int:
        """Return the nanoseconds since the start."""
        return self.uptime // timedelta(microseconds=1) * 1000

    def sleep(self, seconds: float) -> None:
        """Let time pass, and remember that it was slept."""
        self.slept += timedelta(seconds=seconds)
        self.passes(timedelta(seconds=seconds))

    def passes(self, time: timedelta) -> None:
        """Let time pass."""
        self.uptime += time
        self.wall += time

    def take(self, calls: int = 1, *, limit: int = 3, patience: timedelta = AT_ONCE, key: str = "key") -> None:
        """Take calls of an hourly budget."""
        for _ in range(calls):
            self.budget.take(key, limit=limit, period=HOUR, patience=patience)

    def wait(self) -> timedelta | None:
        """Take a call and return None, or return how long the budget wants it to wait."""
        try:
            self.take()
        except TryLater as later:
            return later.not_before - self.wall if later.not_before else None
        return None
