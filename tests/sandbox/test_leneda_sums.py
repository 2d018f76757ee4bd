"""Leneda's `aggregated` over a real port: the sums that the operator makes of its own values."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from sandbox.leneda import truth
from sandbox.leneda.demo import CONSUMPTION, GAS, NEIGHBOURS, PRODUCTION, metering_point_code
from sandbox.leneda.plans import Oddity
from sandbox.leneda.profile import LUXEMBOURG
from sandbox.leneda.registers import AT_CONSUMPTION, AT_GAS, AT_PRODUCTION, REGISTERS
from sandbox.plans import Absence, Correction
from schemas.time import HOUR, day_window
from tests.sandbox.asking import instant, window
from tests.sandbox.asking_leneda import Leneda, time_series

_NOTHING: Final[dict[str, object]] = {"unit": None, "aggregatedTimeSeries": []}
_ELECTRICITY: Final = [
    *((CONSUMPTION, register) for register in AT_CONSUMPTION),
    *((PRODUCTION, register) for register in AT_PRODUCTION),
]


def _sums(leneda: Leneda, **asked: str) -> list[dict[str, Any]]:
    response = leneda.sums(**asked)
    assert response.status_code == 200, response.text
    sums: list[dict[str, Any]] = response.json()["aggregatedTimeSeries"]
    return sums


@pytest.mark.parametrize(("code", "register"), _ELECTRICITY)
def test_hours_are_four_quarters(leneda: Leneda, code: str, register: str) -> None:
    """An hour is the sum of its quarter-hours' kW divided by four, over both changes of the clocks."""
    leneda.world.sporadic = True
    for day, hours in ((date(2026, 3, 29), 23), (date(2025, 10, 26), 25), (date(2026, 6, 10), 24)):
        quarters = leneda.frame(code, register, day_window(day, LUXEMBOURG))
        sums = _sums(leneda, code=code, register=register, startDate=f"{day}", endDate=f"{day}")
        assert len(sums) == hours
        for place, hour in enumerate(sums):
            assert instant(hour["startedAt"]) == quarters["start"][4 * place]
            assert instant(hour["endedAt"]) == instant(hour["startedAt"]) + HOUR
            assert hour["value"] == pytest.approx(sum(quarters["quantity"][4 * place : 4 * place + 4]) / 4, abs=1e-9)


def test_the_oracle_says_the_same(leneda: Leneda) -> None:
    """`truth.hours` is what the API answers, and tells how many values an hour was made of."""
    leneda.world.sporadic = True
    now, year = leneda.world.now(), window("2025-06-09T22:00", "2026-06-09T22:00")
    leneda.world.absences.append(
        Absence(metering_point=CONSUMPTION, window=window("2026-05-05T10:15", "2026-05-05T12:45"))
    )
    leneda.world.leneda.oddities.append(
        Oddity(metering_point=CONSUMPTION, window=window("2026-05-05T13:00", "2026-05-05T13:15"), null=True)
    )
    expected = truth.hours(leneda.world, CONSUMPTION, "consumption", year, now)
    sums = _sums(leneda, startDate="2025-06-10", endDate="2026-06-09")
    assert [(instant(hour["startedAt"]), hour["value"]) for hour in sums] == expected.select("start", "quantity").rows()
    broken = expected.filter(expected["values"] != 4)
    assert broken.select("start", "values").rows() == [
        (instant("2026-05-05T10:00:00Z"), 1),
        (instant("2026-05-05T12:00:00Z"), 1),
        (instant("2026-05-05T13:00:00Z"), 3),
    ]
    assert expected.height == 8760 - 1


@pytest.mark.parametrize(
    ("level", "asked", "bounds"),
    [
        (
            "Day",
            ("2026-03-28", "2026-03-30"),
            ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"],
        ),
        (
            "Week",
            ("2026-03-20", "2026-04-01"),
            ["2026-03-19T23:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z", "2026-04-01T22:00:00Z"],
        ),
        (
            "Month",
            ("2025-10-01", "2025-12-31"),
            ["2025-09-30T22:00:00Z", "2025-10-31T23:00:00Z", "2025-11-30T23:00:00Z", "2025-12-31T23:00:00Z"],
        ),
        ("Infinite", ("2026-01-05", "2026-02-07"), ["2026-01-04T23:00:00Z", "2026-02-07T23:00:00Z"]),
    ],
)
def test_levels(leneda: Leneda, level: str, asked: tuple[str, str], bounds: list[str]) -> None:
    """Sums follow Luxembourg's days, weeks from Monday and months, in UTC; the last day asked for is in them."""
    sums = _sums(leneda, aggregationLevel=level, startDate=asked[0], endDate=asked[1])
    assert [each["startedAt"] for each in sums] == bounds[:-1]
    assert [each["endedAt"] for each in sums] == bounds[1:]
    for each in sums:
        whole = window(each["startedAt"][:-1], each["endedAt"][:-1])
        assert each["value"] == pytest.approx(
            sum(leneda.frame(CONSUMPTION, "consumption", whole)["quantity"]) / 4, abs=1e-6
        )


def test_the_month_that_runs(leneda: Leneda) -> None:
    """A month that is not over is the sum of what there is."""
    (month,) = _sums(leneda, aggregationLevel="Month", startDate="2026-06-01", endDate="2026-06-30")
    there = leneda.frame(CONSUMPTION, "consumption", window("2026-05-31T22:00", "2026-06-30T22:00"))
    assert there.height == 16 * 96
    assert month["value"] == pytest.approx(sum(there["quantity"]) / 4, abs=1e-6)


@pytest.mark.parametrize(
    ("code", "register", "unit"),
    [
        (CONSUMPTION, "consumption", "kWh"),
        (CONSUMPTION, "reactive_consumption", "kVARh"),
        (PRODUCTION, "production_remaining", "kWh"),
    ],
)
def test_envelope(leneda: Leneda, code: str, register: str, unit: str) -> None:
    """The answer has the unit of energy and the sums, and names neither metering point nor OBIS code."""
    body = leneda.sums(code, register).json()
    assert set(body) == {"unit", "aggregatedTimeSeries"}
    assert body["unit"] == unit
    assert {frozenset(each) for each in body["aggregatedTimeSeries"]} == {
        frozenset({"value", "startedAt", "endedAt", "calculated"})
    }
    assert {each["calculated"] for each in body["aggregatedTimeSeries"]} == {register == "production_remaining"}


def test_corrections_are_in_the_sums(leneda: Leneda) -> None:
    """A corrected quarter-hour changes its hour."""
    hit = window("2026-06-10T08:15", "2026-06-10T08:30")
    before = _sums(leneda)
    old = leneda.frame(CONSUMPTION, "consumption", hit)["quantity"][0]
    leneda.world.corrections.append(
        Correction(metering_point=CONSUMPTION, window=hit, shows=leneda.world.now(), quantity=9.0)
    )
    changed = [(a, b) for a, b in zip(before, _sums(leneda), strict=True) if a != b]
    ((first, then),) = changed
    assert first["startedAt"] == "2026-06-10T08:00:00Z"
    assert then["value"] - first["value"] == pytest.approx((9 - old) / 4, abs=1e-9)


@pytest.mark.parametrize("register", AT_GAS)
def test_gas(leneda: Leneda, register: str) -> None:
    """Gas cannot be accumulated; without a mode there are sums of its energy, and nothing of its volumes."""
    assert leneda.sums(GAS, register).status_code == 400
    assert leneda.sums(GAS, register, transformationMode="", aggregationLevel="Infinite").status_code == 400
    response = leneda.sums(GAS, register, transformationMode="", aggregationLevel="Day")
    assert response.status_code == 200
    if register == "gas_energy":
        values = leneda.frame(GAS, register, day_window(date(2026, 6, 10), LUXEMBOURG))["quantity"]
        (day,) = response.json()["aggregatedTimeSeries"]
        assert day["value"] == pytest.approx(sum(values), abs=1e-9)
    else:
        assert response.json() == _NOTHING


@pytest.mark.parametrize(
    "changes",
    [
        {"startDate": "2026-06-11"},
        {"startDate": ""},
        {"endDate": "2026-06-31"},
        {"endDate": "20260610"},
        {"endDate": "2026-06-10T00:00:00Z"},
        {"obisCode": ""},
        {"aggregationLevel": ""},
        {"aggregationLevel": "Quarter"},
        {"aggregationLevel": "hour"},
        {"transformationMode": ""},
        {"transformationMode": "Average"},
    ],
)
def test_refusals(leneda: Leneda, changes: dict[str, str]) -> None:
    """A parameter that is missing, malformed or unknown, or a start after the end, gets 400."""
    assert leneda.sums(**changes).status_code == 400


@pytest.mark.parametrize(
    ("code", "obis"),
    [
        (NEIGHBOURS, REGISTERS["consumption"].obis),
        (metering_point_code(999), REGISTERS["consumption"].obis),
        (CONSUMPTION, REGISTERS["production"].obis),
        (CONSUMPTION, "9-9:9.9.9"),
    ],
)
def test_what_may_not_be_read(leneda: Leneda, code: str, obis: str) -> None:
    """What is unknown or not granted, and what has no values, is an empty list without a unit, always with 200."""
    leneda.world.leneda.switches.no_access_status = 404
    response = leneda.sums(code, obisCode=obis)
    assert (response.status_code, response.json()) == (200, _NOTHING)
    assert leneda.sums(startDate="2026-06-17", endDate="2026-06-30").json() == _NOTHING
    assert leneda.get(time_series(NEIGHBOURS)).status_code == 400
