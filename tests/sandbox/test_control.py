"""The control API and the front page: the world changed from outside."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import httpx
import pytest

from sandbox import app
from sandbox.faults import Fault, FaultKind
from schemas.time import utc_now
from tests.sandbox.asking import HOME, MAXHOURS_V2, METERVALUES, PLUS, Elvia, instant, window

if TYPE_CHECKING:
    from sandbox.serve import Sandbox


class Control(Protocol):
    """Calls the control API."""

    def __call__(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Make one call, with a body where one is given."""
        ...


_DAY = {"startTime": "2026-06-10T00:00:00+02:00", "endTime": "2026-06-11T00:00:00+02:00"}
_WINDOW = {"start": "2026-06-10T08:00:00Z", "end": "2026-06-10T10:00:00Z"}
_HOURS = window("2026-06-10T08:00", "2026-06-10T10:00")


@pytest.fixture
def control(sandbox: Sandbox, client: httpx.Client) -> Control:
    """Give a function that calls the control API."""

    def call(method: str, path: str, body: object = None) -> httpx.Response:
        return client.request(method, f"{sandbox.url}/control/{path}", json=body)

    return call


def test_state_counts_calls(elvia: Elvia, control: Control) -> None:
    """The state lists every call with token, path, metering points, window and status, so that calls can be counted."""
    elvia.get(**_DAY)
    elvia.get(MAXHOURS_V2, "sandbox-plus")
    elvia.get(token="a-token-that-might-be-real")
    state = control("GET", "state").json()
    assert [(call["path"], call["token"], call["metering_points"], call["status"]) for call in state["calls"]] == [
        (f"/elvia{METERVALUES}", "sandbox-home", [HOME], 200),
        (f"/elvia{MAXHOURS_V2}", "sandbox-plus", [PLUS], 200),
        (f"/elvia{METERVALUES}", None, [], 401),
    ]
    assert state["calls"][0]["window"] == {"start": "2026-06-09T22:00:00Z", "end": "2026-06-10T22:00:00Z"}
    assert state["now"] == "2026-06-17T12:20:00Z"
    assert "a-token-that-might-be-real" not in control("GET", "state").text


def test_faults(elvia: Elvia, control: Control) -> None:
    """Faults are added one by one or as a list, are listed, and are deleted all at once."""
    one = {"kind": "null_value", "window": _WINDOW, "metering_point": HOME}
    more = [{"kind": "status", "status": 503, "retry_after": 30, "first": 2, "times": 1}, {"kind": "unsorted"}]
    assert len(control("POST", "faults", one).json()) == 1
    assert len(control("POST", "faults", more).json()) == 3
    assert elvia.world.faults.faults[0] == Fault(kind=FaultKind.NULL_VALUE, window=_HOURS, metering_point=HOME)
    assert [row["value"] for row in elvia.rows(**_DAY)].count(None) == 2
    assert elvia.get(**_DAY).headers["Retry-After"] == "30"
    assert control("DELETE", "faults").json() == control("GET", "state").json()["faults"] == []
    assert None not in [row["value"] for row in elvia.rows(**_DAY)]


def test_a_planned_correction(elvia: Elvia, control: Control) -> None:
    """A correction shows from its instant, which may be written with any offset."""
    correction = {
        "metering_point": HOME,
        "window": _WINDOW,
        "register": "consumption",
        "shows": "2026-06-17T14:20:00+02:00",
        "quantity": 7.5,
    }
    assert control("POST", "corrections", correction).status_code == 200
    assert [row["value"] for row in elvia.rows(**_DAY)].count(7.5) == 2
    control("POST", "clock", {"fixed": "2026-06-17T12:19:59Z"})
    assert [row["value"] for row in elvia.rows(**_DAY)].count(7.5) == 0


def test_a_correction_at_once(elvia: Elvia, control: Control) -> None:
    """An empty body corrects one hour of three days ago at once, and tells which, from what to what."""
    three_days_ago = {"startTime": "2026-06-14T00:00:00+02:00", "endTime": "2026-06-15T00:00:00+02:00"}
    before = elvia.rows(**three_days_ago)
    answer = control("POST", "corrections").json()
    after = elvia.rows(**three_days_ago)
    ((old, new),) = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [old["value"]] == answer["before"]
    assert [new["value"]] == answer["after"]
    assert instant(new["startTime"]) == instant(answer["correction"]["window"]["start"])
    assert control("POST", "corrections").json()["before"] == answer["after"], "it can be done again"


def test_late_hours(elvia: Elvia, control: Control) -> None:
    """Hours are held back until their instant, or removed from one on."""
    late = {"metering_point": HOME, "window": _WINDOW, "until": "2026-06-18T00:00:00Z"}
    assert control("POST", "late", late).status_code == 200
    assert len(elvia.rows(**_DAY)) == 22
    control("POST", "clock", {"fixed": "2026-06-18T00:00:00Z"})
    assert len(elvia.rows(**_DAY)) == 24
    control("POST", "late", {"metering_point": HOME, "window": _WINDOW, "since": "2026-06-18T00:00:00Z"})
    assert len(elvia.rows(**_DAY)) == 22


def test_clock(elvia: Elvia, control: Control) -> None:
    """The clock stands, runs beside the machine's, or is the machine's again; answers are dated by it."""
    control("POST", "clock", {"fixed": "2026-02-03T04:05:06+01:00"})
    assert elvia.world.now() == instant("2026-02-03T03:05:06+00:00")
    assert elvia.get().headers["Date"] == "Tue, 03 Feb 2026 03:05:06 GMT"
    assert elvia.points()[0]["metervalue"]["fromHour"] == "2026-02-03T00:00:00+01:00"
    control("POST", "clock", {"shift_seconds": -86400})
    behind = utc_now() - elvia.world.now()
    assert timedelta(hours=23) < behind <= timedelta(days=1)
    control("POST", "clock")
    assert abs(utc_now() - elvia.world.now()) < timedelta(hours=1)


def test_tokens(elvia: Elvia, control: Control) -> None:
    """A token is added, deleted, restored with the points it had, and given others."""
    control("POST", "tokens", {"token": "sandbox-family", "metering_points": [HOME, PLUS]})
    assert len(elvia.points(token="sandbox-family")) == 2
    control("POST", "tokens", {"token": "sandbox-family", "deleted": True})
    assert elvia.get(token="sandbox-family").status_code == 401
    control("POST", "tokens", {"token": "sandbox-family"})
    assert len(elvia.points(token="sandbox-family")) == 2
    control("POST", "tokens", {"token": "sandbox-family", "metering_points": [PLUS]})
    assert [point["meteringPointId"] for point in elvia.points(token="sandbox-family")] == [PLUS]


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("faults", {"kind": "gremlins"}, "gremlins"),
        ("faults", {"kind": "html", "tokne": "sandbox-home"}, "tokne"),
        (
            "faults",
            {"kind": "html", "window": {"start": "2026-06-10T08:00:00+02:00", "end": "2026-06-10T10:00:00Z"}},
            "UTC",
        ),
        ("corrections", {"metering_point": HOME, "window": _WINDOW, "shows": "2026-06-17T00:00:00Z"}, "factor"),
        (
            "corrections",
            {"metering_point": HOME, "window": _WINDOW, "shows": "2026-06-17T00:00:00", "factor": 2},
            "timezone",
        ),
        ("late", {"window": _WINDOW}, "metering_point"),
        ("late", [{"metering_point": HOME, "window": _WINDOW}, 7], "object"),
        ("clock", {"fixed": "noon"}, "fixed"),
        ("tokens", {"token": "sandbox-x", "metering_points": ["1"]}, "nobody"),
    ],
)
def test_bodies_that_do_not_fit(elvia: Elvia, control: Control, path: str, body: object, reason: str) -> None:
    """A body that does not fit gets 400 with the reason and changes nothing."""
    before = control("GET", "state").json()
    response = control("POST", path, body)
    assert response.status_code == 400
    assert reason in response.json()["error"]
    assert control("GET", "state").json() == before
    assert "sandbox-x" not in elvia.world.tokens


def test_no_json(sandbox: Sandbox, client: httpx.Client) -> None:
    """A body that is no JSON gets 400."""
    assert client.post(f"{sandbox.url}/control/faults", content=b"{").status_code == 400


async def _ask_from(sandbox: Sandbox, address: str) -> httpx.Response:
    transport = httpx.ASGITransport(app.build(sandbox.world), client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as somebody:
        return await somebody.get("/control/state")


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 403)])
def test_this_machine_only(sandbox: Sandbox, address: str, status: int) -> None:
    """The control API answers loopback addresses and refuses others."""
    assert asyncio.run(_ask_from(sandbox, address)).status_code == status


def test_front_page(sandbox: Sandbox, client: httpx.Client) -> None:
    """The page names the base URL, every token with what lives there, and the control API."""
    sandbox.world.tokens["sandbox-plus"].deleted = True
    household = sandbox.world.households[HOME]
    sandbox.world.admit("sandbox-<many>", [replace(household, metering_point=f"{serial:018}") for serial in range(9)])
    response = client.get(sandbox.url + "/")
    assert response.headers["Content-Type"].startswith("text/html")
    for text in (sandbox.elvia_url, "sandbox-home", HOME, "sandbox-plus (deleted)", "plus-customer", "Innlandet"):
        assert text in response.text
    assert "sandbox-&lt;many&gt;" in response.text
    assert "and 6 more" in response.text
    assert "/control/state" in response.text
