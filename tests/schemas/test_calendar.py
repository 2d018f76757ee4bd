"""The operator's calendar: local days, months and years, through every clock change."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.time import (
    DAY,
    HOUR,
    Window,
    day_window,
    floor_hour,
    local_day,
    local_days,
    local_midnight,
    local_months,
    month_window,
    next_month,
    utc_now,
    year_window,
    years_before,
)

OSLO: Final = ZoneInfo("Europe/Oslo")
LUXEMBOURG: Final = ZoneInfo("Europe/Luxembourg")
YEARS: Final = range(2020, 2041)

instants = st.datetimes(datetime(2020, 1, 1), datetime(2041, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
zones = st.sampled_from([OSLO, LUXEMBOURG])


@pytest.mark.parametrize("zone", [OSLO, LUXEMBOURG], ids=str)
@pytest.mark.parametrize("year", YEARS)
def test_days_and_months_tile_the_year(zone: ZoneInfo, year: int) -> None:
    """A year is its days, and its months, end to end; one day has 23 hours and one 25."""
    whole = year_window(year, zone)
    days = [day_window(day, zone) for day in local_days(whole, zone)]
    months = [month_window(month, zone) for month in local_months(whole, zone)]

    for pieces in (days, months):
        assert (pieces[0].start, pieces[-1].end) == whole.bounds
        assert all(before.end == after.start for before, after in pairwise(pieces))
    leap = year % 4 == 0
    assert Counter(day.length / HOUR for day in days) == {23: 1, 24: 363 + leap, 25: 1}
    assert len(months) == 12


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        (date(2026, 3, 28), "2026-03-27T23:00:00+00:00", 24),
        (date(2026, 3, 29), "2026-03-28T23:00:00+00:00", 23),
        (date(2026, 3, 30), "2026-03-29T22:00:00+00:00", 24),
        (date(2026, 10, 25), "2026-10-24T22:00:00+00:00", 25),
        (date(2026, 10, 26), "2026-10-25T23:00:00+00:00", 24),
        (date(2028, 2, 29), "2028-02-28T23:00:00+00:00", 24),
        (date(2026, 12, 31), "2026-12-30T23:00:00+00:00", 24),
    ],
    ids=str,
)
def test_days_around_the_clock_changes(day: date, start: str, hours: int) -> None:
    """A day begins at local midnight and has the hours between it and the next."""
    window = day_window(day, OSLO)

    assert window.start == datetime.fromisoformat(start)
    assert window.length == hours * HOUR
    assert local_midnight(day, OSLO) == window.start


@given(instants, zones)
def test_every_instant_lies_in_its_day(instant: datetime, zone: ZoneInfo) -> None:
    """An instant lies in the window of its local day, which is in that of its month and of its year."""
    day = local_day(instant, zone)
    window = day_window(day, zone)

    assert window.start <= instant < window.end
    assert month_window(day, zone).covers(window)
    assert year_window(day.year, zone).covers(window)


@given(instants, st.integers(0, 24 * 90), zones)
def test_days_and_months_touched(start: datetime, hours: int, zone: ZoneInfo) -> None:
    """The days and months of a window are those of its instants, each once, in order."""
    window = Window(start, start + hours * HOUR)
    step = timedelta(minutes=15)
    inside = [window.start + number * step for number in range(hours * 4)]
    inside += [window.end - timedelta.resolution] if window else []
    days = sorted({local_day(instant, zone) for instant in inside})

    assert list(local_days(window, zone)) == days
    assert list(local_months(window, zone)) == sorted({day.replace(day=1) for day in days})


def test_a_day_is_not_touched_by_its_midnight_alone() -> None:
    """A window that ends at midnight has nothing of the next day, nor of the next month."""
    january = month_window(date(2026, 1, 31), OSLO)

    assert list(local_days(january, OSLO))[-1] == date(2026, 1, 31)
    assert list(local_months(january, OSLO)) == [date(2026, 1, 1)]


def test_next_month() -> None:
    """December is followed by the January of the next year."""
    assert [next_month(date(2026, month, 15)) for month in (1, 11, 12)] == [
        date(2026, 2, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]


@pytest.mark.parametrize(
    ("instant", "earlier"),
    [
        ("2026-11-22T12:00:00+01:00", "2023-11-22T12:00:00+01:00"),
        # The day of a clock change moves from year to year: local hours, not elapsed ones.
        ("2026-03-29T12:00:00+02:00", "2023-03-29T12:00:00+02:00"),
        ("2026-03-28T12:00:00+01:00", "2023-03-28T12:00:00+02:00"),
        ("2026-10-25T12:00:00+01:00", "2023-10-25T12:00:00+02:00"),
        # An hour that did not exist three years before is the one that was there instead.
        ("2026-03-26T02:00:00+01:00", "2023-03-26T03:00:00+02:00"),
        # The first and the second of an hour that comes twice.
        ("2029-10-28T02:00:00+02:00", "2026-10-28T02:00:00+01:00"),
        ("2029-10-28T02:00:00+01:00", "2026-10-28T02:00:00+01:00"),
        ("2028-02-29T08:00:00+01:00", "2025-02-28T08:00:00+01:00"),
        ("2027-01-01T00:00:00+01:00", "2024-01-01T00:00:00+01:00"),
        # New Year in Oslo, though not yet in Greenwich.
        ("2026-12-31T23:30:00+00:00", "2023-12-31T23:30:00+00:00"),
    ],
)
def test_three_years_before(instant: str, earlier: str) -> None:
    """Three calendar years before is the same local day and hour, on 29 February that of the 28th."""
    assert years_before(datetime.fromisoformat(instant), 3, OSLO) == datetime.fromisoformat(earlier)


@given(instants, st.integers(1, 5), zones)
def test_years_before(instant: datetime, years: int, zone: ZoneInfo) -> None:
    """Some years before is that many years by the calendar, in UTC, and never a day off."""
    earlier = years_before(instant, years, zone)
    day, earlier_day = local_day(instant, zone), local_day(earlier, zone)

    assert earlier.tzinfo is UTC
    assert earlier_day.year == day.year - years
    assert earlier_day.month == day.month
    assert earlier_day.day in ({day.day} if (day.month, day.day) != (2, 29) else {28, 29})


@given(instants)
def test_floor_hour(instant: datetime) -> None:
    """The whole hour at or before an instant is less than an hour away."""
    floored = floor_hour(instant)

    assert (floored.minute, floored.second, floored.microsecond) == (0, 0, 0)
    assert floored <= instant < floored + HOUR


def test_now_is_utc() -> None:
    """The clock is read as an aware instant, within the time that reading it takes."""
    before, now, after = datetime.now(UTC), utc_now(), datetime.now(UTC)

    assert now.tzinfo is UTC
    assert before <= now <= after


def test_new_year_by_the_local_clock() -> None:
    """The last local hour of a year belongs to it, though Greenwich has an hour to go."""
    assert year_window(2026, OSLO).end == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert local_day(datetime(2026, 12, 31, 22, 59, tzinfo=UTC), OSLO) == date(2026, 12, 31)
    assert local_day(datetime(2026, 12, 31, 23, tzinfo=UTC), OSLO) == date(2026, 12, 31) + DAY
