"""What the tests of the database share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina
from pydantic import SecretStr

from connectors.influxdb.database import connect
from connectors.influxdb.settings import InfluxSettings
from tests.support.influx import Influx1Server, database, influx_settings, influxd, influxd_program, victoria_metrics
from tests.support.influx2 import ORG, TOKEN, running_influx2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.influxdb.base import Database
    from sandbox.influxd import Influxd
    from tests.support.influx2 import Influx2

__all__ = ["database", "influx_settings", "influxd", "influxd_program", "victoria_metrics"]


@pytest.fixture(scope="session")
def influx_server(influxd: Influxd) -> Influx1Server:
    """The database of tests that name no other is 1.x here: those of 2.x stand apart."""
    return Influx1Server(influxd)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Repeat requests without waiting; the list holds the seconds that would have been waited in 2.x's client."""
    waited: list[float] = []
    monkeypatch.setattr("connectors.influxdb.client.sleep", waited.append)
    with stamina.set_testing(True, attempts=99, cap=True):
        yield waited


@pytest.fixture
def influx2() -> Iterator[Influx2]:
    """A stand-in for InfluxDB 2.x, without a bucket."""
    with running_influx2() as stand_in:
        yield stand_in


@pytest.fixture
def bucket_settings(influx2: Influx2) -> InfluxSettings:
    """The settings of a bucket in it that does not exist yet."""
    return InfluxSettings(url=influx2.url, org=ORG, bucket="energy", token=SecretStr(TOKEN))


@pytest.fixture
def bucket(bucket_settings: InfluxSettings) -> Iterator[Database]:
    """A bucket in it, made."""
    database = connect(bucket_settings)
    database.create()
    yield database
    database.close()
