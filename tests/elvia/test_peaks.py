"""Answers of `maxhours` v2 put into canonical columns: ranks, months, and what is not there yet."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Feed
from connectors.elvia.source import ELVIA
from connectors.errors import SourceChanged
from schemas import peak
from schemas.judge import judge_peaks
from schemas.time import Window, floor_hour, local_day, local_midnight, month_window, next_month
from tests.elvia.bodies import HOUR, JUNE, NOW, OSLO, POINT, month, parsed, peaks, row, without

if TYPE_CHECKING:
    from connectors.base import Candidates

DAY: Final = timedelta(days=1)
THIRD, SECOND, FIRST = row(30, value=3.0), row(60, value=4.0), row(90, value=5.0)


def asked(body: bytes, window: Window = JUNE) -> Candidates:
    """Put a body into canonical columns."""
    return parsed(body, Feed.PEAKS, window)


def ranked(candidates: Candidates) -> list[tuple[datetime, int, float, datetime]]:
    """Return what the rules let through: month, rank, value and hour, in order."""
    accepted = judge_peaks(candidates.frame, NOW).accepted
    return sorted(accepted.select("start", "rank", "quantity", "hour_start").iter_rows())


def refused(candidates: Candidates) -> list[tuple[str, bytes]]:
    """Return the rule and the verbatim bytes of every row that is not stored."""
    rejected = judge_peaks(candidates.frame, NOW).rejected
    return [(bad.rule, bad.row) for bad in candidates.bad] + [
        (rule, candidates.verbatim(number)) for number, rule in rejected.select("row", "rule").iter_rows()
    ]


def test_a_good_answer() -> None:
    """The hours of a month become its ranks, 1 the highest, though Elvia sends them ascending."""
    candidates = asked(peaks(month(1, THIRD, SECOND, FIRST)))

    assert candidates.frame.schema == peak.CANDIDATE
    assert candidates.frame.row(2, named=True) == {
        "metering_point": POINT,
        "register": "consumption",
        "start": JUNE.start,
        "rank": 1,
        "quantity": 5.0,
        "unit": "kWh",
        "hour_start": JUNE.start + 90 * HOUR,
        "hour_end": JUNE.start + 91 * HOUR,
        "average": 4.0,
        "verified": True,
        "row": 2,
    }
    assert [(rank, value) for _, rank, value, _ in ranked(candidates)] == [(1, 5.0), (2, 4.0), (3, 3.0)]
    assert candidates.metering_points == (POINT,)


def test_the_order_sent_makes_no_difference() -> None:
    """In any order, equal hours among them, the three are the same three: nothing is corrected by shuffling."""
    hours = [row(30, value=5.0), row(60, value=4.0), row(90, value=5.0)]
    wanted = [
        (JUNE.start, 1, 5.0, JUNE.start + 30 * HOUR),
        (JUNE.start, 2, 5.0, JUNE.start + 90 * HOUR),
        (JUNE.start, 3, 4.0, JUNE.start + 60 * HOUR),
    ]

    assert [ranked(asked(peaks(month(1, *order)))) for order in permutations(hours)] == [wanted] * 6


@pytest.mark.parametrize("hours", [[], [THIRD], [THIRD, FIRST]], ids=len)
def test_fewer_than_three(hours: list[dict[str, Any]]) -> None:
    """In the first days of a month there are fewer, and they are ranked from 1."""
    candidates = asked(peaks(month(1, *hours)))

    assert [rank for _, rank, _, _ in ranked(candidates)] == list(range(1, len(hours) + 1))
    assert refused(candidates) == []


@pytest.mark.parametrize(
    "part",
    [[], [month(0)], [month(1)], [month(0, average=None)], None],
    ids=["no month", "nothing in the running one", "nothing in the last", "no mean", "null"],
)
def test_nothing_yet(part: list[dict[str, Any]] | None) -> None:
    """A month that has only begun can be empty or left out altogether; that is no fault."""
    body = json.loads(peaks())
    body["meteringpoints"][0]["maxHoursAggregate"] = part
    candidates = asked(json.dumps(body).encode())

    assert candidates.frame.is_empty()
    assert candidates.frame.schema == peak.CANDIDATE
    assert (list(candidates.bad), candidates.metering_points) == ([], (POINT,))


def test_the_running_month_can_be_left_out() -> None:
    """The first month in the list is not always the running one: what counts is how far back it says it is."""
    window = Window(JUNE.start, JUNE.end + 2 * HOUR)

    assert [start for start, *_ in ranked(asked(peaks(month(1, FIRST)), window))] == [JUNE.start]
    both = peaks(month(0, row(0, start=JUNE.end, value=1.0)), month(1, FIRST))
    assert [start for start, *_ in ranked(asked(both, window))] == [JUNE.start, JUNE.end]


FIRSTS: Final = [date(year, number, 1) for year in (2023, 2024, 2025) for number in range(1, 13)]


@pytest.mark.parametrize("first", FIRSTS, ids=str)
def test_a_finished_month_asked_for_at_its_end(first: date) -> None:
    """Asked as of the instant at which a month ends, it is one month back, and the month that begins is left out."""
    window = month_window(first, OSLO)
    last_hour = row(0, start=window.end - HOUR, value=9.0)
    body = peaks(month(0, row(0, start=window.end)), month(1, row(0, start=window.start, value=2.0), last_hour))

    assert ranked(asked(body, window)) == [
        (window.start, 1, 9.0, window.end - HOUR),
        (window.start, 2, 2.0, window.start),
    ]


@given(st.datetimes(datetime(2024, 2, 1), datetime(2026, 11, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_the_newest_two_months_asked_for_as_of_now(now: datetime) -> None:
    """At any hour of any day the call for the newest months finds each peak in the month of its hour."""
    published = ELVIA.published_until(now)
    (window,) = ELVIA.calls(Feed.PEAKS, [Window(published - HOUR, published)], now)
    newest = local_day(published, OSLO).replace(day=1)
    months = {newest: 0, (newest - DAY).replace(day=1): 1}
    told = {first: local_midnight(first, OSLO) for first in months if local_midnight(first, OSLO) < published}
    body = peaks(*(month(months[first], row(0, start=start, value=1.0)) for first, start in told.items()))
    candidates = asked(body, window)

    assert {start for start, *_ in ranked(candidates)} == {start for start in told.values() if start in _starts(window)}
    assert refused(candidates) == []
    assert newest not in told or told[newest] in _starts(window)


def _starts(window: Window) -> set[datetime]:
    found, first = set(), local_day(window.start, OSLO).replace(day=1)
    while local_midnight(first, OSLO) < window.end:
        found.add(local_midnight(first, OSLO))
        first = next_month(first)
    return {start for start in found if start >= window.start}


def test_production_is_another_register() -> None:
    """Hours of production, in a list of their own or in the same, have ranks of their own."""
    candidates = asked(
        peaks(
            month(1, THIRD, row(40, value=8.0, production=True), FIRST), month(1, row(50, value=7.0, production=True))
        )
    )
    found = candidates.frame.sort("register", "rank").select("register", "rank", "quantity").rows()

    assert found == [("consumption", 1, 5.0), ("consumption", 2, 3.0), ("production", 1, 8.0), ("production", 2, 7.0)]


def test_null_is_no_peak() -> None:
    """An hour without a value takes no rank and is no fault."""
    candidates = asked(peaks(month(1, row(10, value=None), SECOND, FIRST)))

    assert [(rank, value) for _, rank, value, _ in ranked(candidates)] == [(1, 5.0), (2, 4.0)]
    assert refused(candidates) == []


BAD: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "renamed key": (without("uom", THIRD) | {"unit": "kWh"}, "row_is_readable"),
    "text for a number": (THIRD | {"value": "3.0"}, "row_is_readable"),
    "watts": (THIRD | {"uom": "kW"}, "unit_is_the_registers"),
    "naive": (THIRD | {"startTime": "2026-06-02T06:00:00"}, "hour_start_nullability"),
    "of another month": (row(-5, value=3.0), "lies_in_its_month"),
    "two hours": (row(30, value=3.0) | {"endTime": row(31)["endTime"]}, "lasts_one_hour"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_kept_as_it_was_sent(name: str) -> None:
    """A bad row is refused by name with its very bytes; the month's others are stored."""
    bad, rule = BAD[name]
    candidates = asked(peaks(month(1, bad, SECOND, FIRST)))

    assert refused(candidates) == [(rule, json.dumps(bad).encode())]
    assert [value for _, _, value, _ in ranked(candidates)] == [5.0, 4.0]


def test_a_month_without_a_mean() -> None:
    """Hours without the month's mean are refused: what they are for is the mean."""
    candidates = asked(peaks(month(1, FIRST, average=None)))

    assert refused(candidates) == [("average_nullability", json.dumps(FIRST).encode())]


def test_an_hour_named_twice() -> None:
    """An hour sent twice alike takes one rank; with two values it takes none."""
    assert [rank for _, rank, _, _ in ranked(asked(peaks(month(1, SECOND, FIRST, FIRST))))] == [1, 2]
    contradicting = asked(peaks(month(1, THIRD, FIRST, FIRST | {"value": 4.5})))
    assert [value for _, _, value, _ in ranked(contradicting)] == [3.0]
    assert {rule for rule, _ in refused(contradicting)} == {"names_an_hour_once"}


def test_a_fourth_hour() -> None:
    """More than three is more than the operator documents: the lowest is kept apart."""
    candidates = asked(peaks(month(1, row(10, value=1.0), THIRD, SECOND, FIRST)))

    assert [rank for _, rank, _, _ in ranked(candidates)] == [1, 2, 3]
    assert refused(candidates) == [("rank_max", json.dumps(row(10, value=1.0)).encode())]


@pytest.mark.parametrize("back", [2, 3, 1200])
def test_a_month_that_was_not_asked_for(back: int) -> None:
    """Months outside what was asked for are another call's business."""
    assert asked(peaks(month(back, FIRST), month(1, FIRST))).frame.height == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        peaks(without("averageValue", month(1))),
        peaks(without("noOfMonthsBack", month(1))),
        peaks(month(-1)),
        peaks(month(10**6)),
        peaks(month(1) | {"maxHours": None}),
    ],
    ids=["empty", "HTML", "no list", "no mean", "no month", "a month to come", "long ago", "no hours"],
)
def test_another_shape(body: bytes) -> None:
    """An envelope of another shape is the operator's change."""
    with pytest.raises(SourceChanged, match=r"^elvia: the answer to peaks has another shape"):
        asked(body)


def test_now_is_not_over() -> None:
    """A peak of an hour that is not over yet is refused."""
    window = Window(local_midnight(date(2026, 10, 1), OSLO), floor_hour(NOW))
    candidates = asked(peaks(month(0, row(0, start=floor_hour(NOW), value=1.0))), window)

    assert [rule for rule, _ in refused(candidates)] == ["lies_in_the_past"]
