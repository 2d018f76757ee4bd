"""Which queries the simulated Elvia takes, and with which errors it refuses the others."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from sandbox import clock
from sandbox.hours import OSLO
from schemas.time import floor_hour, years_before
from tests.sandbox.asking import HOME, MAXHOURS_V1, MAXHOURS_V2, METERVALUES, PLUS, Elvia, instant

_DAY = {"startTime": "2026-06-10T00:00:00+02:00", "endTime": "2026-06-11T00:00:00+02:00"}


@pytest.mark.parametrize(
    "start",
    [
        "2026-06-10T02:00:00+02:00",
        "2026-06-10T00:00:00+00:00",
        "2026-06-10T00:00:00Z",
        "2026-06-10T00:00:00.000Z",
        "2026-06-09T23:59:59.123456+00:00",
        "2026-06-09T23:59:59.1234567+00:00",
        "2026-06-10T02:00:00",
        "2026-06-10T01:30:00.5",
        "2026-06-10T02:00",
    ],
)
def test_times_in_every_form(elvia: Elvia, start: str) -> None:
    """Offsets, Z, fractions and minutes are read; a naive time is Norwegian."""
    rows = elvia.rows(startTime=start, endTime="2026-06-10T05:00:00+02:00")
    assert [row["startTime"][11:13] for row in rows] == ["02", "03", "04"]


@pytest.mark.parametrize("flag", ["true", "True", "TRUE"])
def test_booleans_in_any_case(elvia: Elvia, flag: str) -> None:
    """A boolean is read in any case, and so is a parameter's name."""
    assert len(elvia.rows("sandbox-plus", includeProduction=flag, **_DAY)) == 48
    assert len(elvia.rows("sandbox-plus", IncludeProduction=flag, **_DAY)) == 48
    assert len(elvia.rows("sandbox-plus", includeProduction="False", **_DAY)) == 24


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("startTime", "yesterday"),
        ("startTime", "2026-13-01T00:00:00+02:00"),
        ("startTime", "2026-06-10"),
        ("endTime", "2026-06-11T00:00:00 02:00"),
        ("includeProduction", "1"),
    ],
)
def test_malformed_parameters(elvia: Elvia, name: str, value: str) -> None:
    """A malformed value is a 400 whose key is the parameter; an unencoded plus (a space by then) is one."""
    response = elvia.get(**(_DAY | {name: value}))
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert list(response.json()["errors"]) == [name]


def test_start_must_precede_end(elvia: Elvia) -> None:
    """A start in the running hour meets the default end, as a client found out: 400 with both times printed."""
    elvia.world.now = clock.fixed(instant("2026-01-18T08:30:00+00:00"))
    response = elvia.get(startTime="2026-01-18T08:00:00+00:00")
    problem = response.json()
    assert response.status_code == problem["status"] == 400
    assert problem["type"] == "https://tools.ietf.org/html/rfc7231#section-6.5.1"
    assert problem["title"] == "One or more validation errors occurred."
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", problem["traceId"])
    ((key, (message,)),) = problem["errors"].items()
    assert key == ""
    assert "01/18/2026 08:00:00 +00:00" in message
    assert "01/18/2026 09:00:00 +01:00" in message


@pytest.mark.parametrize("end", ["2026-06-10T00:00:00+02:00", "2026-06-09T23:00:00+02:00", "2026-06-09T22:00:00Z"])
def test_empty_or_backward_periods(elvia: Elvia, end: str) -> None:
    """An end at or before the start is refused, whatever the offsets."""
    assert elvia.get(startTime="2026-06-10T00:00:00+02:00", endTime=end).status_code == 400


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2024-01-01T00:00:00+01:00", "2025-01-01T00:00:00+01:00", 200),
        ("2024-01-01T00:00:00+01:00", "2025-01-01T00:00:01+01:00", 400),
        ("2025-01-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00", 200),
        ("2025-01-01T00:00:00+01:00", "2026-01-02T00:00:00+01:00", 400),
        ("2026-01-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00", 200),
        ("2024-06-20T00:00:00+00:00", "2025-06-20T00:00:00+00:00", 200),
    ],
)
def test_at_most_one_year(elvia: Elvia, start: str, end: str, status: int) -> None:
    """A calendar year passes, a leap year and the running one too; more is refused."""
    assert elvia.get(startTime=start, endTime=end).status_code == status


def test_at_most_three_years_back(elvia: Elvia) -> None:
    """1095 days back pass, and three calendar years floored to the hour (1096 days here); an hour more is refused."""
    now = elvia.world.now()
    calendar = floor_hour(years_before(now, 3, OSLO))
    assert (now - calendar).days == 1096
    starts = {now - timedelta(days=1095): 200, calendar: 200, calendar - timedelta(seconds=1): 400}
    for start, status in starts.items():
        end = start + timedelta(days=30)
        assert elvia.get(startTime=start.isoformat(), endTime=end.isoformat()).status_code == status
        assert elvia.get(MAXHOURS_V2, calculateTime=start.isoformat()).status_code == status


@pytest.mark.parametrize("path", [METERVALUES, MAXHOURS_V1, MAXHOURS_V2])
@pytest.mark.parametrize("credential", ["", "Bearer", "Bearer sandbox-nobody", "Basic sandbox-home", "sandbox-home"])
def test_credentials(elvia: Elvia, path: str, credential: str) -> None:
    """Without a known token in a Bearer header every endpoint gives the gateway's 401."""
    headers = {"Authorization": credential} if credential else {}
    response = elvia.client.get(elvia.base_url + path, headers=headers)
    assert response.status_code == response.json()["statusCode"] == 401
    assert list(response.json()) == ["statusCode", "message"]
    assert elvia.world.calls[-1].token is None


def test_a_deleted_token(elvia: Elvia) -> None:
    """A deleted token is refused, and taken again once restored; the others never notice."""
    elvia.world.tokens["sandbox-home"].deleted = True
    assert [elvia.get().status_code, elvia.get(token="sandbox-plus").status_code] == [401, 200]
    elvia.world.tokens["sandbox-home"].deleted = False
    assert elvia.get().status_code == 200


@pytest.mark.parametrize("status", [403, 400, 404])
@pytest.mark.parametrize("foreign", [PLUS, "707057500009999999", "123"])
def test_foreign_points(elvia: Elvia, foreign: str, status: int) -> None:
    """A metering point that the token does not cover, or that nobody has, is refused by the chosen status."""
    elvia.world.foreign_point_status = status
    response = elvia.get(meteringPointIds=f"{HOME},{foreign}", **_DAY)
    assert response.status_code == response.json()["status"] == status


def test_foreign_points_left_out(elvia: Elvia) -> None:
    """By the status 200 a foreign metering point is left out, to the empty list."""
    elvia.world.foreign_point_status = 200
    (point,) = elvia.points(meteringPointIds=f"{PLUS},{HOME}", **_DAY)
    assert point["meteringPointId"] == HOME
    assert elvia.points(meteringPointIds=PLUS, **_DAY) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/customer/metervalues/api/v2/metervalues"),
        ("GET", "/customer/metervalues"),
        ("GET", "/"),
        ("POST", METERVALUES),
        ("DELETE", MAXHOURS_V2),
    ],
)
def test_unknown_routes(elvia: Elvia, method: str, path: str) -> None:
    """Another path or method is the gateway's 404."""
    response = elvia.client.request(method, elvia.base_url + path, headers={"Authorization": "Bearer sandbox-home"})
    assert response.status_code == 404
    assert response.json() == {"statusCode": 404, "message": "Resource not found"}


def test_two_hundred_calls_an_hour(elvia: Elvia) -> None:
    """The 201st call of an hour gets 429 with the wait in seconds, per token, until the first call is an hour old."""
    now = elvia.world.now()
    assert [elvia.get().status_code for _ in range(200)] == [200] * 200
    elvia.world.now = clock.fixed(now + timedelta(minutes=40))
    refused = elvia.get()
    assert refused.status_code == refused.json()["statusCode"] == 429
    assert refused.headers["Retry-After"] == "1200"
    assert refused.json()["message"] == "Rate limit is exceeded. Try again in 1200 seconds."
    assert elvia.get(token="sandbox-plus").status_code == 200
    elvia.world.now = clock.fixed(now + timedelta(minutes=60))
    assert elvia.get().status_code == 200


def test_the_limit_can_be_lifted(elvia: Elvia) -> None:
    """Without a limit any number of calls passes; a lower limit takes effect at once."""
    elvia.world.calls_per_hour = None
    assert {elvia.get().status_code for _ in range(205)} == {200}
    elvia.world.calls_per_hour = 3
    assert elvia.get().status_code == 429
