"""What the tests of the UI share: one installation under Dagster's services, on the machine's own clock.

At a simulated Elvia `home` is well, `cabin` lists a metering point that its token does not cover, and the token of
`gone` was deleted. `plant` at a simulated Leneda was filled before, and its schedule runs every minute.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from connectors.influxdb.settings import InfluxSettings
from connectors.leneda.source import LENEDA
from pipelines.flow import Flow
from sandbox import clock
from sandbox.faults import Fault, FaultKind
from sandbox.influxd import running_influxd
from sandbox.leneda.demo import metering_point_code
from sandbox.leneda.grid import MeteringPoint
from sandbox.plans import hour_of
from sandbox.serve import running
from sandbox.world import World
from schemas.time import DAY, HOUR, floor_hour, utc_now
from tests.support.chromium import Chromium
from tests.support.home import Home, moved_in
from tests.support.influx import influxd_program
from tests.support.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.influxd import Influxd

__all__ = ["influxd_program"]

NEVER: Final = "0 0 29 2 *"
EVERY_MINUTE: Final = "* * * * *"

TOKENS: Final = {name: f"canary.of.the.ui.token-of-{name}" for name in ("home", "cabin", "gone")}
KEY: Final = "canary-of-the-ui-key-of-plant"
USER: Final = "wattline"
PASSWORD: Final = "canary of the ui, with blanks"
CANARIES: Final = (*TOKENS.values(), KEY, PASSWORD)

ENERGY_ID: Final = "LUXE-XX-YY-12341"
POINT: Final = metering_point_code(11)
NOBODYS: Final = "707057500000000094"


@pytest.fixture(scope="session")
def guarded(influxd_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """A database that asks for user and password."""
    with running_influxd(influxd_program, tmp_path_factory.mktemp("influxd"), auth=True) as server:
        yield server


@pytest.fixture(scope="session")
def installation(guarded: Influxd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The installation; the operators' clock stands still, so that what they serve is the same all the time."""
    world = World(calls_per_hour=None, now=clock.fixed(utc_now()))
    influx = InfluxSettings(url=guarded.url, database="ui")
    with running(world) as sandbox, Home(sandbox, tmp_path_factory.mktemp("home"), influx) as home:
        home.set("influxdb__username", USER)
        home.set("influxdb__password", PASSWORD)
        home.database.query(f"CREATE USER {USER} WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES")
        home.database.create()
        _connect_elvia(home)
        _connect_leneda(home)
        home.set("schedules__elvia", NEVER)
        home.set("schedules__leneda", EVERY_MINUTE)
        filled = Flow(home.settings, LENEDA, utc_now())
        filled.run(filled.syncing().years(), ask=["plant"], load=["plant"])
        home.calls()
        yield home


def _connect_elvia(home: Home) -> None:
    mine = moved_in(400)
    for household in (mine, moved_in(20, "cabin", 2, produces=True), moved_in(20, "gone", 3)):
        home.world.admit(TOKENS[household.name], [household])
        home.connect(household.name, TOKENS[household.name])
    cabin = home.world.tokens[TOKENS["cabin"]].metering_points
    home.set("connections__cabin__metering_points", json.dumps([*cabin, NOBODYS]))
    home.world.tokens[TOKENS["gone"]].deleted = True
    odd = hour_of(floor_hour(utc_now()) - 3 * DAY)
    home.world.faults.add(Fault(kind=FaultKind.WRONG_UNIT, token=TOKENS["home"], window=odd))


def _connect_leneda(home: Home) -> None:
    point = MeteringPoint(POINT, "11", ("consumption",), floor_hour(utc_now()) - 20 * DAY - HOUR)
    home.world.leneda.admit(ENERGY_ID, "Plant Example", KEY, [point])
    keys = {
        "source": "leneda",
        "base_url": home.sandbox.leneda_url,
        "energy_id": ENERGY_ID,
        "api_key": KEY,
        "history_years": 1,
        "calls_per_minute": 60_000,
        "metering_points": json.dumps([{"code": POINT, "registers": ["consumption"]}]),
    }
    for key, value in keys.items():
        home.set(f"connections__plant__{key}", value)


@pytest.fixture(scope="session")
def services(installation: Home) -> Iterator[Services]:
    """The services, up and loaded."""
    with Services(installation) as started:
        yield started


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A browser."""
    with Chromium(tmp_path_factory.mktemp("chromium")) as chromium:
        yield chromium
