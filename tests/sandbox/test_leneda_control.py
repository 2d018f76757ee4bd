"""Leneda's part of the control API, and the page on which a user plays the owner."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final

import pytest

from sandbox.leneda.demo import CONSUMPTION, NEIGHBOUR, NEIGHBOURS, PLANT, PLANT_KEY
from tests.sandbox.asking import window
from tests.sandbox.asking_leneda import GROUPS, OBIS

if TYPE_CHECKING:
    import httpx

    from sandbox.serve import Sandbox
    from tests.sandbox.asking_leneda import Leneda

_HOUR: Final = {"start": "2026-06-10T08:00:00Z", "end": "2026-06-10T09:00:00Z"}


def _post(sandbox: Sandbox, client: httpx.Client, path: str, body: object) -> httpx.Response:
    return client.post(f"{sandbox.url}/control/{path}", json=body)


def _buttons(text: str) -> list[dict[str, str]]:
    """Return what each button of the page would send."""
    return [
        {unescape(name): unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form)}
        for form in re.findall(r"<form.*?</form>", text, re.DOTALL)
    ]


def test_decisions(leneda: Leneda, sandbox: Sandbox, client: httpx.Client) -> None:
    """An owner's decision is made from outside, and answered with what changed."""
    leneda.request()
    order = {"decision": "approve", "metering_point": NEIGHBOURS, "register": "consumption"}
    (changed,) = _post(sandbox, client, "leneda/access", order).json()
    assert (changed["asker"], changed["register"], changed["state"]) == (PLANT, "consumption", "granted")
    assert len(leneda.series(NEIGHBOURS)["items"]) == 96
    revoke = {"decision": "revoke", "metering_point": NEIGHBOURS}
    assert len(_post(sandbox, client, "leneda/access", revoke).json()) == 1
    assert leneda.series(NEIGHBOURS)["items"] == []


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("access", {"decision": "forget", "metering_point": NEIGHBOURS}, "forget"),
        ("access", {"decision": "approve", "metering_point": NEIGHBOURS}, "pending"),
        ("access", {"decision": "grant", "metering_point": NEIGHBOURS}, "asker"),
        ("access", {"decision": "approve", "metering_point": "LU1"}, "no such metering point"),
        ("access", {"decision": "approve", "metering_point": NEIGHBOURS, "register": "heat"}, "register"),
        ("keys", {"energy_id": "LUXE-XX-YY-99999", "api_key": None}, "LUXE-XX-YY-99999"),
        ("switches", {"shufled": True}, "shufled"),
        ("switches", {"publish_days": 0}, "publish_days"),
        ("oddities", {"metering_point": CONSUMPTION, "window": _HOUR, "nul": True}, "nul"),
    ],
)
def test_bad_bodies(sandbox: Sandbox, client: httpx.Client, path: str, body: object, reason: str) -> None:
    """A body that does not fit gets 400 with the reason and changes nothing."""
    before = client.get(f"{sandbox.url}/control/state").json()
    response = _post(sandbox, client, f"leneda/{path}", body)
    assert response.status_code == 400
    assert reason in response.json()["error"]
    assert client.get(f"{sandbox.url}/control/state").json() == before


def test_state(leneda: Leneda, sandbox: Sandbox, client: httpx.Client) -> None:
    """The state lists requests, accesses, false attempts, letters and switches, and counts calls."""
    leneda.request()
    leneda.request(fromName="Somebody")
    state = client.get(f"{sandbox.url}/control/state").json()
    (request,) = state["leneda"]["requests"]
    assert (request["asker"], request["owner"], request["metering_points"], request["registers"]) == (
        PLANT,
        NEIGHBOUR,
        [NEIGHBOURS],
        ["consumption", "consumption_remaining"],
    )
    assert [access["state"] for access in state["leneda"]["accesses"]] == ["pending", "pending"]
    assert [attempt["asker"] for attempt in state["leneda"]["false_attempts"]] == [PLANT]
    assert [letter["to"] for letter in state["leneda"]["letters"]] == [NEIGHBOUR]
    assert state["leneda"]["switches"]["publish_at"] == "14:00:00"
    assert [call["status"] for call in state["calls"]] == [201, 400]


def test_keys(leneda: Leneda, sandbox: Sandbox, client: httpx.Client) -> None:
    """A key is replaced and removed from outside."""
    for key, status in (("00000000-0000-4000-8000-00000000000a", 401), (PLANT_KEY, 200), (None, 401)):
        _post(sandbox, client, "leneda/keys", {"energy_id": PLANT, "api_key": key})
        assert leneda.get(GROUPS).status_code == status


def test_switches(leneda: Leneda, sandbox: Sandbox, client: httpx.Client) -> None:
    """Switches that are named change, and the others stay."""
    _post(sandbox, client, "leneda/switches", {"no_access_status": 404, "publish_at": "06:30:00"})
    answer = _post(sandbox, client, "leneda/switches", {"false_attempts_per_day": None}).json()
    assert (answer["no_access_status"], answer["publish_at"], answer["false_attempts_per_day"]) == (
        404,
        "06:30:00",
        None,
    )
    asked = {"obisCode": OBIS, "startDateTime": "2026-06-10", "endDateTime": "2026-06-11"}
    assert leneda.get(f"/api/metering-points/{NEIGHBOURS}/time-series", **asked).status_code == 404


def test_plans_for_values(leneda: Leneda, sandbox: Sandbox, client: httpx.Client) -> None:
    """Odd, late and corrected values are planned from outside, for Leneda as for Elvia."""
    plan = {"metering_point": CONSUMPTION, "window": _HOUR}
    _post(sandbox, client, "leneda/oddities", plan | {"type": "Estimated"})
    _post(sandbox, client, "corrections", plan | {"shows": "2026-06-17T00:00:00Z", "quantity": 3.5})
    later = {"start": "2026-06-10T09:00:00Z", "end": "2026-06-10T10:00:00Z"}
    _post(sandbox, client, "late", plan | {"window": later})
    frame = leneda.frame(CONSUMPTION, "consumption", window("2026-06-10T08:00", "2026-06-10T10:00"))
    assert frame.select("quantity", "version", "type").rows() == [(3.5, 2, "Estimated")] * 4


def test_the_owners_page(leneda: Leneda, sandbox: Sandbox, client: httpx.Client) -> None:
    """The page lists accesses by asker, metering point and state; its buttons approve and then revoke."""
    url = f"{sandbox.url}/control/leneda"
    assert _buttons(client.get(url).text) == []
    leneda.request()
    page = client.get(url)
    assert page.headers["Content-Type"].startswith("text/html")
    for text in (PLANT, NEIGHBOURS, "consumption, consumption_remaining", "pending"):
        assert text in page.text
    approve, refuse = _buttons(page.text)
    assert (approve["decision"], refuse["decision"]) == ("approve", "refuse")
    back = client.post(url, data=approve)
    assert (back.status_code, back.headers["Location"]) == (303, "/control/leneda")
    assert len(leneda.series(NEIGHBOURS)["items"]) == 96
    (revoke,) = _buttons(client.get(url).text)
    client.post(url, data=revoke)
    assert leneda.series(NEIGHBOURS)["items"] == []
    assert _buttons(client.get(url).text) == []
    assert client.post(url, data=revoke).status_code == 400


def test_front_page(leneda: Leneda, sandbox: Sandbox, client: httpx.Client) -> None:
    """The sandbox's page names Leneda's base URL, and each user's key, Energy ID, name and metering points."""
    leneda.world.leneda.admit("LUXE-XX-YY-12345", "<Third>", None, [])
    text = client.get(f"{sandbox.url}/").text
    for expected in (
        sandbox.leneda_url,
        PLANT_KEY,
        PLANT,
        "Plant Example",
        f"{CONSUMPTION}: consumption",
        "&lt;Third&gt;",
        "no key",
        '<a href="/control/leneda">',
    ):
        assert expected in text
