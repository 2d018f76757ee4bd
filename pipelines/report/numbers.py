"""The headline numbers of a register: sums over local days, with how complete each is and how far it goes.

A number is always given with what it is made from, since a sum over a hole looks like thrift.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.registers import RESOLUTIONS
from schemas.time import DAY, Window, local_days, local_midnight

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from pipelines.report.gather import Point, Series

COMPARABLE: Final = 0.98
"""Two periods are compared where at least this share of each is there: less would compare holes."""

COUNTED_IN: Final = {"PT1H": "hours", "PT15M": "quarter-hours"}


@dataclass(frozen=True)
class Period:
    """Local days from `first` to `last`, both included."""

    first: date
    last: date

    def a_year_before(self) -> Period:
        """Return the same days of the calendar a year earlier; a 29 February becomes the 28th."""
        return Period(_year_before(self.first), _year_before(self.last))


@dataclass(frozen=True)
class Total:
    """What a register has of a period."""

    period: Period
    quantity: float | None
    """Sum of what is there; None where nothing is."""
    present: int
    possible: int
    """What may be known by now of the period, whenever the register began."""
    counted_in: str
    """What `present` and `possible` count: hours, quarter-hours, or days where a register serves only part of them."""
    settled_share: float
    until: datetime | None
    """Where the newest reading of the period ends."""

    @property
    def share(self) -> float:
        """How much of the period is there, 0 to 1."""
        return min(self.present / self.possible, 1.0) if self.possible else 0.0


@dataclass(frozen=True)
class Headline:
    """A number with the same days of the year before, where they can be compared."""

    title: str
    total: Total
    before: Total | None = None
    """The same days a year earlier; None where nothing is to be compared."""
    compared: Total | None = None
    """This year's side of the comparison: the whole days alone."""

    def change(self) -> float | None:
        """Return the change as a part of 1; None where one side is not complete enough to be compared."""
        before, now = self.before, self.compared
        if before is None or now is None or not before.quantity or now.quantity is None:
            return None
        return now.quantity / before.quantity - 1 if min(before.share, now.share) >= COMPARABLE else None


def headlines(point: Point, series: Series) -> list[Headline]:
    """Return today and this month, where a reading of them is there, yesterday, last month and the year."""
    today = Headline("Today so far", total(point, series, Period(point.today, point.today)))
    month = this_month(point, series)
    return [
        *([today] if today.total.present else []),
        yesterday(point, series),
        *([month] if month.total.present else []),
        _last_month(point, series),
        year_to_date(point, series),
    ]


def yesterday(point: Point, series: Series) -> Headline:
    """Return the last local day that is over."""
    day = point.today - DAY
    return Headline("Yesterday", total(point, series, Period(day, day)))


def this_month(point: Point, series: Series) -> Headline:
    """Return the month so far; its whole days are compared with the same days of last year."""
    first, newest = point.today.replace(day=1), newest_whole_day(point, series)
    title, now = f"{first:%B} so far", total(point, series, Period(first, point.today))
    return (
        _compared(point, series, Headline(title, now), Period(first, newest))
        if newest >= first
        else Headline(title, now)
    )


def _last_month(point: Point, series: Series) -> Headline:
    last = point.today.replace(day=1) - DAY
    period = Period(last.replace(day=1), last)
    return _compared(point, series, Headline(f"{last:%B}", total(point, series, period)), period)


def year_to_date(point: Point, series: Series) -> Headline:
    """Return the year to the newest whole day, against the year before to the same day."""
    newest = newest_whole_day(point, series)
    period = Period(newest.replace(month=1, day=1), newest)
    title = f"{newest.year} to {newest.day} {newest:%b}"
    return _compared(point, series, Headline(title, total(point, series, period)), period)


def newest_whole_day(point: Point, series: Series) -> date:
    """Return the newest local day before today that has a reading; yesterday where there is none."""
    days = series.days.filter(pl.col("present") > 0, pl.col("day") < point.today)
    newest = days["day"].max()
    return newest if isinstance(newest, date) else point.today - DAY


def total(point: Point, series: Series, period: Period) -> Total:
    """Sum up what is there of a period."""
    there = series.days.filter(pl.col("day").is_between(period.first, period.last), pl.col("present") > 0)
    interval = timedelta(seconds=RESOLUTIONS[series.status.resolution])
    newest = there["last_start"].max()
    until = newest.astimezone(UTC) + interval if isinstance(newest, datetime) else None
    present = int(there["present"].sum())
    window = _known_part(period, point.zone, max(point.expected_until, until or point.expected_until))
    in_days = series.status.sparse
    return Total(
        period=period,
        quantity=float(there["quantity"].sum()) if there.height else None,
        present=there.height if in_days else present,
        possible=len(list(local_days(window, point.zone))) if in_days else window.length // interval,
        counted_in="days" if in_days else COUNTED_IN[series.status.resolution],
        settled_share=int(there["settled"].sum()) / present if present else 0.0,
        until=until,
    )


def _known_part(period: Period, zone: ZoneInfo, known_until: datetime) -> Window:
    start, end = local_midnight(period.first, zone), local_midnight(period.last + DAY, zone)
    return Window(start, max(start, min(end, known_until)))


def _compared(point: Point, series: Series, shown: Headline, days: Period) -> Headline:
    before = total(point, series, days.a_year_before())
    return replace(shown, before=before, compared=total(point, series, days))


def _year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
