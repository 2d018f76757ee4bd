"""Leneda's `time-series` over a real port: what it asks for, what it answers, and to whom."""

from __future__ import annotations

from typing import Final

import pytest

from sandbox.leneda import truth
from sandbox.leneda.demo import CONSUMPTION, GAS, NEIGHBOURS, PRODUCTION, metering_point_code
from sandbox.leneda.profile import LUXEMBOURG
from sandbox.leneda.registers import AT_CONSUMPTION, AT_GAS, AT_PRODUCTION, REGISTERS
from schemas.time import year_window
from tests.sandbox.asking import HOME, window
from tests.sandbox.asking_leneda import DAY, OBIS, Leneda, by_start, started, time_series

_NOTHING: Final[dict[str, object]] = {
    "meteringPointCode": None,
    "obisCode": None,
    "intervalLength": None,
    "unit": None,
    "items": [],
}
_EVERY: Final = [
    *((CONSUMPTION, register) for register in AT_CONSUMPTION),
    *((PRODUCTION, register) for register in AT_PRODUCTION),
    *((GAS, register) for register in AT_GAS),
]


@pytest.mark.parametrize(("code", "register"), _EVERY)
@pytest.mark.parametrize("sporadic", [False, True])
def test_values_are_the_truth(leneda: Leneda, code: str, register: str, *, sporadic: bool) -> None:
    """Every register answers with exactly what the oracle says, version, type and flag included."""
    leneda.world.sporadic = sporadic
    months = window("2026-03-15T12:00", "2026-07-01T00:00")
    expected = truth.served(leneda.world, code, register, months, leneda.world.now())
    assert leneda.frame(code, register, months).equals(expected)
    assert expected.height > 80 * (24 if code == GAS else 96)


def test_a_whole_year(leneda: Leneda) -> None:
    """A year of quarter-hours comes in one answer: 35,040 values, each once."""
    year = year_window(2025, LUXEMBOURG)
    frame = leneda.frame(CONSUMPTION, "consumption_remaining", year)
    assert frame.equals(truth.served(leneda.world, CONSUMPTION, "consumption_remaining", year, leneda.world.now()))
    assert frame["start"].n_unique() == 35_040


@pytest.mark.parametrize(
    ("code", "register", "interval", "unit"),
    [
        (CONSUMPTION, "consumption", "PT15M", "kW"),
        (CONSUMPTION, "reactive_production", "PT15M", "kVAR"),
        (PRODUCTION, "production_shared_layer2", "PT15M", "kW"),
        (GAS, "gas_volume", "PT1H", "m³"),
        (GAS, "gas_standard_volume", "PT1H", "Nm³"),
        (GAS, "gas_energy", "PT1H", "kWh"),
    ],
)
def test_envelope(leneda: Leneda, code: str, register: str, interval: str, unit: str) -> None:
    """The answer names metering point, OBIS code, interval and unit, beside the items."""
    body = leneda.series(code, register)
    items = body.pop("items")
    assert body == {
        "meteringPointCode": code,
        "obisCode": REGISTERS[register].obis,
        "intervalLength": interval,
        "unit": unit,
    }
    assert {frozenset(item) for item in items} == {frozenset({"value", "startedAt", "type", "version", "calculated"})}


def test_spellings_of_units(leneda: Leneda) -> None:
    """A register's unit can be spelt in another way."""
    leneda.world.leneda.switches.units = {"gas_volume": "m3"}
    assert leneda.series(GAS, "gas_volume")["unit"] == "m3"
    assert leneda.series(GAS, "gas_standard_volume")["unit"] == "Nm³"


def test_calculated(leneda: Leneda) -> None:
    """Registers of sharing are flagged as calculated, and measured ones are not."""
    assert {item["calculated"] for item in leneda.series()["items"]} == {False}
    assert {item["calculated"] for item in leneda.series(register="consumption_remaining")["items"]} == {True}


def test_order(leneda: Leneda) -> None:
    """Items come in no order, the same every time, or sorted if so switched."""
    items = leneda.series()["items"]
    assert started(items) != sorted(started(items))
    assert leneda.series()["items"] == items
    leneda.world.leneda.switches.shuffled = False
    assert leneda.series()["items"] == by_start(items)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-06-09T22:00:00Z", "2026-06-10T22:00:00Z", ("2026-06-09T22:00:00Z", "2026-06-10T21:45:00Z", 96)),
        ("2026-06-10T11:25:00Z", "2026-06-10T12:00:01Z", ("2026-06-10T11:30:00Z", "2026-06-10T12:00:00Z", 3)),
        ("2026-06-10", "2026-06-11", ("2026-06-10T00:00:00Z", "2026-06-10T23:45:00Z", 96)),
        # The days on which the clocks change.
        ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", ("2026-03-28T23:00:00Z", "2026-03-29T21:45:00Z", 92)),
        ("2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z", ("2025-10-25T22:00:00Z", "2025-10-26T22:45:00Z", 100)),
    ],
)
def test_windows(leneda: Leneda, start: str, end: str, expected: tuple[str, str, int]) -> None:
    """Values start in `[startDateTime, endDateTime)`, which may be times or dates, in UTC."""
    starts = sorted(started(leneda.series(startDateTime=start, endDateTime=end)["items"]))
    assert (starts[0], starts[-1], len(starts)) == expected


@pytest.mark.parametrize("code", [metering_point_code(1), metering_point_code(3)])
def test_the_empty_window(leneda: Leneda, code: str) -> None:
    """A window without any time, or in the future, has an empty list, and says what it is a list of."""
    register = "gas_energy" if code == GAS else "consumption"
    for start, end in (("2026-06-10", "2026-06-10"), ("2026-06-18", "2027-06-18"), ("2014-01-01", "2014-12-31")):
        body = leneda.series(code, register, startDateTime=start, endDateTime=end)
        assert (body["items"], body["obisCode"]) == ([], REGISTERS[register].obis)


def test_the_empty_window_as_nothing(leneda: Leneda) -> None:
    """Where the switch says so, a window without values looks like a register that may not be read."""
    leneda.world.leneda.switches.null_when_empty = True
    assert leneda.series(startDateTime="2026-06-18", endDateTime="2026-06-19") == _NOTHING
    assert len(leneda.series()["items"]) == 96


@pytest.mark.parametrize("wanting", ["startDateTime", "endDateTime", "obisCode"])
@pytest.mark.parametrize("value", [None, "", " "])
def test_missing_parameters(leneda: Leneda, wanting: str, value: str | None) -> None:
    """All three parameters are required."""
    asked = DAY | {"obisCode": OBIS}
    del asked[wanting]
    response = leneda.get(time_series(), **(asked if value is None else asked | {wanting: value}))
    assert response.status_code == 400
    assert wanting in response.json()["message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"startDateTime": "2026-06-10T00:00:00"},
        {"startDateTime": "2026-06-10T00:00:00+02:00"},
        {"startDateTime": "2026-06-10T00:00:00.000Z"},
        {"endDateTime": "2026-06-31"},
        {"endDateTime": "yesterday"},
        {"startDateTime": "2026-06-10T22:00:01Z"},
    ],
)
def test_refused_windows(leneda: Leneda, changes: dict[str, str]) -> None:
    """Whatever is not UTC with a Z, is no time, or starts after it ends, gets 400."""
    assert leneda.get(time_series(), **(DAY | {"obisCode": OBIS} | changes)).status_code == 400


@pytest.mark.parametrize(
    ("code", "obis"),
    [
        (NEIGHBOURS, OBIS),
        (metering_point_code(999), OBIS),
        ("LU3712", OBIS),
        (HOME, OBIS),
        (CONSUMPTION, REGISTERS["production"].obis),
        (CONSUMPTION, "9-9:9.9.9"),
    ],
)
def test_what_may_not_be_read(leneda: Leneda, code: str, obis: str) -> None:
    """Unknown and foreign metering points, and registers that are not there, give nulls; or 404, if so switched."""
    response = leneda.get(time_series(code), obisCode=obis, **DAY)
    assert (response.status_code, response.json()) == (200, _NOTHING)
    leneda.world.leneda.switches.no_access_status = 404
    assert leneda.get(time_series(code), obisCode=obis, **DAY).status_code == 404
    assert leneda.get(time_series(), obisCode=OBIS, **DAY).status_code == 200
