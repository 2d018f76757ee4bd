"""What the tests of Dagster's processes share: an installation on the machine's own clock, and the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.influxdb.settings import InfluxSettings
from sandbox import clock
from sandbox.serve import running
from sandbox.world import World
from schemas.time import utc_now
from tests.support.home import Home
from tests.support.influx import influxd, influxd_program
from tests.support.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.influxd import Influxd

__all__ = ["influxd", "influxd_program"]

NEVER = "0 0 29 2 *"


@pytest.fixture(scope="module")
def home(influxd: Influxd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """An installation without connections, whose schedules do not run; the operator's clock stands still."""
    world = World(calls_per_hour=None, now=clock.fixed(utc_now()))
    influx = InfluxSettings(url=influxd.url, database="daemon")
    with running(world) as sandbox, Home(sandbox, tmp_path_factory.mktemp("home"), influx) as installation:
        installation.set("schedules__elvia", NEVER)
        installation.set("schedules__leneda", NEVER)
        installation.database.create()
        yield installation


@pytest.fixture(scope="module")
def services(home: Home) -> Iterator[Services]:
    """The services, up and loaded; nobody is connected before the fixtures of a module say so."""
    with Services(home) as started:
        yield started
