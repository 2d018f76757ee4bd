"""When Leneda has what: days of 92, 96 and 100 quarters, and windows of whole local days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Feed
from connectors.leneda.settings import LenedaConnection
from connectors.leneda.source import LENEDA, Leneda
from schemas.time import DAY, HOUR, Window, local_day, local_days, local_midnight, year_window
from tests.leneda.plant import ENERGY_ID, NOW

ZONE = LENEDA.zone
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def midnight(day: date) -> datetime:
    """Return the beginning of a local day."""
    return local_midnight(day, ZONE)


def span(first: date, last: date) -> Window:
    """Return the window of whole local days, the last included."""
    return Window(midnight(first), midnight(last + DAY))


@pytest.mark.parametrize("hour", [0, 1, 13, 23])
def test_what_is_published_and_what_is_late(hour: int) -> None:
    """Yesterday may be there all day long; only what is two local days older than that is late."""
    now = datetime(2026, 6, 17, hour, 30, tzinfo=ZONE).astimezone(UTC)

    assert LENEDA.published_until(now) == midnight(date(2026, 6, 17))
    assert LENEDA.expected_until(now) == midnight(date(2026, 6, 15))


def test_the_history_is_calendar_years_of_whole_days() -> None:
    """Three years back by the local clock, or fewer where the settings say so; 29 February becomes the 28th."""
    leap = datetime(2028, 2, 29, 23, 30, tzinfo=UTC)
    assert local_day(leap, ZONE) == date(2028, 3, 1)

    assert LENEDA.history_start(Feed.READINGS, NOW) == midnight(date(2023, 6, 17))
    assert Leneda(history_years=1).history_start(Feed.READINGS, NOW) == midnight(date(2025, 6, 17))
    assert LENEDA.history_start(Feed.READINGS, leap - HOUR) == midnight(date(2025, 2, 28))
    assert LENEDA.recent(NOW) == span(date(2025, 6, 17), date(2026, 6, 16))


def test_a_connection_narrows_the_reach() -> None:
    """The two settings that say how far and how much are those of the connection."""
    connection = LenedaConnection(source="leneda", energy_id=ENERGY_ID, history_years=2, days_per_call=5)
    narrowed = LENEDA.narrowed(connection)

    assert narrowed.history_start(Feed.READINGS, NOW) == midnight(date(2024, 6, 17))
    (window,) = narrowed.calls(Feed.READINGS, [span(date(2026, 6, 1), date(2026, 6, 5))], NOW)
    assert window == span(date(2026, 6, 1), date(2026, 6, 5))
    assert len(list(narrowed.calls(Feed.READINGS, [span(date(2026, 6, 1), date(2026, 6, 6))], NOW))) == 2


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 6, 16), 24)])
def test_days_of_every_length_are_asked_whole(day: date, hours: int) -> None:
    """A due quarter-hour leads to its whole local day, from midnight to midnight, and to no other."""
    now = datetime(2026, 12, 1, tzinfo=UTC)
    for start in (midnight(day), midnight(day) + 12 * HOUR, midnight(day + DAY) - HOUR / 4):
        (window,) = LENEDA.calls(Feed.READINGS, [Window(start, start + HOUR / 4)], now)

        assert window == Window(midnight(day), midnight(day + DAY))
        assert window.length == hours * HOUR


def test_a_year_takes_twelve_calls_newest_first() -> None:
    """365 days in chunks of 31; a smaller chunk is the oldest one."""
    windows = list(LENEDA.calls(Feed.READINGS, [year_window(2025, ZONE)], NOW))

    assert [len(list(local_days(window, ZONE))) for window in windows] == [31] * 11 + [24]
    assert windows[0].end == midnight(date(2026, 1, 1))
    assert windows[-1].start == midnight(date(2025, 1, 1))


@given(
    due=st.lists(st.tuples(st.integers(0, 364 * 96), st.integers(1, 96 * 40)), min_size=1, max_size=8),
    days_per_call=st.integers(1, 366),
)
def test_calls_cover_what_is_due_and_keep_the_limit(due: list[tuple[int, int]], days_per_call: int) -> None:
    """Every due quarter-hour lies in a call; no call is too long, touches another, or asks for a day without need."""
    year = year_window(2025, ZONE)
    quarter = timedelta(minutes=15)
    wanted = sorted(Window(year.start + first * quarter, year.start + (first + many) * quarter) for first, many in due)
    disjoint: list[Window] = []
    for window in wanted:
        disjoint += [part for part in window.clip(year).minus(disjoint) if part]
    disjoint.sort()

    windows = list(Leneda(days_per_call=days_per_call).calls(Feed.READINGS, disjoint, NOW))

    assert all(not list(window.minus(windows)) for window in disjoint)
    assert all(later.start >= earlier.end for later, earlier in pairwise(windows))
    for window in windows:
        days = list(local_days(window, ZONE))
        assert len(days) <= days_per_call
        assert window == span(days[0], days[-1])
        assert any(span(days[0], days[0]).clip(part) for part in disjoint)
        assert any(span(days[-1], days[-1]).clip(part) for part in disjoint)


def test_nothing_due_is_no_call() -> None:
    """Where nothing is due, nothing is asked."""
    assert list(LENEDA.calls(Feed.READINGS, [], NOW)) == []


def test_a_daily_run_always_finds_the_last_ask_old() -> None:
    """Between a late end of one day's run and an early begin of the next's lies more than the pace."""
    assert LENEDA.feeds[Feed.READINGS].pace < DAY - timedelta(hours=12)
