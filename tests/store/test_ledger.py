"""The ledger of asked windows, and how each connection is doing."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Feed, Subject
from connectors.errors import Refused, RenewCredential, TryLater
from pipelines.store.contact import Contact
from pipelines.store.ledger import Asked, Credit, Ledger
from pipelines.store.state import State
from schemas.settlement import FlagVerdict
from tests.store.asks import ANOTHER_POINT, POINT, START, span

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

NOW: Final = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
DAY: Final = timedelta(days=1)


NUMBERS: Final = count()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> State:
    """Return a state file for all tests, which keep to sources of their own in it."""
    return State(tmp_path_factory.mktemp("state"))


@pytest.fixture
def ledger(state: State) -> Ledger:
    """Return a ledger of which nothing was asked."""
    return Ledger(state, f"source_{next(NUMBERS)}")


def ask(start: int, end: int, day: int = 0, *points: str, feed: Feed = Feed.READINGS) -> Credit:
    """Return an ask for some hours, some days later."""
    subjects = tuple(Subject(point) for point in points or (POINT,))
    return Credit(feed, subjects, Asked(span(start, end), NOW + day * DAY))


def steps(
    ledger: Ledger, point: str = POINT, connection: str = "home", feed: Feed = Feed.READINGS
) -> list[tuple[int, int, int]]:
    """Return the step function of a point: first hour, last but one, and the day of asking."""
    return [
        ((each.window.start - START) // (DAY / 24), (each.window.end - START) // (DAY / 24), (each.at - NOW).days)
        for each in ledger.asked(connection, feed).get(Subject(point), [])
    ]


def test_nothing_is_asked_at_first(ledger: Ledger) -> None:
    """A connection of which nothing is known has an empty ledger, and no contact at all."""
    assert ledger.asked("home", Feed.READINGS) == {}
    assert ledger.metering_points("home") == {}
    assert ledger.owners() == {}
    assert ledger.flags() == {}
    assert ledger.contact("home") == Contact()


@pytest.mark.parametrize(
    ("later", "wanted"),
    [
        ((10, 20), [(10, 20, 1)]),
        ((0, 30), [(0, 30, 1)]),
        ((12, 18), [(10, 12, 0), (12, 18, 1), (18, 20, 0)]),
        ((5, 15), [(5, 15, 1), (15, 20, 0)]),
        ((15, 25), [(10, 15, 0), (15, 25, 1)]),
        ((10, 15), [(10, 15, 1), (15, 20, 0)]),
        ((15, 20), [(10, 15, 0), (15, 20, 1)]),
        ((20, 25), [(10, 20, 0), (20, 25, 1)]),
        ((5, 10), [(5, 10, 1), (10, 20, 0)]),
        ((25, 30), [(10, 20, 0), (25, 30, 1)]),
    ],
)
def test_a_later_ask_takes_the_place_of_an_earlier(
    ledger: Ledger, later: tuple[int, int], wanted: list[tuple[int, int, int]]
) -> None:
    """Where two asks overlap the later one counts; what only the earlier one asked for stays."""
    ledger.credit("home", [ask(10, 20)])
    ledger.credit("home", [ask(*later, 1)])

    assert steps(ledger) == wanted


credits_of_a_point = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 12), st.integers(0, 9), st.booleans()), max_size=12
)


@settings(max_examples=40)
@given(asks=credits_of_a_point)
def test_against_one_instant_an_hour(state: State, asks: list[tuple[int, int, int, bool]]) -> None:
    """After any asks, in one transaction or in many, each hour has the instant of the last that covered it."""
    ledger = Ledger(state, f"source_{next(NUMBERS)}")
    model: dict[int, int] = {}
    waiting: list[Credit] = []
    for start, length, day, at_once in asks:
        waiting.append(ask(start, start + length, day))
        if at_once:
            ledger.credit("home", waiting)
            waiting = []
        model |= dict.fromkeys(range(start, start + length), day)
    ledger.credit("home", waiting)
    found = steps(ledger)

    assert {hour: day for start, end, day in found for hour in range(start, end)} == model
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert all(start < end for start, end, _ in found)


def test_points_feeds_connections_and_sources_keep_apart(state: State, ledger: Ledger) -> None:
    """An ask counts for the points, the feed, the connection and the source that it was made for."""
    ledger.credit("home", [ask(0, 5, 0, POINT, ANOTHER_POINT)])
    ledger.credit("home", [ask(2, 3, 1), ask(0, 9, 2, feed=Feed.PEAKS)])
    ledger.credit("cabin", [ask(4, 6, 3)])
    Ledger(state, "leneda").credit("home", [ask(0, 99, 4)])

    assert steps(ledger) == [(0, 2, 0), (2, 3, 1), (3, 5, 0)]
    assert steps(ledger, ANOTHER_POINT) == [(0, 5, 0)]
    assert steps(ledger, feed=Feed.PEAKS) == [(0, 9, 2)]
    assert steps(ledger, connection="cabin") == [(4, 6, 3)]


def test_credits_are_kept_all_or_none(state: State) -> None:
    """Until all asks of a batch are recorded, nobody else sees one; where one fails, none is kept."""
    source = f"source_{next(NUMBERS)}"
    ledger, elsewhere = Ledger(state, source), Ledger(State(state.path.parent), source)

    def asks(*, fail: bool) -> Iterator[Credit]:
        yield ask(0, 5)
        assert steps(elsewhere) == []
        if fail:
            raise RuntimeError
        yield ask(5, 9, 1)

    with pytest.raises(RuntimeError):
        ledger.credit("home", asks(fail=True))
    assert steps(ledger) == []
    ledger.credit("home", asks(fail=False))
    assert steps(ledger) == [(0, 5, 0), (5, 9, 1)]


class Watched(State):
    """A state that keeps what it is told in SQL."""

    def __init__(self, folder: Path) -> None:
        """Watch from the beginning."""
        self.statements: list[str] = []
        super().__init__(folder)

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Give a transaction that is listened to."""
        with super().changing() as database:
            database.set_trace_callback(self.statements.append)
            yield database
            database.set_trace_callback(None)


def test_crediting_thousands_of_points(tmp_path: Path) -> None:
    """A fleet is credited in one transaction, in as many statements a point however many there are, all by the key."""
    state = Watched(tmp_path)
    ledger = Ledger(state, "elvia")
    a_point: list[float] = []
    for points in (100, 2000):
        fleet = tuple(f"7070575000000{number:05}" for number in range(points))
        for day in range(2):
            state.statements.clear()
            ledger.credit("fleet", [ask(0, 8760 - day, day, *fleet), ask(0, 5, day, *fleet, feed=Feed.PEAKS)])
            assert state.statements.count("BEGIN ") == 1
        a_point.append(len(state.statements) / points)

    assert a_point[0] == pytest.approx(a_point[1], rel=0.02)
    statements = {text.split("'")[0]: text for text in state.statements if text.startswith(("SELECT", "DELETE"))}
    with state.changing() as database:
        plans = [
            row["detail"] for text in statements.values() for row in database.execute(f"EXPLAIN QUERY PLAN {text}")
        ]
    assert len(plans) == 2
    assert all(plan.startswith("SEARCH asked USING PRIMARY KEY") for plan in plans)


def test_metering_points_that_answered(ledger: Ledger) -> None:
    """Points are known by connection with when they last answered; who else saw them is told in order."""
    ledger.seen("home", [Subject(POINT), Subject(ANOTHER_POINT)], NOW)
    ledger.seen("home", [Subject(POINT)], NOW + DAY)
    ledger.seen("cabin", [Subject(POINT)], NOW)
    ledger.seen("idle", [], NOW)

    assert ledger.metering_points("home") == {POINT: NOW + DAY, ANOTHER_POINT: NOW}
    assert ledger.metering_points("idle") == {}
    assert ledger.owners() == {POINT: ["cabin", "home"], ANOTHER_POINT: ["home"]}


def test_points_that_are_no_longer_covered(ledger: Ledger) -> None:
    """A point that a credential lost is no longer the connection's; others keep it, and what was asked is on record."""
    for connection in ("home", "cabin"):
        ledger.seen(connection, [Subject(POINT), Subject(ANOTHER_POINT)], NOW)
    ledger.credit("home", [ask(0, 5)])
    ledger.forget_points("home", [POINT])
    ledger.forget_points("cabin", [])

    assert ledger.metering_points("home") == {ANOTHER_POINT: NOW}
    assert ledger.owners() == {POINT: ["cabin"], ANOTHER_POINT: ["cabin", "home"]}
    assert steps(ledger) == [(0, 5, 0)]


def test_which_database_a_connection_belongs_to(ledger: Ledger) -> None:
    """A connection belongs to the database that it was last told of, in the settings or not; its contact is unmoved."""
    ledger.greeted("home", "one", NOW)
    ledger.belongs(["home", "cabin"], "first")
    ledger.belongs(["home"], "second")
    ledger.belongs([], "third")

    assert ledger.belonging("first") == ["cabin"]
    assert ledger.belonging("second") == ["home"]
    assert ledger.belonging("third") == []
    assert ledger.contact("home") == Contact(greeted_by="one", greeted_at=NOW)


def test_verdicts_on_flags(ledger: Ledger) -> None:
    """The last verdict on a point's flag holds, with its reason; the other points' stay."""
    ledger.judge_flags(
        {POINT: FlagVerdict(mute=True, reason="no hour"), ANOTHER_POINT: FlagVerdict(mute=False, reason="")}
    )
    ledger.judge_flags({POINT: FlagVerdict(mute=False, reason="2026-11-01 is fully verified")})
    ledger.judge_flags({})

    assert ledger.flags() == {
        POINT: FlagVerdict(mute=False, reason="2026-11-01 is fully verified"),
        ANOTHER_POINT: FlagVerdict(mute=False, reason=""),
    }


def test_what_a_connection_goes_through(ledger: Ledger) -> None:
    """Each contact changes what it tells of and leaves the rest; a good run forgets the failure before it."""
    ledger.greeted("home", "one", NOW)
    expected = Contact(greeted_by="one", greeted_at=NOW)
    assert ledger.contact("home") == expected

    ledger.went_well("home", NOW)
    ledger.counted("home", 3, {"type 'Guess'": 2})
    expected = replace(expected, well_at=NOW, nulls=3, unfamiliar={"type 'Guess'": 2})
    assert ledger.contact("home") == expected

    ledger.failed("home", TryLater("busy", not_before=NOW + 2 * DAY), NOW + DAY)
    failed = replace(expected, failed_at=NOW + DAY, cause="try_later", words="busy", not_before=NOW + 2 * DAY)
    assert ledger.contact("home") == failed

    ledger.failed("home", RenewCredential("refused"), NOW + 3 * DAY, dead="one")
    dead = replace(
        failed, failed_at=NOW + 3 * DAY, cause="renew_credential", words="refused", not_before=None, dead="one"
    )
    assert ledger.contact("home") == dead

    ledger.greeted("home", "two", NOW + 4 * DAY)
    alive = replace(dead, greeted_by="two", greeted_at=NOW + 4 * DAY, dead=None)
    assert ledger.contact("home") == alive

    ledger.went_well("home", NOW + 4 * DAY)
    ledger.counted("home", 0, {})
    assert ledger.contact("home") == Contact("two", NOW + 4 * DAY, well_at=NOW + 4 * DAY)
    assert ledger.contact("cabin") == Contact()


def test_a_first_contact_can_be_a_failure(ledger: Ledger) -> None:
    """A connection that was never answered can fail, for a reason without a wait."""
    ledger.failed("home", Refused("no", status=400), NOW)

    assert ledger.contact("home") == Contact(failed_at=NOW, cause="refused", words="no")
