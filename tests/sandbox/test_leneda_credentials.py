"""Who is let in at Leneda, and what is remembered of every call."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from sandbox.leneda.demo import CONSUMPTION, NEIGHBOUR, NEIGHBOUR_KEY, NEIGHBOURS, PLANT, PLANT_KEY
from tests.sandbox.asking import window
from tests.sandbox.asking_leneda import ACCESS_REQUEST, DAY, GROUPS, OBIS, Leneda, time_series

_ENDPOINTS: Final = [
    ("GET", time_series()),
    ("GET", f"{time_series()}/aggregated"),
    ("POST", ACCESS_REQUEST),
    ("GET", GROUPS),
    ("GET", "/api/sharing-groups/CR00000001/metering-points"),
]


@pytest.mark.parametrize(("method", "path"), _ENDPOINTS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-KEY": PLANT_KEY},
        {"X-ENERGY-ID": PLANT},
        {"X-API-KEY": "", "X-ENERGY-ID": PLANT},
        {"X-API-KEY": "a-key-that-might-be-real", "X-ENERGY-ID": PLANT},
        {"X-API-KEY": PLANT_KEY, "X-ENERGY-ID": "LUXE-XX-YY-99999"},
        {"X-API-KEY": PLANT_KEY, "X-ENERGY-ID": NEIGHBOUR},
        {"X-API-KEY": NEIGHBOUR_KEY, "X-ENERGY-ID": PLANT},
        {"Authorization": f"Bearer {PLANT_KEY}", "X-ENERGY-ID": PLANT},
    ],
)
def test_refused_credentials(leneda: Leneda, method: str, path: str, headers: dict[str, str]) -> None:
    """Without the right key and the right Energy ID every endpoint answers 401, before it looks at the request."""
    response = leneda.client.request(method, leneda.base_url + path, headers=headers)
    assert response.status_code == 401
    assert leneda.world.calls[-1].token is None
    assert "a-key-that-might-be-real" not in repr(leneda.world.calls)


@pytest.mark.parametrize(("key_name", "energy_id_name"), [("X-API-KEY", "X-ENERGY-ID"), ("x-api-key", "x-energy-id")])
def test_names_of_headers(leneda: Leneda, key_name: str, energy_id_name: str) -> None:
    """Headers' names may be written in any case."""
    headers = {key_name: PLANT_KEY, energy_id_name: PLANT}
    response = leneda.client.get(leneda.base_url + time_series(), params=DAY | {"obisCode": OBIS}, headers=headers)
    assert (response.status_code, len(response.json()["items"])) == (200, 96)


def test_a_new_key_ends_the_old(leneda: Leneda) -> None:
    """Once a key is replaced the old one is refused, and without a key everything is."""
    account = leneda.world.leneda.accounts[PLANT]
    new = "00000000-0000-4000-8000-00000000000a"
    newcomer = replace(leneda, api_key=new)
    account.api_key = new
    assert [leneda.get(GROUPS).status_code, newcomer.get(GROUPS).status_code] == [401, 200]
    account.api_key = None
    assert newcomer.get(GROUPS).status_code == 401


def test_everybody_reads_their_own(leneda: Leneda) -> None:
    """The owner of a metering point reads it, and not the asker's."""
    neighbour = replace(leneda, api_key=NEIGHBOUR_KEY, energy_id=NEIGHBOUR)
    assert len(neighbour.series(NEIGHBOURS)["items"]) == 96
    assert neighbour.series(CONSUMPTION)["items"] == []


def test_calls_are_logged(leneda: Leneda) -> None:
    """Every call is kept with key, path, metering point, register, window and status, so that calls can be counted."""
    leneda.series()
    leneda.sums()
    leneda.get(time_series(), obisCode=OBIS)
    leneda.request()
    june = window("2026-06-09T22:00", "2026-06-10T22:00")
    assert [
        (call.path, call.token, call.metering_points, call.register, call.window, call.status)
        for call in leneda.world.calls
    ] == [
        (f"/leneda{time_series()}", PLANT_KEY, (CONSUMPTION,), "consumption", june, 200),
        (f"/leneda{time_series()}/aggregated", PLANT_KEY, (CONSUMPTION,), "consumption", june, 200),
        (f"/leneda{time_series()}", PLANT_KEY, (), None, None, 400),
        (f"/leneda{ACCESS_REQUEST}", PLANT_KEY, (NEIGHBOURS,), None, None, 201),
    ]


@pytest.mark.parametrize("path", ["/api/", "/api/metering-points", "/metering-points/LU1/time-series", ACCESS_REQUEST])
def test_other_routes(leneda: Leneda, path: str) -> None:
    """There is nothing else: no list of metering points, none of requests, and nothing outside `/api`."""
    assert leneda.get(path).status_code == (405 if path == ACCESS_REQUEST else 404)


def test_no_browsers(leneda: Leneda) -> None:
    """No answer lets a page of another origin read it, and a preflight is refused."""
    headers = leneda.headers | {"Origin": "http://127.0.0.1:3000"}
    response = leneda.client.get(leneda.base_url + GROUPS, headers=headers)
    preflight = leneda.client.options(
        leneda.base_url + GROUPS, headers={"Origin": "http://127.0.0.1", "Access-Control-Request-Method": "GET"}
    )
    assert (response.status_code, preflight.status_code) == (200, 405)
    for answer in (response, preflight):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
