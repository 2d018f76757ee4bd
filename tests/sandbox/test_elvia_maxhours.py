"""What `maxhours` answers, against a calculation in plain Python over what `metervalues` serves."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest

from sandbox import clock, households, truth
from tests.sandbox.asking import HOME, MAXHOURS_V1, MAXHOURS_V2, NEWCOMER, PLUS, Elvia, instant


def _highest(rows: list[dict[str, Any]], *, production: bool = False) -> list[dict[str, Any]]:
    """Return the highest hour of each of the three highest days, ascending."""
    mine = [row for row in rows if row["production"] is production]
    by_day = [list(day) for _, day in groupby(mine, key=lambda row: row["startTime"][:10])]
    daily = [max(day, key=lambda row: row["value"]) for day in by_day]
    return sorted(daily, key=lambda row: row["value"])[-3:]


def _without_months(hours: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in hour.items() if key != "noOfMonthsBack"} for hour in hours]


def test_shape_of_version_2(elvia: Elvia) -> None:
    """Names, casing and order of version 2: Date in the contract, aggregates, the mean, three hours each."""
    (point,) = elvia.points(MAXHOURS_V2)
    assert list(point) == [
        "meteringPointId",
        "customerContract",
        "maxHoursCalculatedTime",
        "maxHoursFromTime",
        "maxHoursToTime",
        "maxHoursAggregate",
    ]
    assert point["customerContract"] == {"startDate": "2015-01-01T00:00:00+01:00", "endDate": None}
    assert point["maxHoursCalculatedTime"] == "2026-06-17T14:20:00+02:00"
    assert point["maxHoursFromTime"] == "2026-05-01T00:00:00+02:00"
    assert point["maxHoursToTime"] == "2026-06-17T14:00:00+02:00"
    aggregate = point["maxHoursAggregate"][0]
    assert list(aggregate) == ["averageValue", "uom", "noOfMonthsBack", "maxHours"]
    assert list(aggregate["maxHours"][0]) == [
        "startTime",
        "endTime",
        "value",
        "uom",
        "noOfMonthsBack",
        "production",
        "verified",
    ]


def test_this_month_and_the_one_before(elvia: Elvia) -> None:
    """The current month comes first, then the last: three hours of three days, ascending, with their mean."""
    current, previous = elvia.points(MAXHOURS_V2)[0]["maxHoursAggregate"]
    expected = [
        _highest(elvia.rows(startTime="2026-06-01T00:00:00+02:00")),
        _highest(elvia.rows(startTime="2026-05-01T00:00:00+02:00", endTime="2026-06-01T00:00:00+02:00")),
    ]
    assert [_without_months(month["maxHours"]) for month in (current, previous)] == expected
    for months_back, month in enumerate((current, previous)):
        values = [hour["value"] for hour in month["maxHours"]]
        assert values == sorted(values)
        assert len({hour["startTime"][:10] for hour in month["maxHours"]}) == 3
        assert month["averageValue"] == pytest.approx(sum(values) / 3, abs=1e-9)
        assert {hour["noOfMonthsBack"] for hour in month["maxHours"]} == {month["noOfMonthsBack"]} == {months_back}


@pytest.mark.parametrize("month", range(1, 13))
def test_time_travel_to_the_next_month(elvia: Elvia, month: int) -> None:
    """At the first instant of the next month the finished one is the previous month, and there is no current one."""
    end = f"{2025 + month // 12}-{month % 12 + 1:02}-01T00:00:00"
    (aggregate,) = elvia.points(MAXHOURS_V2, calculateTime=end)[0]["maxHoursAggregate"]
    assert aggregate["noOfMonthsBack"] == 1
    rows = elvia.rows(startTime=f"2025-{month:02}-01T00:00:00", endTime=end)
    assert _without_months(aggregate["maxHours"]) == _highest(rows)


@pytest.mark.parametrize(("time", "hours"), [("01T02:00:00", 1), ("02T05:00:00", 2), ("03T05:30:00", 3)])
def test_fewer_hours_at_a_months_start(elvia: Elvia, time: str, hours: int) -> None:
    """In the first days there are as many hours as days, from hours that ended by then, and the mean is theirs."""
    current = elvia.points(MAXHOURS_V2, calculateTime=f"2026-03-{time}+01:00")[0]["maxHoursAggregate"][0]
    assert len(current["maxHours"]) == hours
    rows = elvia.rows(startTime="2026-03-01T00:00:00+01:00", endTime=f"2026-03-{time[:5]}:00:00+01:00")
    assert _without_months(current["maxHours"]) == _highest(rows)
    assert current["averageValue"] == pytest.approx(sum(hour["value"] for hour in current["maxHours"]) / hours)


def test_the_first_hour_of_a_month(elvia: Elvia) -> None:
    """On the first of the month, before its first hour is out, only the previous month is there."""
    elvia.world.now = clock.fixed(instant("2026-05-31T22:20:00+00:00"))
    assert [month["noOfMonthsBack"] for month in elvia.points(MAXHOURS_V2)[0]["maxHoursAggregate"]] == [1]


def test_only_what_is_published_now_counts(elvia: Elvia) -> None:
    """Time travel sees the corrections and the flags of now: what was unverified then is verified."""
    (point,) = elvia.points(MAXHOURS_V2, calculateTime="2026-06-10T12:00:00+02:00")
    assert all(hour["verified"] for month in point["maxHoursAggregate"] for hour in month["maxHours"])
    assert all(hour["startTime"] < "2026-06-10T12" for hour in point["maxHoursAggregate"][0]["maxHours"])


def test_production_peaks(elvia: Elvia) -> None:
    """With includeProduction a plus-customer's production has aggregates of its own, flagged in their hours."""
    consumption = elvia.points(MAXHOURS_V2, "sandbox-plus")[0]["maxHoursAggregate"]
    both = elvia.points(MAXHOURS_V2, "sandbox-plus", includeProduction="true")[0]["maxHoursAggregate"]
    flags = [(month["noOfMonthsBack"], month["maxHours"][0]["production"]) for month in both]
    assert flags == [(0, False), (0, True), (1, False), (1, True)]
    assert both[::2] == consumption
    rows = elvia.rows("sandbox-plus", startTime="2026-06-01T00:00:00+02:00", includeProduction="true")
    assert _without_months(both[1]["maxHours"]) == _highest(rows, production=True)
    assert len(elvia.points(MAXHOURS_V2, "sandbox-home", includeProduction="true")[0]["maxHoursAggregate"]) == 2


def test_version_1(elvia: Elvia) -> None:
    """Version 1 has one hour a month and register, in one list, and Time in the contract."""
    (point,) = elvia.points(MAXHOURS_V1, "sandbox-plus", includeProduction="true")
    aggregates = elvia.points(MAXHOURS_V2, "sandbox-plus", includeProduction="true")[0]["maxHoursAggregate"]
    assert list(point["customerContract"]) == ["startTime", "endTime"]
    assert "maxHoursAggregate" not in point
    assert point["maxHours"] == [month["maxHours"][-1] for month in aggregates]


def test_contract_and_points(elvia: Elvia) -> None:
    """Hours before a contract do not count; outside every contract it is an error, beside others an empty list."""
    april = elvia.points(MAXHOURS_V2, "sandbox-newcomer", calculateTime="2025-04-20T00:00:00+02:00")
    assert [month["noOfMonthsBack"] for month in april[0]["maxHoursAggregate"]] == [0]
    assert elvia.get(MAXHOURS_V2, "sandbox-newcomer", calculateTime="2025-03-20T00:00:00+01:00").status_code == 400
    elvia.world.admit("sandbox-two", [households.home(), elvia.world.households[NEWCOMER]])
    points = elvia.points(MAXHOURS_V2, "sandbox-two", calculateTime="2025-03-20T00:00:00+01:00")
    assert [(point["meteringPointId"], len(point["maxHoursAggregate"])) for point in points] == [
        (HOME, 2),
        (NEWCOMER, 0),
    ]


def test_peaks_is_what_the_api_says(elvia: Elvia) -> None:
    """`truth.peaks` is the oracle: the answer's hours are its rows."""
    now = elvia.world.now()
    asked = instant("2026-02-11T08:00:00+00:00")
    (point,) = elvia.points(MAXHOURS_V2, "sandbox-plus", calculateTime=asked.isoformat())
    expected = truth.peaks(elvia.world, PLUS, "consumption", asked, now)
    assert [
        (hour["noOfMonthsBack"], instant(hour["startTime"]), hour["value"], hour["verified"])
        for month in point["maxHoursAggregate"]
        for hour in month["maxHours"]
    ] == expected.rows()
    assert expected.columns == ["months_back", "start", "quantity", "verified"]
    assert truth.peaks(elvia.world, HOME, "production", asked, now).is_empty()
