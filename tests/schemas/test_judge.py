"""Which rows of an answer may be stored, and under which rule the others go to quarantine."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import reading
from schemas.judge import IN_THE_FUTURE, judge_readings
from schemas.reading import Reading
from schemas.registers import REGISTERS, Register

POINT: Final = "707057500000000018"
START: Final = datetime(2026, 3, 1, tzinfo=UTC)
ASKED_AT: Final = datetime(2026, 4, 1, 12, 0, 30, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
QUARTER: Final = timedelta(minutes=15)

GOOD: Final[dict[str, Any]] = {
    "metering_point": POINT,
    "register": "consumption",
    "start": START,
    "end": START + HOUR,
    "resolution": "PT1H",
    "quantity": 1.25,
    "unit": "kWh",
    "verified": True,
}
ANOTHER: Final = {**GOOD, "start": START + 5 * HOUR, "end": START + 6 * HOUR}


def candidates(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return an answer with these rows, numbered in order."""
    return pl.DataFrame([{**row, "row": number} for number, row in enumerate(rows)], schema=reading.CANDIDATE)


def judged(*rows: dict[str, Any]) -> tuple[list[int], dict[int, str]]:
    """Return the numbers of the accepted rows, and of the rejected ones with their rules."""
    verdict = judge_readings(candidates(*rows), ASKED_AT)
    return verdict.accepted["row"].to_list(), dict(verdict.rejected.select("row", "rule").iter_rows())


def hour(start: datetime, **changes: object) -> dict[str, Any]:
    """Return changes that move the good row to another hour."""
    return {"start": start, "end": start + HOUR, **changes}


BAD: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "no value": ({"quantity": None}, "quantity_nullability"),
    "NaN": ({"quantity": math.nan}, "quantity_nan"),
    "infinite": ({"quantity": math.inf}, "quantity_inf"),
    "infinitely negative": ({"quantity": -math.inf}, "quantity_min"),
    "negative": ({"quantity": -0.001}, "quantity_min"),
    "empty metering point": ({"metering_point": ""}, "metering_point_min_length"),
    "no metering point": ({"metering_point": None}, "metering_point_nullability"),
    "unknown register": ({"register": "steam"}, "register_is_known"),
    "no register": ({"register": None}, "unit_is_the_registers"),
    "watt-hours": ({"unit": "Wh"}, "unit_is_the_registers"),
    "another spelling": ({"unit": "kwh"}, "unit_is_the_registers"),
    "no unit": ({"unit": None}, "unit_is_the_registers"),
    "gas in kWh": ({"register": "gas_volume"}, "unit_is_the_registers"),
    "quarter-hour in minutes": ({"resolution": "15 minutes", "end": START + QUARTER}, "resolution_is_known"),
    "a day": ({"resolution": "P1D", "end": START + 24 * HOUR}, "resolution_is_known"),
    "no resolution": ({"resolution": None}, "resolution_nullability"),
    "hour that lasts a quarter": ({"end": START + QUARTER}, "lasts_one_interval"),
    "quarter that lasts an hour": ({"resolution": "PT15M"}, "lasts_one_interval"),
    "no time at all": ({"end": START}, "lasts_one_interval"),
    "backwards": ({"end": START - HOUR}, "lasts_one_interval"),
    "two hours": ({"end": START + 2 * HOUR}, "lasts_one_interval"),
    "a microsecond too long": ({"end": START + HOUR + timedelta.resolution}, "lasts_one_interval"),
    "no start": ({"start": None}, "start_nullability"),
    "no end": ({"end": None}, "end_nullability"),
    "neither start nor end": ({"start": None, "end": None}, "start_nullability"),
    "hour from a quarter past": (hour(START + QUARTER), "starts_on_the_grid"),
    "hour from a microsecond past": (hour(START + timedelta.resolution), "starts_on_the_grid"),
    "quarter from five past": (
        {"start": START + QUARTER / 3, "end": START + QUARTER * 4 / 3, "resolution": "PT15M"},
        "starts_on_the_grid",
    ),
    "the year 1": (hour(datetime(1, 1, 1, tzinfo=UTC)), "start_min"),
    "the last century": (hour(datetime(1999, 12, 31, 23, tzinfo=UTC)), "start_min"),
    "not over yet": (hour(datetime(2026, 4, 1, 12, tzinfo=UTC)), "lies_in_the_past"),
    "the year 9999": (hour(datetime(9999, 12, 31, 22, tzinfo=UTC)), "lies_in_the_past"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_bad_row_is_refused_by_name(name: str) -> None:
    """A row that breaks a rule is refused under the rule's name, and the good rows around it go on."""
    changes, rule = BAD[name]

    assert judged(GOOD | changes) == ([], {0: rule})
    assert judged(ANOTHER, GOOD | changes, GOOD | hour(START + 9 * HOUR)) == ([0, 2], {1: rule})


def test_every_rule_is_in_the_table() -> None:
    """No rule can be added without a row that breaks it."""
    _, failures = Reading.filter(candidates(GOOD))
    rules = set(failures.details().columns) - set(reading.CANDIDATE)

    assert {rule for rule in rules if "|" not in rule} <= {rule for _, rule in BAD.values()} | {"primary_key"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"quantity": 0.0},
        {"quantity": 1e12},
        {"verified": None},
        {"verified": False},
        {"estimated": True, "operator_version": 7},
        {"register": "reactive_production", "unit": "kvarh"},
        {"end": START + QUARTER, "resolution": "PT15M"},
        hour(datetime(2026, 4, 1, 11, tzinfo=UTC)),
        hour(datetime(2000, 1, 1, tzinfo=UTC)),
    ],
    ids=str,
)
def test_good_rows_are_accepted(changes: dict[str, Any]) -> None:
    """What keeps all rules is accepted as it is, columns and all; zero is a value."""
    candidate = candidates(GOOD | changes)
    verdict = judge_readings(candidate, ASKED_AT)

    assert verdict.accepted.equals(candidate)
    assert verdict.rejected.is_empty()


@pytest.mark.parametrize("register", REGISTERS.values(), ids=lambda register: register.name)
def test_every_register_has_its_unit(register: Register) -> None:
    """A register takes its own unit and no other register's."""
    for unit in {other.unit for other in REGISTERS.values()}:
        accepted, _ = judged(GOOD | {"register": register.name, "unit": unit})
        assert accepted == ([0] if unit == register.unit else [])


def test_an_hour_that_has_just_ended() -> None:
    """An interval may end at the very instant of asking, and no microsecond later."""
    candidate = candidates(GOOD)

    assert judge_readings(candidate, START + HOUR).accepted.height == 1
    assert judge_readings(candidate, START + HOUR - timedelta.resolution).rejected["rule"].to_list() == [IN_THE_FUTURE]


def test_an_empty_answer() -> None:
    """Nothing in is nothing out, on either side, with the columns all the same."""
    verdict = judge_readings(reading.CANDIDATE.to_frame(eager=True), ASKED_AT)

    assert verdict.accepted.schema == reading.CANDIDATE
    assert verdict.accepted.is_empty()
    assert verdict.rejected.columns == ["metering_point", "register", "start", "row", "rule"]
    assert verdict.rejected.is_empty()


def test_rows_of_nulls() -> None:
    """Rows that say nothing at all are refused, each of them, and none of them twice."""
    accepted, rejected = judged({}, {}, GOOD)

    assert accepted == [2]
    assert set(rejected) == {0}


def test_a_row_sent_twice_is_one() -> None:
    """Of identical rows the first stays, and none goes to quarantine."""
    assert judged(GOOD, ANOTHER, GOOD, GOOD) == ([0, 1], {})


@pytest.mark.parametrize("changes", [{"quantity": 1.5}, {"verified": False}, {"operator_version": 2}], ids=str)
def test_rows_that_contradict_each_other(changes: dict[str, Any]) -> None:
    """Of rows that differ for one interval none is stored, in whatever order they come; the others are."""
    rule = "primary_key"

    assert judged(GOOD, ANOTHER, GOOD | changes) == ([1], {0: rule, 2: rule})
    assert judged(GOOD | changes, GOOD, ANOTHER, GOOD) == ([2], {0: rule, 1: rule})


def test_other_series_are_no_contradiction() -> None:
    """The same hour of another register, or at another metering point, is another reading."""
    others = ({"register": "production"}, {"metering_point": "707057500000000025"})

    assert judged(GOOD, *(GOOD | other | {"quantity": 9.0} for other in others)) == ([0, 1, 2], {})


def test_the_reason_is_the_telling_one() -> None:
    """A row that breaks several rules is named by what is wrong with it, not by the row that it contradicts."""
    assert judged(GOOD, GOOD | {"quantity": -1.0}) == ([], {0: "primary_key", 1: "quantity_min"})


def test_a_time_that_python_cannot_tell() -> None:
    """A year that no `datetime` holds is refused, and quarantined without a time."""
    beyond = candidates(GOOD, GOOD).with_columns(
        start=pl.when(pl.col("row") == 0).then(pl.lit(-62_135_600_040_000_000)).otherwise(8_210_235_340_800_000_000)
    )
    rows = beyond.with_columns(pl.col("start").cast(reading.INSTANT), end=pl.col("start").cast(reading.INSTANT))
    verdict = judge_readings(rows, ASKED_AT)

    assert verdict.accepted.is_empty()
    assert [(start, row) for _, _, start, row, _ in verdict.rejected.sort("row").iter_rows()] == [(None, 0), (None, 1)]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 6),
            st.sampled_from([1.0, 2.0, -1.0, math.nan]),
            st.sampled_from(["PT1H", "PT5M"]),
            st.sampled_from(["consumption", "production", "steam"]),
        ),
        max_size=12,
    )
)
def test_no_row_is_lost(rows: list[tuple[int, float, str, str]]) -> None:
    """Every distinct row is accepted or rejected, none both; accepted rows keep the rules, and no key twice."""
    sent = [
        GOOD | hour(START + number * HOUR, quantity=quantity, resolution=resolution, register=register)
        for number, quantity, resolution, register in rows
    ]
    accepted, rejected = judged(*sent)
    kept = [rows[number] for number in accepted]
    refused = [rows[number] for number in rejected]

    assert {*map(repr, kept), *map(repr, refused)} == set(map(repr, rows))
    assert len(kept) + len(refused) == len(set(map(repr, rows)))
    sound = {row for row in rows if row[1] > 0 and row[2] == "PT1H" and row[3] != "steam"}
    keys = [(row[0], row[3]) for row in {*map(_comparable, rows)}]
    assert set(kept) == {row for row in sound if keys.count((row[0], row[3])) == 1}


def _comparable(row: tuple[int, float, str, str]) -> tuple[int, str, str, str]:
    """Make NaN equal to itself."""
    return row[0], repr(row[1]), row[2], row[3]
