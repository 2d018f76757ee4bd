"""A log of two months, and an answer that changes all of them: what the tests kill processes at."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from connectors.base import Feed
from pipelines.store.log import Log
from tests.schemas.answers import Told, answer

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

OSLO: Final = ZoneInfo("Europe/Oslo")
EARLIER: Final = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)
LATER: Final = EARLIER + timedelta(days=1)
MONTHS: Final = [date(2026, 3, 1), date(2026, 4, 1)]


def log(folder: Path) -> Log:
    """Return the log in a folder."""
    return Log(folder, "elvia", Feed.READINGS, OSLO)


def first_answer() -> pl.DataFrame:
    """Return every second hour of the two months, provisional."""
    return answer(*(Told(hour, hour / 8) for hour in range(0, 60 * 24, 2)))


def second_answer() -> pl.DataFrame:
    """Return most hours of the two months, some new, some corrected, some confirmed, some as they were."""
    told = [Told(hour, hour / 8 + (hour % 14 == 0), settled=hour % 3 == 0) for hour in range(60 * 24) if hour % 5]
    return answer(*told)


def hours(count: int) -> pl.DataFrame:
    """Return the first hours of March, one kilowatt-hour each."""
    return answer(*(Told(hour, 1.0) for hour in range(count)))
