"""A filled InfluxDB, what Grafana would ask it, and what the store holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import time_machine

from tests.dashboards.asking import Grafana
from tests.dashboards.filled import DATABASE, Filled, filled
from tests.support.home import NOW
from tests.support.influx import influx_server, influxd, influxd_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from tests.support.influx import InfluxServer

__all__ = ["influx_server", "influxd", "influxd_program"]


@pytest.fixture(scope="session")
def store(influx_server: InfluxServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """The installation that all tests here read."""
    influx_server.drop(DATABASE)
    with filled(tmp_path_factory.mktemp("dashboards"), influx_server.settings(DATABASE)) as home:
        yield home
    influx_server.drop(DATABASE)


@pytest.fixture(scope="session")
def grafana(store: Filled, influx_server: InfluxServer) -> Iterator[Grafana]:
    """The data source, with the rights that the documentation gives it."""
    assert store.influx is not None
    with influx_server.reader(DATABASE) as headers, Grafana(store.influx.url, DATABASE, headers) as opened:
        yield opened


@pytest.fixture(scope="session")
def every_reading(store: Filled) -> pl.DataFrame:
    """Everything that the store holds."""
    return store.readings()


@pytest.fixture(scope="session")
def every_hour(store: Filled) -> pl.DataFrame:
    """Every hour that the store holds or that its quarters make."""
    return store.hourly()


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Everybody's clock, at `NOW`."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
