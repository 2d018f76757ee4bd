"""Every fault, as a client meets it over a real port, and which calls and rows it hits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from sandbox import households
from sandbox.faults import Fault, FaultKind
from sandbox.serve import running
from schemas.time import DAY
from tests.sandbox.asking import HOME, MAXHOURS_V1, MAXHOURS_V2, METERVALUES, PLUS, Elvia, instant, window

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.world import World

    Row = dict[str, Any]

_DAY = {"startTime": "2026-06-10T00:00:00+02:00", "endTime": "2026-06-11T00:00:00+02:00"}
# Hours 10 and 11 by the Norwegian clock.
_HOURS = window("2026-06-10T08:00", "2026-06-10T10:00")
_HIT = slice(10, 12)


def _with(elvia: Elvia, kind: FaultKind, **conditions: object) -> Elvia:
    elvia.world.faults.add(msgspec.structs.replace(Fault(kind=kind), **conditions))
    return elvia


def _compare(elvia: Elvia, kind: FaultKind) -> tuple[list[Row], list[Row]]:
    """Return a day's good rows, and the rows with the fault in two of its hours."""
    good = elvia.rows(**_DAY)
    return good, _with(elvia, kind, window=_HOURS).rows(**_DAY)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (FaultKind.NULL_VALUE, lambda row: row | {"value": None}),
        (FaultKind.TEXT_VALUE, lambda row: row | {"value": str(row["value"])}),
        (FaultKind.WRONG_UNIT, lambda row: row | {"uom": "MWh"}),
        (
            FaultKind.OFF_GRID,
            lambda row: row | {key: row[key].replace(":00:00", ":17:00") for key in ("startTime", "endTime")},
        ),
        (FaultKind.NAIVE_TIME, lambda row: row | {key: row[key][:19] for key in ("startTime", "endTime")}),
        (
            FaultKind.RENAMED_VALUE,
            lambda row: {{"value": "values"}.get(key, key): value for key, value in row.items()},
        ),
    ],
)
def test_single_rows(elvia: Elvia, kind: FaultKind, change: Callable[[Row], Row]) -> None:
    """A fault of rows touches the rows that start in its window, and only these."""
    good, bad = _compare(elvia, kind)
    assert bad == good[:10] + [change(row) for row in good[_HIT]] + good[12:]


def test_nan(elvia: Elvia) -> None:
    """A value may be the literal NaN, which is no JSON."""
    text = _with(elvia, FaultKind.NAN_VALUE, window=_HOURS).get(**_DAY).text
    assert text.count('"value":NaN,') == 2

    def refuse(_name: str) -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        json.loads(text, parse_constant=refuse)


def test_without_a_window_every_row(elvia: Elvia) -> None:
    """A fault of rows without a window touches them all."""
    assert {row["value"] for row in _with(elvia, FaultKind.NULL_VALUE).rows(**_DAY)} == {None}


def test_empty_series(elvia: Elvia) -> None:
    """Rows of the window go; without a window the series is there, and empty."""
    good, bad = _compare(elvia, FaultKind.EMPTY_SERIES)
    assert bad == good[:10] + good[12:]
    assert _with(elvia, FaultKind.EMPTY_SERIES).rows(**_DAY) == []


def test_unsorted(elvia: Elvia) -> None:
    """The same rows come in another order."""
    good, bad = _compare(elvia, FaultKind.UNSORTED)
    assert bad != good
    assert sorted(bad, key=lambda row: row["startTime"]) == good


def test_duplicates(elvia: Elvia) -> None:
    """Rows come a second time, alike."""
    good, bad = _compare(elvia, FaultKind.DUPLICATE)
    assert bad == good + good[_HIT]


def test_conflicts(elvia: Elvia) -> None:
    """Rows come a second time, with another value."""
    good, bad = _compare(elvia, FaultKind.CONFLICT)
    assert bad == good + [row | {"value": round(row["value"] + 1, 3)} for row in good[_HIT]]


def test_foretold(elvia: Elvia) -> None:
    """Rows come a second time, with the time of a week later."""
    good, bad = _compare(elvia, FaultKind.FORETOLD)
    assert bad[: len(good)] == good
    moved = [(instant(row["startTime"]) - 7 * DAY, row["value"]) for row in bad[len(good) :]]
    assert moved == [(instant(row["startTime"]), row["value"]) for row in good[_HIT]]


def test_quarter_hours(elvia: Elvia) -> None:
    """The series says 15 minutes and has four rows an hour, end to start, with the hour's energy in sum."""
    good = elvia.rows(**_DAY)
    (point,) = _with(elvia, FaultKind.QUARTER_HOURS).points(**_DAY)
    rows = point["metervalue"]["timeSeries"]
    assert point["metervalue"]["resolutionMinutes"] == 15
    assert len(rows) == 96
    assert [row["endTime"] for row in rows[:-1]] == [row["startTime"] for row in rows[1:]]
    assert instant(rows[0]["endTime"]) - instant(rows[0]["startTime"]) == timedelta(minutes=15)
    assert sum(row["value"] for row in rows) == pytest.approx(sum(row["value"] for row in good), abs=96 * 0.0005)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503])
def test_statuses(elvia: Elvia, status: int) -> None:
    """Any status can be had, with the shape of whoever answers it: the service, or the gateway before it."""
    response = _with(elvia, FaultKind.STATUS, status=status).get(**_DAY)
    assert response.status_code == status
    assert response.json()["status" if status in {400, 403, 404, 500} else "statusCode"] == status
    assert "Retry-After" not in response.headers


@pytest.mark.parametrize(
    ("wait", "header"),
    [(120, "120"), (datetime(2026, 6, 17, 13, 0, 5, tzinfo=UTC), "Wed, 17 Jun 2026 13:00:05 GMT")],
)
@pytest.mark.parametrize("status", [429, 503])
def test_announced_waits(elvia: Elvia, status: int, wait: int | datetime, header: str) -> None:
    """A status may announce a wait in seconds or as a date."""
    response = _with(elvia, FaultKind.STATUS, status=status, retry_after=wait).get(**_DAY)
    assert (response.status_code, response.headers["Retry-After"]) == (status, header)


@pytest.mark.parametrize("path", [METERVALUES, MAXHOURS_V1, MAXHOURS_V2])
def test_bodies(elvia: Elvia, path: str) -> None:
    """With 200 a body may be empty, HTML, half, begin with a byte order mark, or lack the envelope."""
    good = elvia.get(path).content
    expected = {
        FaultKind.EMPTY_BODY: b"",
        FaultKind.TRUNCATED: good[: len(good) // 2],
        FaultKind.BYTE_ORDER_MARK: b"\xef\xbb\xbf" + good,
        FaultKind.MISSING_ENVELOPE: b"{}",
    }
    for kind, body in expected.items():
        response = _with(elvia, kind, times=1).get(path)
        assert (response.status_code, response.content) == (200, body)
    page = _with(elvia, FaultKind.HTML).get(path)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("path", "name"),
    [(METERVALUES, "timeSeries"), (MAXHOURS_V1, "maxHours"), (MAXHOURS_V2, "maxHoursAggregate")],
)
def test_renamed_envelope(elvia: Elvia, path: str, name: str) -> None:
    """The list stands under another name."""
    good = elvia.get(path).text
    assert _with(elvia, FaultKind.RENAMED_ENVELOPE).get(path).text == good.replace(f'"{name}":[', '"series":[', 1)


def test_cut_off(elvia: Elvia) -> None:
    """The connection closes before the announced length; the next call is served."""
    _with(elvia, FaultKind.CUT_OFF, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        elvia.get(**_DAY)
    assert len(elvia.rows(**_DAY)) == 24


def test_hang(elvia: Elvia) -> None:
    """A call that hangs runs into the client's timeout while others are served; a short one is answered late."""
    _with(elvia, FaultKind.HANG, token="sandbox-home", times=1)
    headers = {"Authorization": "Bearer sandbox-home"}
    with pytest.raises(httpx.ReadTimeout):
        elvia.client.get(elvia.base_url + METERVALUES, headers=headers, timeout=0.05)
    assert elvia.get(token="sandbox-plus", **_DAY).status_code == 200
    _with(elvia, FaultKind.HANG, token="sandbox-home", seconds=0.01)
    assert len(elvia.rows(**_DAY)) == 24


def test_a_hanging_call_does_not_hold_the_stop(world: World, client: httpx.Client) -> None:
    """The sandbox stops although a call hangs in it."""
    world.faults.add(Fault(kind=FaultKind.HANG, seconds=3600))
    headers = {"Authorization": "Bearer sandbox-home"}
    with running(world) as sandbox, pytest.raises(httpx.ReadTimeout):
        client.get(sandbox.elvia_url + METERVALUES, headers=headers, timeout=0.05)


def test_the_nth_call(elvia: Elvia) -> None:
    """`first` and `times` choose which of the fitting calls are hit."""
    _with(elvia, FaultKind.STATUS, status=503, token="sandbox-home", first=2, times=2)
    assert elvia.get(token="sandbox-plus").status_code == 200
    assert [elvia.get().status_code for _ in range(5)] == [200, 503, 503, 200, 200]


def test_conditions(elvia: Elvia) -> None:
    """Token, endpoint, metering point and window each leave the calls alone that do not fit."""
    fault = {"token": "sandbox-home", "endpoint": "metervalues", "metering_point": HOME, "window": _HOURS}
    _with(elvia, FaultKind.STATUS, status=503, **fault)
    yesterday = {"startTime": "2026-06-09T00:00:00+02:00", "endTime": "2026-06-10T00:00:00+02:00"}
    assert elvia.get(**_DAY).status_code == 503
    assert elvia.get(token="sandbox-plus", **_DAY).status_code == 200
    assert elvia.get(MAXHOURS_V2).status_code == 200
    assert elvia.get(**yesterday).status_code == 200


def test_one_point_of_several(elvia: Elvia) -> None:
    """A fault at a metering point leaves the others in the same answer alone."""
    elvia.world.admit("sandbox-two", [households.home(), households.plus()])
    good = elvia.points(token="sandbox-two", **_DAY)
    bad = _with(elvia, FaultKind.WRONG_UNIT, metering_point=PLUS).points(token="sandbox-two", **_DAY)
    assert bad[0] == good[0]
    assert {row["uom"] for row in bad[1]["metervalue"]["timeSeries"]} == {"MWh"}


def test_several_faults_at_once(elvia: Elvia) -> None:
    """Faults add up."""
    _with(elvia, FaultKind.NULL_VALUE, window=_HOURS)
    rows = _with(elvia, FaultKind.DUPLICATE, window=_HOURS).rows(**_DAY)
    assert [row["value"] for row in rows].count(None) == 4


@pytest.mark.parametrize("path", [MAXHOURS_V1, MAXHOURS_V2])
def test_rows_of_maxhours(elvia: Elvia, path: str) -> None:
    """The peaks' rows have faults, too; quarter-hours, which no peak has, change nothing."""
    good = elvia.get(path).text
    assert _with(elvia, FaultKind.QUARTER_HOURS, times=1).get(path).text == good
    bad = _with(elvia, FaultKind.NULL_VALUE, endpoint="maxhours").get(path).text
    assert bad.count('"value":null,') == good.count('"value":') > 0
    assert all(row["value"] is not None for row in elvia.rows(**_DAY))


def test_healing(elvia: Elvia) -> None:
    """Cleared faults are gone, and a new plan counts its calls anew."""
    _with(elvia, FaultKind.STATUS, times=1)
    assert elvia.get().status_code == 500
    elvia.world.faults.clear()
    assert elvia.get().status_code == 200
    _with(elvia, FaultKind.STATUS, times=1)
    assert [elvia.get().status_code, elvia.get().status_code] == [500, 200]
