"""A simulated Leneda on a real port, one clock for it and for the installation, and no waits between attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina
import time_machine

from sandbox.serve import Sandbox, running
from sandbox.world import World
from tests.leneda.plant import NOW, Plant
from tests.support.influx import database, influx_settings, influxd, influxd_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings

__all__ = ["database", "influx_settings", "influxd", "influxd_program"]


@pytest.fixture(autouse=True)
def _no_waits() -> Iterator[None]:
    """Repeat failed requests at once, as often as ever."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The one clock of installation and operator; it goes on from `NOW` until it is moved."""
    with time_machine.travel(NOW) as traveller:
        yield traveller


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    """One server for all tests: to stop one takes a fifth of a second."""
    with running(World()) as served:
        yield served


@pytest.fixture
def sandbox(server: Sandbox, clock: time_machine.Traveller) -> Sandbox:  # noqa: ARG001 - it is the operator's clock
    """An operator without customers."""
    vars(server.world).update(vars(World()))
    return server


@pytest.fixture
def plant(sandbox: Sandbox, tmp_path: Path) -> Plant:
    """An installation that lists nothing yet."""
    return Plant(sandbox, tmp_path)


@pytest.fixture
def loaded_plant(sandbox: Sandbox, tmp_path: Path, influx_settings: InfluxSettings, database: Database) -> Plant:
    """An installation that lists nothing yet, with a new and empty database."""
    assert database.exists()
    return Plant(sandbox, tmp_path, influx=influx_settings)
