"""Instants, half-open windows and the operator's local calendar.

Instants are aware and UTC. A local day, month or year belongs to an operator's zone; a local day has
23, 24 or 25 hours. Nothing here reads a clock: `utc_now` is the one place that does, and its value is
passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def utc_now() -> datetime:
    """Return the machine's clock; nothing else in the product decides what time it is."""
    return datetime.now(UTC)


@dataclass(frozen=True, order=True)
class Window:
    """A half-open span `[start, end)` of UTC instants; empty where `end` is not after `start`.

    Raises:
        ValueError: a bound is naive or carries another zone than UTC. (Subtracting two datetimes of one
            zone is wall-clock arithmetic in Python, an hour off across a clock change, so local bounds
            never get in here.)
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse bounds that are not UTC."""
        for bound in (self.start, self.end):
            if bound.tzinfo is not UTC:
                msg = f"a window is bounded by UTC instants, not {bound!r}"
                raise ValueError(msg)

    def __bool__(self) -> bool:
        """Tell whether there is any time in the window."""
        return self.start < self.end

    def __str__(self) -> str:
        """Write both ends as ISO 8601."""
        return f"{self.start.isoformat()}/{self.end.isoformat()}"

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """Both ends, for whoever writes them down."""
        return self.start, self.end

    @property
    def length(self) -> timedelta:
        """Elapsed time, never wall-clock time."""
        return self.end - self.start

    def clip(self, other: Window) -> Window:
        """Return what both windows share; empty where they share nothing."""
        start = max(self.start, other.start)
        return Window(start, max(start, min(self.end, other.end)))

    def covers(self, other: Window) -> bool:
        """Tell whether the other window lies wholly in this one."""
        return self.start <= other.start and other.end <= self.end

    def minus(self, others: Iterable[Window]) -> Iterator[Window]:
        """Yield what is left of this window once the others are cut out, in order."""
        start = self.start
        for other in sorted(others):
            if not other or other.end <= start:
                continue
            if other.start >= self.end:
                break
            if start < other.start:
                yield Window(start, other.start)
            start = other.end
        if start < self.end:
            yield Window(start, self.end)


def floor_hour(instant: datetime) -> datetime:
    """Return the last whole hour at or before the instant."""
    return instant.replace(minute=0, second=0, microsecond=0)


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which the local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the local calendar day in which the instant lies."""
    return instant.astimezone(zone).date()


def local_days(window: Window, zone: ZoneInfo) -> Iterator[date]:
    """Yield every local day that the window touches."""
    if not window:
        return
    day, last = local_day(window.start, zone), local_day(window.end - timedelta.resolution, zone)
    while day <= last:
        yield day
        day += DAY


def day_window(day: date, zone: ZoneInfo) -> Window:
    """Return the 23, 24 or 25 hours of a local day."""
    return Window(local_midnight(day, zone), local_midnight(day + DAY, zone))


def year_window(year: int, zone: ZoneInfo) -> Window:
    """Return a local calendar year."""
    return Window(local_midnight(date(year, 1, 1), zone), local_midnight(date(year + 1, 1, 1), zone))


def next_month(day: date) -> date:
    """Return the first day of the following calendar month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def month_window(month: date, zone: ZoneInfo) -> Window:
    """Return the local calendar month in which the day lies."""
    first = month.replace(day=1)
    return Window(local_midnight(first, zone), local_midnight(next_month(first), zone))


def local_months(window: Window, zone: ZoneInfo) -> Iterator[date]:
    """Yield the first day of every local month that the window touches."""
    if not window:
        return
    month = local_day(window.start, zone).replace(day=1)
    last = local_day(window.end - timedelta.resolution, zone)
    while month <= last:
        yield month
        month = next_month(month)


def years_before(instant: datetime, years: int, zone: ZoneInfo) -> datetime:
    """Return the instant that many calendar years earlier by the local clock (29 February gives the 28th)."""
    local = instant.astimezone(zone)
    day = local.date()
    try:
        earlier = day.replace(year=day.year - years)
    except ValueError:
        earlier = day.replace(year=day.year - years, day=28)
    return local.replace(year=earlier.year, month=earlier.month, day=earlier.day).astimezone(UTC)
