"""What `GET /api/v1/metervalues` answers, against the truth."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sandbox import clock, households, truth
from sandbox.hours import OSLO
from schemas.time import HOUR, Window, day_window, floor_hour, year_window, years_before
from tests.sandbox.asking import HOME, INNLANDET, NEWCOMER, PLUS, Elvia, frame, instant, window

_DAY = {"startTime": "2026-06-10T00:00:00+02:00", "endTime": "2026-06-11T00:00:00+02:00"}


def _asked(window: Window) -> dict[str, str]:
    return {"startTime": window.start.isoformat(), "endTime": window.end.isoformat()}


def test_shape_to_the_letter(elvia: Elvia) -> None:
    """Names, casing, types and time format are the real API's."""
    text = elvia.get(startTime="2026-06-10T00:00:00+02:00", endTime="2026-06-10T01:00:00+02:00").text
    value = truth.readings(HOME, "consumption", window("2026-06-09T22:00", "2026-06-09T23:00"))
    assert text == (
        '{"meteringpoints":[{"meteringPointId":"' + HOME + '",'
        '"customerContract":{"startTime":"2015-01-01T00:00:00+01:00","endTime":null},'
        '"metervalue":{"fromHour":"2026-06-10T00:00:00+02:00","toHour":"2026-06-10T01:00:00+02:00",'
        '"resolutionMinutes":60,"timeSeries":[{"startTime":"2026-06-10T00:00:00+02:00",'
        '"endTime":"2026-06-10T01:00:00+02:00","value":' + str(value["quantity"].item()) + ","
        '"uom":"kWh","production":false,"verified":true}]}}]}'
    )


@pytest.mark.parametrize("sporadic", [False, True])
def test_three_years_equal_the_truth(elvia: Elvia, *, sporadic: bool) -> None:
    """Both registers of four calendar years, hour by hour, to the last published hour, are what the truth says."""
    world, now = elvia.world, elvia.world.now()
    world.sporadic = sporadic
    history = Window(floor_hour(years_before(now, 3, OSLO)), floor_hour(now))
    rows, served = {"consumption": 0, "production": 0}, 0
    for year in range(2023, 2027):
        asked = year_window(year, OSLO).clip(history)
        answer = elvia.rows("sandbox-plus", includeProduction="true", **_asked(asked))
        assert all(
            row["uom"] == "kWh" and instant(row["endTime"]) - instant(row["startTime"]) == HOUR for row in answer
        )
        for register in rows:
            expected = truth.served(world, PLUS, register, asked, now)
            assert frame(answer, production=register == "production").equals(expected)
            rows[register] += expected.height
        served += len(answer)
    # 1096 days, of which the last hour or two are not published yet.
    assert 1096 * 24 - 3 <= rows["consumption"] <= 1096 * 24
    assert served == sum(rows.values())


@pytest.mark.parametrize(
    ("day", "hours", "offsets"),
    [
        (date(2024, 3, 31), 23, {"+01:00": 2, "+02:00": 21}),
        (date(2025, 3, 30), 23, {"+01:00": 2, "+02:00": 21}),
        (date(2026, 3, 29), 23, {"+01:00": 2, "+02:00": 21}),
        (date(2023, 10, 29), 25, {"+02:00": 3, "+01:00": 22}),
        (date(2024, 10, 27), 25, {"+02:00": 3, "+01:00": 22}),
        (date(2025, 10, 26), 25, {"+02:00": 3, "+01:00": 22}),
        (date(2024, 2, 29), 24, {"+01:00": 24}),
        (date(2023, 12, 31), 24, {"+01:00": 24}),
    ],
)
def test_days_of_clock_changes(elvia: Elvia, day: date, hours: int, offsets: dict[str, int]) -> None:
    """A local day has 23 or 25 rows at a clock change, in Norwegian time with the offset of the hour, no fractions."""
    rows = elvia.rows(**_asked(day_window(day, OSLO)))
    starts = [row["startTime"] for row in rows]
    assert len(starts) == len(set(starts)) == hours
    assert {offset: sum(start.endswith(offset) for start in starts) for offset in offsets} == offsets
    assert {len(start) for start in starts} == {len("2024-03-31T00:00:00+01:00")}
    assert all(start.startswith(day.isoformat()) for start in starts)
    assert [row["endTime"] for row in rows[:-1]] == starts[1:]


def test_production_only_where_asked_and_made(elvia: Elvia) -> None:
    """Production rows come with includeProduction for a plus-customer; then both registers mix hour by hour."""
    without = elvia.rows("sandbox-plus", **_DAY)
    mixed = elvia.rows("sandbox-plus", includeProduction="true", **_DAY)
    ordinary = elvia.rows("sandbox-home", includeProduction="true", **_DAY)
    assert [row["production"] for row in without] == [False] * 24
    assert [row["production"] for row in mixed] == [False, True] * 24
    assert [row["production"] for row in ordinary] == [False] * 24
    assert [row["startTime"] for row in mixed] == sorted(row["startTime"] for row in mixed)


def test_all_points_of_the_token_or_those_named(elvia: Elvia) -> None:
    """Blank ids mean all points of the token; named ones come in the order and number asked."""
    elvia.world.admit("sandbox-three", [households.home(), households.plus(), households.innlandet()])
    ids = [
        [point["meteringPointId"] for point in elvia.points(token="sandbox-three", **_DAY, **chosen)]
        for chosen in ({}, {"meteringPointIds": ""}, {"meteringPointIds": f"{PLUS}, {HOME}"})
    ]
    assert ids == [[HOME, PLUS, INNLANDET], [HOME, PLUS, INNLANDET], [PLUS, HOME]]


def test_a_token_without_points(elvia: Elvia) -> None:
    """A token that covers nothing gets an empty list."""
    elvia.world.admit("sandbox-nobody", [])
    assert elvia.points(token="sandbox-nobody", **_DAY) == []


def test_default_period(elvia: Elvia) -> None:
    """Without times the answer goes from last midnight to the last full hour by the Norwegian clock."""
    (point,) = elvia.points()
    assert point["metervalue"]["fromHour"] == "2026-06-17T00:00:00+02:00"
    assert point["metervalue"]["toHour"] == "2026-06-17T14:00:00+02:00"
    now = elvia.world.now()
    expected = truth.served(elvia.world, HOME, "consumption", day_window(date(2026, 6, 17), OSLO), now)
    assert frame(point["metervalue"]["timeSeries"]).equals(expected)
    assert 12 <= expected.height <= 14


def test_future_end_stops_at_the_last_published_hour(elvia: Elvia) -> None:
    """An end in the future is accepted; rows and `toHour` end where the published hours end."""
    (point,) = elvia.points(startTime="2026-06-17T00:00:00+02:00", endTime="2026-06-18T00:00:00+02:00")
    assert point == elvia.points()[0]


def test_nothing_published_yet(elvia: Elvia) -> None:
    """Just after midnight the new day has no rows, but bounds; the series is there and empty."""
    elvia.world.now = clock.fixed(instant("2026-06-17T22:30:00+00:00"))
    (point,) = elvia.points(startTime="2026-06-18T00:00:00+02:00", endTime="2026-06-19T00:00:00+02:00")
    assert point["metervalue"] == {
        "fromHour": "2026-06-18T00:00:00+02:00",
        "toHour": "2026-06-18T00:00:00+02:00",
        "resolutionMinutes": 60,
        "timeSeries": [],
    }


def test_innlandet_over_http(elvia: Elvia) -> None:
    """Innlandet's rows say verified false a week later too."""
    assert {row["verified"] for row in elvia.rows("sandbox-innlandet", **_DAY)} == {False}
    assert {row["verified"] for row in elvia.rows("sandbox-home", **_DAY)} == {True}


def test_contract_clips_the_first_year(elvia: Elvia) -> None:
    """The newcomer's first year begins with the contract, fourteen months ago."""
    asked = _asked(year_window(2025, OSLO))
    (point,) = elvia.points(token="sandbox-newcomer", **asked)
    assert point["customerContract"] == {"startTime": "2025-04-01T00:00:00+02:00", "endTime": None}
    assert point["metervalue"]["fromHour"] == point["metervalue"]["timeSeries"][0]["startTime"]
    assert point["metervalue"]["fromHour"] == "2025-04-01T00:00:00+02:00"


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_year_before_the_contract(elvia: Elvia, status: int) -> None:
    """A year outside the contract is an error, whose status is a setting."""
    elvia.world.outside_contract_status = status
    response = elvia.get(token="sandbox-newcomer", **_asked(year_window(2024, OSLO)))
    assert (response.status_code, response.json()["status"]) == (status, status)


def test_one_point_outside_its_contract(elvia: Elvia) -> None:
    """Among points with a contract, one without has no metervalue, and the others are served."""
    elvia.world.admit("sandbox-two", [households.home(), elvia.world.households[NEWCOMER]])
    first, second = elvia.points(token="sandbox-two", **_asked(year_window(2024, OSLO)))
    assert len(first["metervalue"]["timeSeries"]) == 8784
    assert second["metervalue"] is None


def test_partial_hours_are_tolerated(elvia: Elvia) -> None:
    """Minutes and seconds in the bounds are accepted; the hours that start between them are served."""
    rows = elvia.rows(startTime="2026-06-10T10:17:30+02:00", endTime="2026-06-10T13:00:01+02:00")
    assert [instant(row["startTime"]).hour for row in rows] == [11, 12, 13]


def test_time_moves_on(elvia: Elvia) -> None:
    """Hours later the answer has more rows, and the older ones unchanged."""
    before = elvia.rows()
    elvia.world.now = clock.fixed(elvia.world.now() + timedelta(hours=2))
    after = elvia.rows()
    assert after[: len(before)] == before
    assert len(before) < len(after) <= len(before) + 3
