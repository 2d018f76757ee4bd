"""A filled InfluxDB, and what Grafana would ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import time_machine

from tests.dashboards.filled import Filled, filled
from tests.support.home import NOW
from tests.support.influx import influxd, influxd_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.influxd import Influxd

__all__ = ["influxd", "influxd_program"]


@pytest.fixture(scope="session")
def store(influxd: Influxd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """The installation that all tests here read."""
    with filled(tmp_path_factory.mktemp("dashboards"), influxd) as home:
        yield home


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Everybody's clock, at `NOW`."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
