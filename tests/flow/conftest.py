"""What the end-to-end tests share: a clock that is moved, a simulated Elvia, a database, an installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import time_machine

from sandbox.world import World
from tests.support.home import NOW, Home
from tests.support.influx import database, influx_server, influx_settings, influxd, influxd_program
from tests.support.simulation import no_waits, server
from tests.support.three_years import backfilled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings
    from sandbox.influxd import Influxd
    from sandbox.serve import Sandbox

__all__ = ["database", "influx_server", "influx_settings", "influxd", "influxd_program", "no_waits", "server"]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The one clock of installation and operator; it goes on from `NOW` until it is moved."""
    with time_machine.travel(NOW) as traveller:
        yield traveller


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    """An operator without customers, who takes any number of calls."""
    vars(server.world).update(vars(World(calls_per_hour=None)))
    return server


@pytest.fixture
def home(sandbox: Sandbox, tmp_path: Path, influx_settings: InfluxSettings, database: Database) -> Iterator[Home]:
    """An installation with a new and empty database."""
    assert database.exists()
    with Home(sandbox, tmp_path, influx_settings) as installation:
        yield installation


@pytest.fixture
def storage(sandbox: Sandbox, tmp_path: Path) -> Home:
    """An installation that keeps the store alone."""
    return Home(sandbox, tmp_path, None)


@pytest.fixture(scope="session")
def three_years(influxd: Influxd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """An installation after its first backfill of four households; for tests that only read."""
    with backfilled(tmp_path_factory.mktemp("three-years"), influxd) as home:
        yield home
