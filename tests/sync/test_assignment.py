"""What a connection is to be asked in a run: with Elvia's calendar, decided without a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from connectors.base import Feed, Subject
from connectors.elvia.source import ELVIA
from pipelines.store.ledger import Asked
from pipelines.sync.assignment import Assignment
from pipelines.sync.plan import Rereading
from schemas.time import HOUR, Window, year_window

OSLO: Final = ZoneInfo("Europe/Oslo")
DAY: Final = timedelta(days=1)
HOME, CABIN = Subject("707057500000000018"), Subject("707057500000000025")
NOW: Final = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
YEARS: Final = (2026, 2025, 2024, 2023)
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """Return the instant of a local time in Oslo."""
    return datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC)


def assignment(now: datetime = NOW, **changes: Any) -> Assignment:  # noqa: ANN401 - whatever it takes
    """Return a run of a connection that nothing is known of."""
    blank = Assignment(
        source=ELVIA,
        connection="home",
        years=YEARS,
        configured=(),
        known=(),
        asked={feed: {} for feed in Feed},
        greeted_at=None,
        rereading={feed: Rereading(rules.pace, 30 * DAY, 28 * DAY) for feed, rules in ELVIA.feeds.items()},
        points_per_call=20,
        now=now,
        alias=str.lower,
    )
    return replace(blank, **changes)


def all_asked(asked_at: datetime, until: datetime, *points: Subject) -> dict[Feed, dict[Subject, list[Asked]]]:
    """Return the ledger of points that were asked for everything."""
    return {feed: {point: [Asked(Window(LONG_AGO, until), asked_at)] for point in points} for feed in Feed}


def test_a_new_connection_is_greeted_first() -> None:
    """Of a credential that was never answered the newest day is asked, whatever else there is to ask."""
    assert assignment().must_greet()
    assert assignment(years=(2024,)).must_greet()
    assert assignment(configured=(HOME,), asked=all_asked(NOW, NOW, HOME)).has_something_to_ask()


def test_a_known_credential_is_not_greeted_again() -> None:
    """A credential that was answered needs no greeting: calls for all its points show new ones by themselves."""
    for points in ({"known": (HOME,)}, {"configured": (HOME, CABIN)}):
        assert not assignment(greeted_at=NOW - 40 * DAY, **points).must_greet()


def test_a_credential_without_points_is_greeted_again() -> None:
    """As long as no metering point is known there is nothing else to ask for, and one may have come since."""
    assert assignment(greeted_at=NOW).must_greet()


@pytest.mark.parametrize(
    ("ago", "lately"),
    [(timedelta(0), True), (timedelta(minutes=59), True), (HOUR, False), (DAY, False), (-HOUR, False)],
    ids=["now", "within the pace", "an hour ago", "a day ago", "to come"],
)
def test_greeted_lately(ago: timedelta, *, lately: bool) -> None:
    """A greeting holds for the pace of readings, and none does that was made under a clock that was ahead."""
    assert assignment(greeted_at=NOW - ago).greeted_lately() == lately
    assert not assignment().greeted_lately()


def many(count: int) -> tuple[Subject, ...]:
    """Return as many metering points."""
    return tuple(Subject(f"7070575000000{number:05}") for number in range(count))


@pytest.mark.parametrize(
    ("changes", "greets"),
    [
        ({"known": many(21), "greeted_at": NOW - DAY}, True),
        ({"known": many(21), "greeted_at": NOW - DAY + HOUR}, False),
        ({"known": many(20), "greeted_at": NOW - DAY}, False),
        ({"known": many(21), "greeted_at": NOW - DAY, "years": (2025, 2024)}, False),
        ({"known": many(21), "greeted_at": NOW - DAY, "configured": many(21)}, False),
    ],
    ids=["a day ago", "today", "one call for all", "another year", "points by name"],
)
def test_many_points_are_greeted_daily(changes: dict[str, Any], *, greets: bool) -> None:
    """Where points are always asked for by name, one call a day without names finds those that came since."""
    assert assignment(NOW, **changes).must_greet() == greets


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-11-22T13:30", "2026-11-22T00:00", "2026-11-22T13:00"),
        ("2026-11-22T00:59", "2026-11-21T00:00", "2026-11-22T00:00"),
        ("2026-11-22T01:00", "2026-11-22T00:00", "2026-11-22T01:00"),
        ("2026-03-30T00:10", "2026-03-29T00:00", "2026-03-30T00:00"),
        ("2026-10-25T23:10", "2026-10-25T00:00", "2026-10-25T23:00"),
        ("2027-01-01T00:30", "2026-12-31T00:00", "2027-01-01T00:00"),
    ],
)
def test_the_newest_day(now: str, start: str, end: str) -> None:
    """The newest day is the local one of the last published hour, up to that hour's end; never empty."""
    assert ELVIA.recent(at(now)) == Window(at(start), at(end))


def test_everything_is_due_of_a_new_point() -> None:
    """A year is asked for as far as the operator serves it: the oldest from three years ago, the newest until now."""
    points = assignment(known=(HOME,))

    assert points.due(Feed.READINGS, 2026, (HOME,)) == {(Window(at("2026-01-01"), at("2026-11-22T13:00")),): [HOME]}
    assert points.due(Feed.READINGS, 2024, (HOME,)) == {(year_window(2024, OSLO),): [HOME]}
    assert points.due(Feed.READINGS, 2023, (HOME,)) == {(Window(at("2023-11-22T13:00"), at("2024-01-01")),): [HOME]}
    assert points.due(Feed.PEAKS, 2023, (HOME,)) == {(Window(at("2023-12-01"), at("2024-01-01")),): [HOME]}
    for year in (2022, 2027):
        for feed in Feed:
            assert points.due(feed, year, (HOME,)) == {}


def test_right_after_a_run_nothing_is_due() -> None:
    """A second run right after makes no call: not for a past year, and not for the running one."""
    published = ELVIA.published_until(NOW)
    done = assignment(known=(HOME,), greeted_at=NOW, asked=all_asked(NOW, published, HOME))

    assert not done.has_something_to_ask()
    assert replace(done, refetch=True).has_something_to_ask()


def test_an_hour_later_only_the_running_year_is_asked() -> None:
    """The next hour is due in the running year, with the tail; the past years are left alone."""
    asked = all_asked(NOW, ELVIA.published_until(NOW), HOME)
    later = assignment(NOW + HOUR, known=(HOME,), greeted_at=NOW, asked=asked)

    newest = at("2026-11-22T14:00")
    tail = Window(newest - 30 * DAY, newest)
    assert later.due(Feed.READINGS, 2026, (HOME,)) == {(tail,): [HOME]}
    assert later.has_something_to_ask()
    assert not replace(later, years=(2025, 2024, 2023)).has_something_to_ask()


def test_in_january_the_last_year_is_asked_too() -> None:
    """The last thirty days reach into the year before."""
    now = at("2027-01-10T06:30")
    asked = all_asked(now - DAY, ELVIA.published_until(now - DAY), HOME)
    found = assignment(now, known=(HOME,), greeted_at=now - DAY, asked=asked)

    assert found.due(Feed.READINGS, 2026, (HOME,)) == {(Window(at("2026-12-11T06:00"), at("2027-01-01")),): [HOME]}
    assert found.due(Feed.READINGS, 2025, (HOME,)) == {}


def test_after_a_month_everything_is_asked_again() -> None:
    """Corrections come up to three years back: once the last whole ask is old, every year is due."""
    asked = all_asked(NOW - 28 * DAY, ELVIA.published_until(NOW), HOME)
    found = assignment(known=(HOME,), greeted_at=NOW, asked=asked)

    for year in YEARS:
        assert replace(found, years=(year,)).has_something_to_ask()
    assert found.due(Feed.READINGS, 2024, (HOME,)) == {(year_window(2024, OSLO),): [HOME]}


def test_hours_no_longer_served_are_not_asked() -> None:
    """As time goes on the oldest year shrinks, and what falls out of it is never due."""
    now = at("2026-12-30T12:30")
    found = assignment(now, known=(HOME,), refetch=True)

    assert found.due(Feed.READINGS, 2023, (HOME,)) == {(Window(at("2023-12-30T12:00"), at("2024-01-01")),): [HOME]}
    assert found.due(Feed.PEAKS, 2023, (HOME,)) == {}


def test_points_are_asked_together_where_they_can_be() -> None:
    """Points with the same to ask share a call; one that came later has its own."""
    asked = all_asked(NOW, ELVIA.published_until(NOW), HOME)
    later = assignment(NOW + HOUR, known=(HOME, CABIN), greeted_at=NOW, asked=asked)

    assert list(later.due(Feed.READINGS, 2026, later.known).values()) == [[HOME], [CABIN]]
    assert list(assignment().due(Feed.READINGS, 2025, (HOME, CABIN)).values()) == [[HOME, CABIN]]


def test_settings_name_the_points() -> None:
    """Where the settings list points those are asked for, known or not; a point that left the list is not."""
    published = ELVIA.published_until(NOW)
    found = assignment(known=(HOME,), greeted_at=NOW, asked=all_asked(NOW, published, HOME))

    assert replace(found, configured=(CABIN,)).has_something_to_ask()
    assert not replace(found, configured=(HOME,), known=(HOME, CABIN)).has_something_to_ask()
