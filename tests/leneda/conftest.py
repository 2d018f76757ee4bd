"""A simulated Leneda on a real port, one clock for it and for the installation, and no waits between attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import time_machine

from sandbox.world import World
from tests.leneda.plant import NOW, Plant
from tests.support.influx import database, influx_server, influx_settings, influxd, influxd_program
from tests.support.simulation import no_waits, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings
    from sandbox.serve import Sandbox

__all__ = ["database", "influx_server", "influx_settings", "influxd", "influxd_program", "no_waits", "server"]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The one clock of installation and operator; it goes on from `NOW` until it is moved."""
    with time_machine.travel(NOW) as traveller:
        yield traveller


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
