"""What to ask, against the design's words applied hour by hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.store.ledger import Asked
from pipelines.sync.plan import Rereading, deep_after, due, grouped
from schemas.time import HOUR, Window

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
LAST: Final = 40
RULES: Final = Rereading(pace=2 * HOUR, tail=6 * HOUR, deep_after=20 * HOUR)

Ledger = list[Asked]


def span(start: int, end: int) -> Window:
    """Return a window by the numbers of its first and of its last but one hour."""
    return Window(START + start * HOUR, START + end * HOUR)


def ledger(*pieces: tuple[int, int, int]) -> Ledger:
    """Return a step function: start, end, and the hour of asking."""
    return [Asked(span(start, end), START + at * HOUR) for start, end, at in pieces]


def hours_of(windows: list[Window]) -> list[int]:
    """Return the numbers of the hours in the windows, in their order."""
    return [(window.start - START) // HOUR + number for window in windows for number in range(window.length // HOUR)]


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Draw a step function over the hours, with gaps that were never asked for."""
    cuts = sorted(draw(st.sets(st.integers(-5, LAST + 5), max_size=8)))
    instants = [draw(st.none() | st.integers(0, LAST + 10)) for _ in cuts[1:]]
    return ledger(*((a, b, at) for (a, b), at in zip(pairwise(cuts), instants, strict=True) if at is not None))


def by_the_design(asked: Ledger, window: Window, newest: datetime, now: datetime, *, refetch: bool) -> list[int]:
    """Return the hours to ask, each decided for itself as section 5 says."""
    hours = hours_of([window]) if window else []
    # What was asked under a clock that was far ahead says nothing.
    credible = [piece for piece in asked if piece.at <= now + RULES.pace]
    last_asked = {hour: piece.at for hour in hours for piece in credible if piece.window.covers(span(hour, hour + 1))}
    whole = bool(last_asked) and min(last_asked.values()) <= now - RULES.deep_after
    chosen = []
    for hour in hours:
        never = hour not in last_asked
        old = not never and last_asked[hour] <= now - RULES.pace
        in_tail = START + hour * HOUR >= newest - RULES.tail
        if refetch or never or (old and (in_tail or whole)):
            chosen.append(hour)
    return chosen


@given(
    asked=ledgers(),
    bounds=st.tuples(st.integers(0, LAST), st.integers(0, LAST)),
    newest=st.integers(0, LAST + 10),
    now=st.integers(0, LAST + 30),
    refetch=st.booleans(),
)
@example(asked=ledger((0, 10, 0)), bounds=(0, 10), newest=30, now=20, refetch=False)
@example(asked=ledger((0, 10, 0)), bounds=(0, 10), newest=30, now=19, refetch=False)
def test_what_is_due(asked: Ledger, bounds: tuple[int, int], newest: int, now: int, *, refetch: bool) -> None:
    """Exactly the hours that the design names are due; in windows within the year, apart, and in order."""
    published, instant = START + newest * HOUR, START + now * HOUR
    window = span(*bounds).clip(span(0, newest))
    found = due(asked, window, published, instant, RULES, refetch=refetch)

    assert hours_of(found) == by_the_design(asked, window, published, instant, refetch=refetch)
    assert all(found)
    assert all(window.covers(piece) for piece in found)
    assert all(before.end < after.start for before, after in pairwise(found))


@given(asked=ledgers(), newest=st.integers(1, LAST), now=st.integers(0, LAST + 30))
def test_nothing_is_asked_twice(asked: Ledger, newest: int, now: int) -> None:
    """Once what was due has been asked, nothing is due at that instant."""
    window, instant = span(0, newest), START + now * HOUR
    first = due(asked, window, window.end, instant, RULES)
    kept = [Asked(left, piece.at) for piece in asked for left in piece.window.minus(first)]
    after = sorted([*kept, *(Asked(piece, instant) for piece in first)], key=lambda each: each.window)

    assert due(after, window, window.end, instant, RULES) == []


STORIES: Final[dict[str, tuple[Ledger, int, list[Window]]]] = {
    "a new metering point": ([], 30, [span(0, 30)]),
    "just asked": (ledger((0, 30, 30)), 30, []),
    "within the pace": (ledger((0, 30, 29)), 30, []),
    "an hour later": (ledger((0, 29, 29)), 30, [span(29, 30)]),
    "the tail at its pace": (ledger((0, 30, 28)), 30, [span(24, 30)]),
    "the tail and what is new": (ledger((0, 27, 27)), 30, [span(24, 30)]),
    "a hole of long ago": (ledger((0, 3, 29), (5, 30, 29)), 30, [span(3, 5)]),
    "a tail that was asked in part": (ledger((0, 24, 20), (24, 27, 29), (27, 30, 28)), 30, [span(27, 30)]),
    "all of it again": (ledger((0, 30, 10)), 30, [span(0, 30)]),
    "all but an hour of patience": (ledger((0, 30, 11)), 30, [span(24, 30)]),
    "all, since one part is old": (ledger((0, 5, 10), (5, 25, 27), (25, 30, 28)), 30, [span(0, 30)]),
    "asked under a clock that was days ahead": (ledger((0, 30, 90)), 30, [span(0, 30)]),
    "asked under a clock that was a little ahead": (ledger((0, 30, 31)), 30, []),
    "the rest of a re-read cut short": (ledger((0, 12, 30), (12, 30, 5)), 30, [span(12, 30)]),
    "the rest of one cut in two": (ledger((0, 12, 5), (12, 18, 29), (18, 30, 5)), 30, [span(0, 12), span(18, 30)]),
}


@pytest.mark.parametrize("name", STORIES)
def test_stories(name: str) -> None:
    """Each case of re-reading, as a user meets it."""
    asked, now, wanted = STORIES[name]

    assert due(asked, span(0, 30), START + 30 * HOUR, START + now * HOUR, RULES) == wanted


def test_the_tail_reaches_into_the_last_year() -> None:
    """In January the days that are read again lie in the year before, too; and only those that are left of it."""
    newest = START + 33 * HOUR
    last_year, this_year = span(0, 30), span(30, 33)
    asked = ledger((0, 33, 31))

    assert due(asked, last_year, newest, newest, RULES) == [span(27, 30)]
    assert due(asked, this_year, newest, newest, RULES) == [span(30, 33)]
    assert due(asked, last_year, START + 36 * HOUR, START + 36 * HOUR, RULES) == []


def test_refetch_asks_for_the_whole_window() -> None:
    """Asked to fetch again, everything in the window is due, whatever is known; and nothing outside it."""
    asked = ledger((0, 30, 30))

    assert due(asked, span(5, 20), START + 30 * HOUR, START + 30 * HOUR, RULES, refetch=True) == [span(5, 20)]
    assert due(asked, span(20, 20), START + 30 * HOUR, START + 30 * HOUR, RULES, refetch=True) == []


def test_deep_rereads_are_spread() -> None:
    """Deep re-reads come after three quarters of the days to all of them: fixed for a name, even over many."""
    days = [deep_after(30, f"elvia/customer_{number}") / timedelta(days=1) for number in range(400)]

    assert all(22.5 <= each <= 30 for each in days)
    by_quarter = [sum(1 for each in days if int((each - 22.5) / 1.875) == quarter) for quarter in range(4)]
    assert min(by_quarter) > 60
    assert deep_after(30, "elvia/home") == deep_after(30, "elvia/home")
    assert deep_after(60, "elvia/home") == 2 * deep_after(30, "elvia/home")


def test_points_with_the_same_to_ask_share_calls() -> None:
    """Points are grouped by what is due of them, in their order; those with nothing to ask are left out."""
    one, other = [span(0, 3)], [span(0, 3), span(5, 6)]

    assert grouped({"a": one, "b": other, "c": list(one), "d": [], "e": list(other)}) == {
        tuple(one): ["a", "c"],
        tuple(other): ["b", "e"],
    }
