"""What Elvia serves at an instant: since when, until when, and what is late if it is missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Feed
from connectors.elvia.source import ELVIA
from schemas.time import HOUR, Window, day_window, floor_hour, local_day, month_window, years_before

if TYPE_CHECKING:
    from datetime import date

OSLO: Final = ZoneInfo("Europe/Oslo")

nows = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


def at(text: str) -> datetime:
    """Return the instant of a local time in Oslo; with an offset, of that time."""
    told = datetime.fromisoformat(text)
    return (told if told.tzinfo else told.replace(tzinfo=OSLO)).astimezone(UTC)


def test_what_elvia_is() -> None:
    """Its name, its zone and its rule are the design's; readings change hourly, peaks with the days."""
    assert (ELVIA.name, ELVIA.zone.key) == ("elvia", "Europe/Oslo")
    paces = {feed: rules.pace for feed, rules in ELVIA.feeds.items()}
    assert list(paces.items()) == [(Feed.READINGS, HOUR), (Feed.PEAKS, 12 * HOUR)]
    assert (ELVIA.settlement.full_days, ELVIA.settlement.by_age) == (5, "where_the_flag_is_mute")


@pytest.mark.parametrize(
    ("now", "start"),
    [
        ("2026-11-22T12:34:56", "2023-11-22T12:00"),
        ("2026-11-22T12:00:00", "2023-11-22T12:00"),
        # Over leap days: 1096 days, and from one.
        ("2027-03-01T08:15", "2024-03-01T08:00"),
        ("2028-02-29T08:15", "2025-02-28T08:00"),
        ("2028-03-01T08:15", "2025-03-01T08:00"),
        # The same local hour, whatever the offset was then.
        ("2026-03-28T12:00", "2023-03-28T12:00"),
        ("2026-03-29T00:30", "2023-03-29T00:00"),
        ("2026-12-31T23:59", "2023-12-31T23:00"),
        ("2027-01-01T00:00", "2024-01-01T00:00"),
    ],
)
def test_readings_go_three_calendar_years_back(now: str, start: str) -> None:
    """Readings are served for three years by the local calendar, floored to the hour."""
    assert ELVIA.history_start(Feed.READINGS, at(now)) == at(start)


@pytest.mark.parametrize(
    ("now", "start"),
    [
        ("2026-11-22T12:34", "2023-12-01T00:00"),
        ("2026-11-01T00:00", "2023-11-01T00:00"),
        ("2026-11-01T00:59", "2023-11-01T00:00"),
        ("2026-11-01T01:00", "2023-12-01T00:00"),
        ("2026-12-31T23:59", "2024-01-01T00:00"),
        ("2028-02-29T12:00", "2025-03-01T00:00"),
        # In Oslo a month begins before it does in Greenwich.
        ("2026-10-31T23:30:00+00:00", "2023-11-01T00:00"),
    ],
)
def test_peaks_go_back_to_a_whole_month(now: str, start: str) -> None:
    """Peaks are served from the first month that lies wholly within the three years."""
    assert ELVIA.history_start(Feed.PEAKS, at(now)) == at(start)


@given(nows)
def test_history(now: datetime) -> None:
    """History starts on the hour, three years ago, and for peaks at a month's start less than a month later."""
    readings, peaks = (ELVIA.history_start(feed, now) for feed in (Feed.READINGS, Feed.PEAKS))

    assert readings == floor_hour(readings)
    assert readings == years_before(floor_hour(now), 3, OSLO)
    assert month_window(local_day(peaks, OSLO), OSLO).start == peaks
    assert readings <= peaks < readings + timedelta(days=31, hours=1)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-22T06:59:59", "2026-11-21"),
        ("2026-11-22T07:00:00", "2026-11-22"),
        ("2026-11-22T23:59:59", "2026-11-22"),
        ("2026-11-23T00:00:00", "2026-11-22"),
        # The mornings of the clock changes and those after them.
        ("2026-03-29T06:59:59", "2026-03-28"),
        ("2026-03-29T07:00:00", "2026-03-29"),
        ("2026-03-30T06:59:59", "2026-03-29"),
        ("2026-03-30T07:00:00", "2026-03-30"),
        ("2026-10-25T06:59:59", "2026-10-24"),
        ("2026-10-25T07:00:00", "2026-10-25"),
        ("2026-10-26T06:59:59", "2026-10-25"),
        ("2026-10-26T07:00:00", "2026-10-26"),
        ("2027-01-01T07:00:00", "2027-01-01"),
    ],
)
def test_a_day_is_late_from_seven_the_next_morning(now: str, day: str) -> None:
    """Up to 07:00 local time yesterday is not late yet; from then on it is, whatever the clock did in the night."""
    assert ELVIA.expected_until(at(now)) == at(f"{day}T00:00")


@given(nows)
def test_what_is_late_was_published(now: datetime) -> None:
    """Nothing is late before it can be published, and never less than a whole day that is over."""
    until, published = ELVIA.expected_until(now), ELVIA.published_until(now)

    assert until <= published <= now < published + HOUR
    assert published == floor_hour(published)
    day: date = local_day(until, OSLO)
    assert day_window(day, OSLO).start == until
    assert Window(until, now).length < timedelta(hours=32)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-22T12:00:00", "2026-11-22T12:00"),
        ("2026-11-22T12:59:59", "2026-11-22T12:00"),
        ("2026-11-22T00:00:00", "2026-11-22T00:00"),
        ("2026-03-29T03:30:00", "2026-03-29T03:00"),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+02:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T02:00:00+01:00"),
    ],
)
def test_published_until_the_last_full_hour(now: str, until: str) -> None:
    """What may be published ends with the last full hour, in the hour that comes twice too."""
    assert ELVIA.published_until(at(now)) == at(until)
