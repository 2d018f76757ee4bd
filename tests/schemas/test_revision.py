"""What an answer adds to the log, and how the log is read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl
import pytest

from schemas.revision import PEAKS, READINGS, as_known_on, corrected_since, current, revise
from tests.schemas.answers import ANOTHER_POINT, HOUR, START, Told, added, answer, empty_log

MONDAY: Final = datetime(2026, 4, 6, 6, 30, tzinfo=UTC)
DAY: Final = timedelta(days=1)

Row = tuple[float, bool, bool | None, int]
"""Quantity, settled, verified, revision."""


def told_in_turn(*steps: Told) -> tuple[pl.DataFrame, list[tuple[int, int, int]]]:
    """Tell a log one reading a day; return it, with how many were new, corrected and confirmed each day."""
    log, kinds = empty_log(), []
    for number, told in enumerate(steps):
        log, revised = added(log, answer(told), MONDAY + number * DAY)
        counts = revised.kinds.drop("connection").rows()
        kinds.append(counts[0] if counts else (0, 0, 0))
    return log, kinds


NEW, CORRECTED, CONFIRMED, NEITHER = (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)

STORIES: Final[dict[str, tuple[list[Told], list[tuple[int, int, int]], list[Row]]]] = {
    "unchanged": ([Told(0, 1.0), Told(0, 1.0)], [NEW, NEITHER], [(1.0, False, False, 0)]),
    "corrected": (
        [Told(0, 1.0), Told(0, 2.0)],
        [NEW, CORRECTED],
        [(1.0, False, False, 0), (2.0, False, False, 1)],
    ),
    "corrected and back": (
        [Told(0, 1.0), Told(0, 2.0), Told(0, 1.0)],
        [NEW, CORRECTED, CORRECTED],
        [(1.0, False, False, 0), (2.0, False, False, 1), (1.0, False, False, 2)],
    ),
    "confirmed": (
        [Told(0, 1.0), Told(0, 1.0, settled=True, verified=True)],
        [NEW, CONFIRMED],
        [(1.0, False, False, 0), (1.0, True, True, 0)],
    ),
    "confirmed by age": (
        [Told(0, 1.0), Told(0, 1.0, settled=True)],
        [NEW, CONFIRMED],
        [(1.0, False, False, 0), (1.0, True, False, 0)],
    ),
    "corrected while it is confirmed": (
        [Told(0, 1.0), Told(0, 2.0, settled=True, verified=True)],
        [NEW, CORRECTED],
        [(1.0, False, False, 0), (2.0, True, True, 1)],
    ),
    "the flag is taken back": (
        [Told(0, 1.0, settled=True, verified=True), Told(0, 1.0)],
        [NEW, NEITHER],
        [(1.0, True, True, 0), (1.0, True, False, 0)],
    ),
    "settled stays, and nothing else changes": (
        [Told(0, 1.0, settled=True), Told(0, 1.0)],
        [NEW, NEITHER],
        [(1.0, True, False, 0)],
    ),
    "provisional again with another value": (
        [Told(0, 1.0, settled=True, verified=True), Told(0, 2.0)],
        [NEW, CORRECTED],
        [(1.0, True, True, 0), (2.0, False, False, 1)],
    ),
    "the flag appears": (
        [Told(0, 1.0, verified=None), Told(0, 1.0)],
        [NEW, NEITHER],
        [(1.0, False, None, 0), (1.0, False, False, 0)],
    ),
    "no flag twice": ([Told(0, 1.0, verified=None)] * 2, [NEW, NEITHER], [(1.0, False, None, 0)]),
    "a lower version": (
        [Told(0, 1.0, version=2), Told(0, 9.0, settled=True, version=1)],
        [NEW, NEITHER],
        [(1.0, False, False, 0)],
    ),
    "the same version": (
        [Told(0, 1.0, version=2), Told(0, 9.0, version=2)],
        [NEW, CORRECTED],
        [(1.0, False, False, 0), (9.0, False, False, 1)],
    ),
    "a higher version": (
        [Told(0, 1.0, version=2), Told(0, 1.0, version=3), Told(0, 9.0, version=2)],
        [NEW, NEITHER, NEITHER],
        [(1.0, False, False, 0), (1.0, False, False, 0)],
    ),
    "zero with either sign": ([Told(0, 0.0), Told(0, -0.0)], [NEW, NEITHER], [(0.0, False, False, 0)]),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_one_reading_goes_through(name: str) -> None:
    """Only a changed value is a new revision; only what differs is a row; each is counted as what it is."""
    steps, kinds, rows = STORIES[name]
    log, counted = told_in_turn(*steps)

    assert counted == kinds
    assert log.select("quantity", "settled", "verified", "revision").rows() == rows
    assert log["seq"].to_list() == list(range(1, len(rows) + 1))
    assert current(log, READINGS).select("quantity", "settled", "verified", "revision").rows() == rows[-1:]


def test_new_rows_are_numbered_in_order_of_key() -> None:
    """Numbers go on from the highest used, by point, register and time, whatever the order in the answer."""
    incoming = answer(
        Told(5, 1.0, point=ANOTHER_POINT), Told(3, 2.0), Told(1, 3.0, register="production"), Told(1, 4.0)
    )
    revised = revise(empty_log(), incoming, READINGS, seq=41, known_at=MONDAY)

    assert revised.rows.schema == READINGS.schema
    assert revised.rows.select("quantity", "seq").rows() == [(4.0, 42), (2.0, 43), (3.0, 44), (1.0, 45)]
    assert revised.rows["known_at"].unique().to_list() == [MONDAY]
    assert revised.rows["revision"].unique().to_list() == [0]


def test_kinds_are_counted_by_connection() -> None:
    """What came is counted for the connection that brought it, and only what came."""
    log, _ = added(
        empty_log(), pl.concat([answer(Told(0, 1.0), Told(1, 1.0)), answer(Told(2, 1.0), connection="cabin")]), MONDAY
    )
    again = pl.concat(
        [
            answer(Told(0, 2.0), Told(1, 1.0, settled=True), Told(3, 1.0), Told(4, 1.0)),
            answer(Told(2, 1.0, verified=True), connection="cabin"),
            answer(connection="idle"),
        ]
    )
    _, revised = added(log, again, MONDAY + DAY)

    assert revised.kinds.rows() == [("cabin", 0, 0, 0), ("home", 2, 1, 1)]
    assert revised.rows.height == 5


def test_an_empty_answer_adds_nothing() -> None:
    """Nothing in, nothing out; and a log in which nothing is known has no current rows."""
    log, _ = added(empty_log(), answer(Told(0, 1.0)), MONDAY)
    same, revised = added(log, answer(), MONDAY + DAY)

    assert same.equals(log)
    assert revised.kinds.is_empty()
    assert current(empty_log(), READINGS).is_empty()


def test_what_an_answer_leaves_out_stays() -> None:
    """Readings that the operator no longer sends stay as they were."""
    log, _ = added(empty_log(), answer(*(Told(hour, 1.0) for hour in range(5))), MONDAY)
    log, _ = added(log, answer(Told(2, 3.0)), MONDAY + DAY)

    assert current(log, READINGS)["quantity"].to_list() == [1.0, 1.0, 3.0, 1.0, 1.0]


def test_as_known_on() -> None:
    """As known on an instant is the last row by then: what came at the instant itself, and nothing later."""
    log, _ = told_in_turn(Told(0, 1.0), Told(0, 2.0), Told(0, 3.0))

    def known(instant: datetime) -> list[float]:
        return as_known_on(log, READINGS, instant)["quantity"].to_list()

    assert known(MONDAY - timedelta.resolution) == []
    assert known(MONDAY) == [1.0]
    assert known(MONDAY + DAY - timedelta.resolution) == [1.0]
    assert known(MONDAY + DAY) == [2.0]
    assert known(MONDAY + 99 * DAY) == [3.0]


def test_as_known_on_one_instant() -> None:
    """Of rows that became known at one instant, as after a clock's jump, the last by number holds."""
    log, _ = added(empty_log(), answer(Told(0, 1.0)), MONDAY)
    log, _ = added(log, answer(Told(0, 2.0)), MONDAY)

    assert as_known_on(log, READINGS, MONDAY)["quantity"].to_list() == [2.0]


def test_corrected_since() -> None:
    """Corrections after an instant are each revision after the first, once, with what it was confirmed to left out."""
    log, _ = told_in_turn(Told(0, 1.0), Told(0, 2.0), Told(0, 2.0, settled=True), Told(0, 3.0))
    log, _ = added(log, answer(Told(1, 5.0)), MONDAY + 9 * DAY)

    def corrected(instant: datetime) -> list[tuple[float, bool]]:
        return corrected_since(log, READINGS, instant).select("quantity", "settled").rows()

    assert corrected(MONDAY) == [(2.0, False), (3.0, False)]
    assert corrected(MONDAY + DAY) == [(3.0, False)]
    assert corrected(MONDAY + 3 * DAY) == []


def test_peaks_have_revisions_too() -> None:
    """A rank that another hour takes, or that another mean goes with, is a new revision; a flag is none."""
    month = START - HOUR
    first = {
        "source": "elvia",
        "connection": "home",
        "metering_point": "707057500000000018",
        "register": "consumption",
        "start": month,
        "rank": 1,
        "quantity": 5.0,
        "hour_start": month + 9 * HOUR,
        "average": 5.0,
        "settled": False,
        "verified": False,
        "operator_version": None,
    }
    changes: list[dict[str, object]] = [{}, {"verified": True}, {"average": 4.0}, {"hour_start": month}, {"rank": 2}]
    schema = pl.Schema({name: PEAKS.schema[name] for name in first})
    log = PEAKS.schema.to_frame(eager=True)
    for number, change in enumerate(changes):
        first |= change
        incoming = pl.DataFrame([first], schema=schema)
        revised = revise(current(log, PEAKS), incoming, PEAKS, seq=log.height, known_at=MONDAY + number * DAY)
        log = pl.concat([log, revised.rows]).sort(*PEAKS.key, "seq")

    assert log.schema == PEAKS.schema
    assert log.sort("seq").select("rank", "revision").rows() == [(1, 0), (1, 0), (1, 1), (1, 2), (2, 0)]


def test_a_metering_point_goes_with_the_connection_that_reads_it_now() -> None:
    """A connection that was renamed takes its readings along, and their revision stays."""
    log, _ = added(empty_log(), answer(Told(0, 1.0), connection="home"), MONDAY)
    log, revised = added(log, answer(Told(0, 1.0), connection="cabin"), MONDAY + DAY)

    assert current(log, READINGS).select("connection", "revision").rows() == [("cabin", 0)]
    assert revised.kinds.rows() == [("cabin", 0, 0, 0)]
