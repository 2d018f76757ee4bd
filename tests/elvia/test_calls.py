"""The fewest calls: one over a year's readings, one a month for peaks, the newest two months together."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Feed
from connectors.elvia.source import ELVIA
from schemas.time import HOUR, Window, local_midnight, local_months, month_window, year_window

OSLO: Final = ZoneInfo("Europe/Oslo")
NOW: Final = datetime(2026, 11, 22, 12, 34, tzinfo=UTC)
NEWEST: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)


def span(start: str, end: str) -> Window:
    """Return the window between two local times."""
    bounds = (datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC) for text in (start, end))
    return Window(*bounds)


def test_nothing_due_is_no_call() -> None:
    """Nothing to ask makes no call."""
    for feed in Feed:
        assert list(ELVIA.calls(feed, [], NOW)) == []


def test_readings_of_a_year_are_one_call() -> None:
    """All that is due in a year is asked for at once, from the first to the last of it: no call is for less."""
    due = [span("2026-02-01", "2026-02-02"), span("2026-05-01", "2026-05-03"), span("2026-11-01", "2026-11-22T12:00")]

    assert list(ELVIA.calls(Feed.READINGS, due, NOW)) == [span("2026-02-01", "2026-11-22T12:00")]
    assert list(ELVIA.calls(Feed.READINGS, due[:1], NOW)) == due[:1]
    leap = year_window(2024, OSLO)
    assert list(ELVIA.calls(Feed.READINGS, [leap], NOW)) == [leap]


def test_peaks_of_past_months_are_a_call_each() -> None:
    """A finished month is asked for as of its end, newest first, each month once however it is cut."""
    due = [
        span("2025-02-03", "2025-02-04"),
        span("2025-02-10", "2025-03-01"),
        span("2025-04-30T23:00", "2025-05-01T01:00"),
    ]

    assert list(ELVIA.calls(Feed.PEAKS, due, NOW)) == [
        month_window(date(2025, number, 1), OSLO) for number in (5, 4, 2)
    ]


def test_the_newest_two_months_are_one_call() -> None:
    """Asked as of now, the operator gives the running month and the one before: neither is asked for again."""
    year = year_window(2026, OSLO).clip(Window(datetime(2020, 1, 1, tzinfo=UTC), NEWEST))
    first, *others = ELVIA.calls(Feed.PEAKS, [year], NOW)

    assert first == Window(local_midnight(date(2026, 10, 1), OSLO), NEWEST)
    assert others == [month_window(date(2026, number, 1), OSLO) for number in range(9, 0, -1)]
    only_new = [Window(NEWEST - HOUR, NEWEST)]
    assert list(ELVIA.calls(Feed.PEAKS, only_new, NOW)) == [first]


def test_in_january_the_month_before_is_last_years() -> None:
    """The call for January brings December too, which lies in another year."""
    now = datetime(2027, 1, 5, 12, tzinfo=UTC)
    (call,) = ELVIA.calls(Feed.PEAKS, [Window(local_midnight(date(2027, 1, 1), OSLO), now)], now)

    assert call == Window(local_midnight(date(2026, 12, 1), OSLO), now)


@pytest.mark.parametrize(
    ("now", "first"),
    [
        # To the minute at a month's start there is no running month yet.
        ("2026-11-01T00:30", date(2026, 10, 1)),
        ("2026-11-01T01:00", date(2026, 10, 1)),
        ("2026-10-31T23:59", date(2026, 9, 1)),
    ],
)
def test_at_the_turn_of_a_month(now: str, first: date) -> None:
    """In the first hour of a month the newest peaks are those of the month that has just ended."""
    instant = datetime.fromisoformat(now).replace(tzinfo=OSLO).astimezone(UTC)
    newest = ELVIA.published_until(instant)

    assert list(ELVIA.calls(Feed.PEAKS, [Window(newest - HOUR, newest)], instant)) == [
        Window(local_midnight(first, OSLO), newest)
    ]


@given(
    now=st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    back=st.integers(0, 3),
    cuts=st.lists(st.integers(0, 8784), min_size=2, max_size=8, unique=True),
)
def test_calls_cover_what_is_due(now: datetime, back: int, cuts: list[int]) -> None:
    """Whatever is due in a year, the calls cover it, within limits: a year a call, nothing too old, nothing to come."""
    for feed in Feed:
        served = Window(ELVIA.history_start(feed, now), ELVIA.published_until(now))
        year = year_window(served.end.astimezone(OSLO).year - back, OSLO)
        bounds = [year.start + number * HOUR for number in sorted(cuts)]
        pairs = zip(bounds[::2], bounds[1::2], strict=False)
        due = [piece for start, end in pairs if (piece := Window(start, end).clip(year).clip(served))]
        calls = list(ELVIA.calls(feed, due, now))

        assert [left for piece in due for left in piece.minus(calls)] == []
        months = {month for piece in due for month in local_months(piece, OSLO)}
        assert len(calls) <= (min(1, len(due)) if feed is Feed.READINGS else len(months))
        for call in calls:
            assert call
            assert call.start >= served.start
            assert call.end <= served.end
            assert call.length.days <= 366
