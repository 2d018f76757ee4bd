"""Answers put into canonical columns, and what the rules then make of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl
import pytest

from connectors.base import Ask, Candidates, Feed, RawAnswer, Subject
from connectors.errors import SourceChanged
from connectors.leneda.source import LENEDA
from connectors.leneda.wire import REGISTERS
from sandbox.leneda import registers as operator
from schemas.judge import Verdict, judge_readings
from schemas.registers import REGISTERS as CATALOGUE
from schemas.time import DAY, Window, local_midnight
from tests.leneda.plant import NOW, OTHER, POINT

START: Final = datetime(2026, 6, 16, tzinfo=UTC)
QUARTER: Final = timedelta(minutes=15)


def item(place: int = 0, **changes: Any) -> dict[str, object]:  # noqa: ANN401 - any JSON
    """Return an item of the n-th quarter-hour as the operator's page shows one, with changes."""
    start = START + place * QUARTER
    known = {"value": 1.5, "startedAt": f"{start:%Y-%m-%dT%H:%M:%SZ}", "type": "Actual", "version": 1}
    return known | {"calculated": False} | changes


def body(*items: object, register: str = "consumption", **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Return an answer about a register, with changes to its envelope."""
    known = operator.REGISTERS[register]
    head: dict[str, object] = {
        "meteringPointCode": POINT,
        "obisCode": known.obis,
        "intervalLength": known.interval,
        "unit": known.unit,
    }
    return json.dumps(head | {"items": items} | changes, ensure_ascii=False).encode()


def parse(content: bytes, register: str = "consumption") -> Candidates:
    """Parse an answer to a call for a register of `POINT`."""
    ask = Ask.about(Feed.READINGS, Window(START, START + DAY), [Subject(POINT, register)])
    return LENEDA.parse(RawAnswer(ask, NOW, content))


def judge(content: bytes, register: str = "consumption") -> Verdict:
    """Parse and judge it."""
    return judge_readings(parse(content, register).frame, NOW)


def rules(content: bytes, register: str = "consumption") -> set[str]:
    """Return the rules that an answer of which nothing is accepted breaks."""
    verdict = judge(content, register)
    assert verdict.accepted.is_empty()
    return set(verdict.rejected["rule"])


def test_the_table_of_registers_is_the_operators() -> None:
    """Every register has the operator's code, unit and interval, the sharing layers in their odd order."""
    assert set(REGISTERS) == set(CATALOGUE) == set(operator.REGISTERS)
    for name, register in operator.REGISTERS.items():
        assert (REGISTERS[name].obis, REGISTERS[name].interval) == (register.obis, register.interval)
        assert register.unit in REGISTERS[name].units
    layers = [REGISTERS[f"production_shared_layer{layer}"].obis[-1] for layer in (1, 2, 3, 4)]
    assert layers == ["1", "3", "2", "4"]


@pytest.mark.parametrize("register", REGISTERS)
def test_every_register_comes_in_its_own_unit(register: str) -> None:
    """Mean power over a quarter-hour is a quarter of it as energy; gas is taken as it comes."""
    verdict = judge(body(item(value=1.507), register=register), register)

    (row,) = verdict.accepted.to_dicts()
    is_gas = register.startswith("gas")
    assert (row["metering_point"], row["register"], row["start"]) == (POINT, register, START)
    assert row["quantity"] == (1.507 if is_gas else 1.507 / 4)
    assert row["unit"] == CATALOGUE[register].unit
    assert (row["resolution"], row["end"]) == (("PT1H", START + 4 * QUARTER) if is_gas else ("PT15M", START + QUARTER))
    assert (row["verified"], row["estimated"], row["operator_version"]) == (None, False, 1)


@pytest.mark.parametrize(
    ("register", "unit"),
    [(register, unit) for register, measured in REGISTERS.items() for unit in measured.units],
)
def test_every_known_spelling_of_a_unit(register: str, unit: str) -> None:
    """Units are spelled in several ways, each of which is listed."""
    assert judge(body(item(), register=register, unit=unit), register).accepted.height == 1


@pytest.mark.parametrize(
    ("register", "unit"),
    [
        ("consumption", "kWh"),
        ("consumption", "W"),
        ("consumption", "KW"),
        ("consumption", ""),
        ("consumption", None),
        ("reactive_consumption", "kvarh"),
        ("reactive_consumption", "kW"),
        ("gas_volume", "Nm3"),
        ("gas_standard_volume", "m³"),
        ("gas_energy", "kW"),
    ],
)
def test_an_unlisted_unit_is_never_guessed(register: str, unit: str | None) -> None:
    """Not even where it is what the register is stored in: whether the value is power or energy is not known then."""
    assert rules(body(item(), register=register, unit=unit), register) == {"unit_is_the_registers"}


@pytest.mark.parametrize(
    ("register", "interval"),
    [("consumption", "PT1H"), ("consumption", "PT30M"), ("consumption", None), ("gas_volume", "PT15M")],
)
def test_an_unlisted_interval_is_never_guessed(register: str, interval: str | None) -> None:
    """An hour is no quarter-hour, and gas by the quarter-hour is not known to exist."""
    assert rules(body(item(), register=register, intervalLength=interval), register) == {"resolution_is_known"}


@pytest.mark.parametrize(
    "changes", [{"obisCode": "1-1:2.29.0"}, {"obisCode": "9-9:9"}, {"obisCode": None}, {"meteringPointCode": OTHER}]
)
def test_an_answer_about_something_else(changes: dict[str, Any]) -> None:
    """Each of its rows is set aside, under the register that was asked for, and none is believed."""
    found = parse(body(item(0), item(1), **changes))

    assert found.frame.is_empty()
    assert found.metering_points == ()
    assert [(bad.rule, bad.metering_point, bad.register, bad.start) for bad in found.bad] == [
        ("answers_what_was_asked", POINT, "consumption", START),
        ("answers_what_was_asked", POINT, "consumption", START + QUARTER),
    ]
    assert json.loads(found.bad[1].row) == item(1)
    assert OTHER not in found.bad[0].detail


def test_the_code_may_come_back_in_small_letters() -> None:
    """Leneda's clients met codes in both; it is the same metering point."""
    assert judge(body(item(), meteringPointCode=f" {POINT.lower()}")).accepted.height == 1


@pytest.mark.parametrize("gone", ["meteringPointCode", "obisCode", "unit"])
def test_nulls_and_nothing_are_no_answer(gone: str) -> None:
    """What the operator does not know, or does not show, has not answered; an empty day of a known register has."""
    nulls: dict[str, Any] = {gone: None}

    assert parse(body(**nulls)).metering_points == ()
    assert parse(body()).metering_points == (POINT,)


def test_items_come_in_no_order() -> None:
    """Whatever their order, each value stays with its time, and its verbatim row with both."""
    items = [item(place, value=float(place)) for place in (3, 0, 2, 1)]
    found = parse(body(*items))

    for row in found.frame.to_dicts():
        assert row["quantity"] * 4 == (row["start"] - START) / QUARTER
        assert json.loads(found.verbatim(row["row"])) == items[row["row"]]


def test_null_is_missing_and_not_zero() -> None:
    """An item without a value is counted and is no row; a zero is one."""
    found = parse(body(item(0, value=None), item(1, value=0)))

    assert found.nulls == 1
    assert found.frame["quantity"].to_list() == [0.0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "1.5"},
        {"value": True},
        {"type": None},
        {"version": None},
        {"version": "1"},
        {"version": -1},
        {"version": 10**30},
        {"startedAt": None},
    ],
)
def test_an_unreadable_item_is_set_aside(wrong: dict[str, Any]) -> None:
    """It is kept verbatim with its time, where that can be told, and the good ones go on."""
    found = parse(body(item(0, **wrong), item(1)))

    assert found.frame["start"].to_list() == [START + QUARTER]
    (bad,) = found.bad
    assert (bad.rule, bad.register) == ("row_is_readable", "consumption")
    assert bad.start == (None if "startedAt" in wrong else START)
    assert json.loads(bad.row) == item(0, **wrong)


@pytest.mark.parametrize("row", [[], 3, "x", None, {"values": 1.5}])
def test_an_item_that_is_none(row: object) -> None:
    """Another thing in the list, or an item with a renamed key, is set aside, too."""
    found = parse(body(row, item(1)))

    assert [(bad.rule, bad.start, json.loads(bad.row)) for bad in found.bad] == [("row_is_readable", None, row)]
    assert found.frame.height == 1


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"startedAt": "2026-06-16T00:07:00Z"}, "starts_on_the_grid"),
        ({"startedAt": "2026-06-16T00:00:00"}, "start_nullability"),
        ({"startedAt": "yesterday"}, "start_nullability"),
        ({"startedAt": "2026-06-17T12:15:00Z"}, "lies_in_the_past"),
        ({"value": -0.5}, "quantity_min"),
    ],
)
def test_rules_that_single_items_break(changes: dict[str, Any], rule: str) -> None:
    """Times off the grid, without a zone, in the future, and negative values are quarantined."""
    assert rules(body(item(**changes))) == {rule}


@pytest.mark.parametrize(
    ("word", "estimated", "unfamiliar"), [("Estimated", True, {}), ("Guessed", True, {"type 'Guessed'": 2})]
)
def test_types_that_are_not_actual(word: str, *, estimated: bool, unfamiliar: dict[str, int]) -> None:
    """An estimate is one; what an unknown word means is not known, so its values are provisional and it is told."""
    found = parse(body(item(0, type=word), item(1, type=word), item(2)))

    assert found.frame["estimated"].to_list() == [estimated, estimated, False]
    assert dict(found.unfamiliar) == unfamiliar


def test_an_unknown_word_is_told_in_short() -> None:
    """Whatever stands there, nobody's log is filled with it."""
    (word,) = parse(body(item(type="x\n" * 1000))).unfamiliar

    assert word == "type " + repr("x\n" * 20)


def test_of_two_versions_the_higher_is_the_last_word() -> None:
    """An interval that comes in two versions has the value of the higher, wherever it stands."""
    again = [item(0, version=2, value=9), item(0), item(1), item(1, version=3, value=9), item(2)]
    verdict = judge(body(*again))

    assert verdict.rejected.is_empty()
    assert verdict.accepted.sort("start")["operator_version"].to_list() == [2, 3, 1]
    assert verdict.accepted.sort("start")["quantity"].to_list() == [2.25, 2.25, 0.375]


def test_two_values_of_one_version_are_both_refused() -> None:
    """Neither can be trusted over the other; twice the same is once."""
    assert rules(body(item(0), item(0, value=9))) == {"primary_key"}
    assert judge(body(item(0), item(0))).accepted.height == 1


@pytest.mark.parametrize(("day", "quarters"), [((2026, 3, 29), 92), ((2026, 10, 25), 100), ((2026, 6, 16), 96)])
def test_days_of_every_length(day: tuple[int, int, int], quarters: int) -> None:
    """Both clock changes included, each quarter-hour of a local day is a reading of its own."""
    start = local_midnight(datetime(*day, tzinfo=UTC).date(), LENEDA.zone)
    items = [item(place, startedAt=f"{start + place * QUARTER:%Y-%m-%dT%H:%M:%SZ}") for place in range(quarters)]
    accepted = judge_readings(parse(body(*items)).frame, datetime(2027, 1, 1, tzinfo=UTC)).accepted

    assert accepted.height == quarters
    assert accepted["start"].max() == start + (quarters - 1) * QUARTER
    local = accepted.select(pl.col("start").dt.convert_time_zone(LENEDA.zone.key).dt.date())
    assert local.n_unique() == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"<html>",
        b'{"items": null}',
        b'{"values": []}',
        b'{"items": {}}',
        b'{"items": ["\xff"]',
    ],
)
def test_another_shape_is_the_operators_change(content: bytes) -> None:
    """Where there is no list of items, nothing is taken for "no data"."""
    with pytest.raises(SourceChanged, match="leneda: the answer to readings has another shape"):
        parse(content)


def test_a_byte_order_mark_and_more_keys_do_no_harm() -> None:
    """What is added to an answer is not looked at."""
    more: dict[str, Any] = {"someday": [1, 2]}

    assert judge(b"\xef\xbb\xbf" + body(item(**more), **more)).accepted.height == 1
