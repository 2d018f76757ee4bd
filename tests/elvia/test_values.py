"""Answers of `metervalues` put into canonical columns: every oddity that real clients have met."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import polars as pl
import pytest

from schemas import reading
from schemas.time import day_window
from tests.elvia.bodies import (
    ANOTHER_POINT,
    HOUR,
    JUNE,
    NOW,
    OSLO,
    POINT,
    parsed,
    point,
    refused,
    row,
    stored,
    told,
    values,
    without,
)


def test_a_good_answer() -> None:
    """Each hour becomes a row with the canonical columns, in UTC, and nothing is left over."""
    candidates = parsed(values(point(row(0), row(1, verified=False), row(2, value=3))))

    assert candidates.frame.schema == reading.CANDIDATE
    assert candidates.frame.row(1, named=True) == {
        "metering_point": POINT,
        "register": "consumption",
        "start": JUNE.start + HOUR,
        "end": JUNE.start + 2 * HOUR,
        "resolution": "PT1H",
        "quantity": 0.125,
        "unit": "kWh",
        "verified": False,
        "estimated": None,
        "operator_version": None,
        "row": 1,
    }
    assert [start for _, _, start, _ in stored(candidates)] == [JUNE.start + n * HOUR for n in range(3)]
    assert (list(candidates.bad), candidates.metering_points, candidates.nulls) == ([], (POINT,), 0)


def test_both_registers_and_points_mixed() -> None:
    """Rows of both registers in one list, unsorted, under several metering points, keep apart."""
    body = values(
        point(row(2, production=True, value=9.0), row(2), row(0), row(1, production=True, value=0.0)),
        point(row(2, value=7.0), name=ANOTHER_POINT),
    )

    assert sorted(stored(parsed(body))) == [
        (POINT, "consumption", JUNE.start, 0.0),
        (POINT, "consumption", JUNE.start + 2 * HOUR, 0.25),
        (POINT, "production", JUNE.start + HOUR, 0.0),
        (POINT, "production", JUNE.start + 2 * HOUR, 9.0),
        (ANOTHER_POINT, "consumption", JUNE.start + 2 * HOUR, 7.0),
    ]
    assert parsed(body).metering_points == (POINT, ANOTHER_POINT)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)], ids=["spring", "autumn"]
)
def test_the_days_of_the_clock_changes(day: date, hours: int) -> None:
    """Hours told by the local clock, repeated ones too, are so many hours in UTC, one after another."""
    window = day_window(day, OSLO)
    body = values(point(*(row(number, start=window.start) for number in range(hours))))
    candidates = parsed(body, window=window)

    assert [start for _, _, start, _ in stored(candidates)] == [window.start + number * HOUR for number in range(hours)]
    assert window.start + hours * HOUR == window.end
    assert refused(candidates) == []


@pytest.mark.parametrize(
    "start",
    [
        "2026-06-01T02:00:00+02:00",
        "2026-06-01T00:00:00Z",
        "2026-06-01T00:00:00.000Z",
        "2026-06-01T00:00:00.123456+00:00",
    ],
)
def test_spellings_of_a_time(start: str) -> None:
    """An offset, a Z and fractions are all read as the instant that they tell."""
    candidates = parsed(values(point(row(0) | {"startTime": start})))

    microseconds = 123456 if ".123456" in start else 0
    assert candidates.frame["start"].to_list() == [datetime(2026, 6, 1, 0, 0, 0, microseconds, tzinfo=UTC)]


@pytest.mark.parametrize("unit", ["kWh", "kwh"])
def test_spellings_of_the_unit(unit: str) -> None:
    """Both spellings that were seen are the same unit."""
    assert parsed(values(point(row(uom=unit)))).frame["unit"].to_list() == ["kWh"]


BAD: Final[dict[str, tuple[object, str]]] = {
    "renamed key": (without("value", row(1)) | {"amount": 1.0}, "row_is_readable"),
    "no flag": (without("verified", row(1)), "row_is_readable"),
    "no direction": (row(1, production=None), "row_is_readable"),
    "text for a number": (row(1, value="0.5"), "row_is_readable"),
    "truth for a number": (row(1, value=True), "row_is_readable"),
    "text for a flag": (row(1, verified="true"), "row_is_readable"),
    "number for a time": (row(1, startTime=1_780_000_000), "row_is_readable"),
    "no object": (5, "row_is_readable"),
    "nothing": (None, "row_is_readable"),
    "naive start": (row(1, startTime="2026-06-01T01:00:00"), "start_nullability"),
    "naive end": (row(1, endTime="2026-06-01T02:00:00"), "end_nullability"),
    "no date": (row(1, startTime="tomorrow"), "start_nullability"),
    "a month too many": (row(1, startTime="2026-13-01T01:00:00+02:00"), "start_nullability"),
    "watt-hours": (row(1, uom="Wh"), "unit_is_the_registers"),
    "negative": (row(1, value=-0.5), "quantity_min"),
    "two hours": (row(1, endTime=told(JUNE.start + 3 * HOUR)), "lasts_one_interval"),
    "half past": (row(1) | row(0, start=JUNE.start + 1.5 * HOUR), "starts_on_the_grid"),
    "in the future": (row(0, start=NOW.replace(minute=0, second=0)), "lies_in_the_past"),
    "the year 1": (row(1, startTime="0001-01-01T00:00:00+00:00", endTime="0001-01-01T01:00:00+00:00"), "start_min"),
    "before the year 1": (row(1, startTime="0001-01-01T00:00:00+00:54"), "lasts_one_interval"),
    "beyond every calendar": (row(1, startTime="+12345-01-01T00:00:00Z"), "lasts_one_interval"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_kept_as_it_was_sent(name: str) -> None:
    """A bad row is refused by name with its very bytes, and the rows before and after it are stored."""
    bad, rule = BAD[name]
    candidates = parsed(values(point(row(0), bad, row(2)), point(row(0), name=ANOTHER_POINT)))

    assert refused(candidates) == [(rule, json.dumps(bad).encode())]
    assert [(each, start) for each, _, start, _ in stored(candidates)] == [
        (POINT, JUNE.start),
        (POINT, JUNE.start + 2 * HOUR),
        (ANOTHER_POINT, JUNE.start),
    ]


@pytest.mark.parametrize(
    ("bad", "register", "start"),
    [
        (row(3, value="x"), "consumption", JUNE.start + 3 * HOUR),
        (row(3, value="x", production=True), "production", JUNE.start + 3 * HOUR),
        (row(3, production="x"), None, JUNE.start + 3 * HOUR),
        (row(3, value="x", startTime="tomorrow"), "consumption", None),
        (row(3, value="x", startTime="2026-06-01T01:00:00"), "consumption", None),
        (row(3, value="x", startTime="0001-01-01T00:00:00+00:54"), "consumption", None),
        (row(3, value="x", startTime=None), "consumption", None),
        ([], None, None),
    ],
    ids=["time", "production", "no register", "no time", "naive", "before the year 1", "null", "no object"],
)
def test_an_unreadable_row_still_tells_what_it_can(bad: object, register: str | None, start: datetime | None) -> None:
    """An unreadable row is filed under its metering point, its register and its time, so far as it has them."""
    (found,) = parsed(values(point(row(0), bad))).bad

    assert (found.metering_point, found.register, found.start) == (POINT, register, start)
    assert found.detail


@pytest.mark.parametrize(
    ("whole", "broken"),
    [(b'"value": 0.125', b'"value": 1e999'), (b'"uom": "kWh"', b'"uom": "k\xffh"')],
    ids=["huge", "no UTF-8"],
)
def test_a_row_that_is_hardly_json(whole: bytes, broken: bytes) -> None:
    """A number that no float holds, or bytes that are no text, cost their row and no other."""
    good = json.dumps(row(1)).encode()
    bad = good.replace(whole, broken)
    candidates = parsed(values(point(row(0), row(1), row(2))).replace(good, bad))

    assert refused(candidates) == [("row_is_readable", bad)]
    assert len(stored(candidates)) == 2


@pytest.mark.parametrize("minutes", [15, 30, 1440, 0])
def test_another_resolution_is_never_an_hour(minutes: int) -> None:
    """Of a series in another resolution nothing is stored, not even rows that last an hour; the next series is."""
    body = values(point(row(0), row(1), minutes=minutes), point(row(5), name=ANOTHER_POINT))
    candidates = parsed(body)

    assert [rule for rule, _ in refused(candidates)] == ["resolution_is_known"] * 2
    assert stored(candidates) == [(ANOTHER_POINT, "consumption", JUNE.start + 5 * HOUR, 0.625)]


def test_null_is_missing() -> None:
    """A row without a value is counted, not stored and not quarantined: missing is never zero."""
    candidates = parsed(values(point(row(0), row(1, value=None), row(2, value=None, production=True))))

    assert candidates.nulls == 2
    assert len(stored(candidates)) == 1
    assert refused(candidates) == []


def test_the_same_hour_twice() -> None:
    """An hour sent twice alike is stored once; sent twice with different values it is stored with none of them."""
    candidates = parsed(values(point(row(0), row(0), row(1), row(1, value=8.0), row(2))))

    assert [start for _, _, start, _ in stored(candidates)] == [JUNE.start, JUNE.start + 2 * HOUR]
    assert refused(candidates) == [
        ("primary_key", json.dumps(row(1)).encode()),
        ("primary_key", json.dumps(row(1, value=8.0)).encode()),
    ]


def test_a_year_of_one_point_keeps_every_row() -> None:
    """A whole year with a bad row every hundred hours: what is stored and what is refused are all there is."""
    rows: list[dict[str, Any]] = [row(number, start=datetime(2025, 1, 1, tzinfo=UTC)) for number in range(8760)]
    for number in range(0, 8760, 100):
        rows[number]["value"] = "x"
    candidates = parsed(values(point(*rows)))

    assert candidates.frame.height + len(candidates.bad) == 8760
    assert len(candidates.bad) == 88
    verbatim = [json.loads(candidates.verbatim(number)) for number in candidates.frame["row"].head(150)]
    assert verbatim == [each for each in rows if each["value"] != "x"][:150]
    assert candidates.frame.select(pl.col("start").diff().max()).item() == timedelta(hours=2)
