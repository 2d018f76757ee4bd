"""Which server answers is found out, and decides what the settings must give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from connectors.influxdb.database import connect
from connectors.influxdb.errors import CannotDo, NotConfigured
from connectors.influxdb.settings import InfluxSettings
from tests.support import faults
from tests.support.faults import FaultServer
from tests.support.influx2 import ORG, TOKEN

if TYPE_CHECKING:
    from tests.support.influx2 import Influx2


def test_settings_of_1x_go_on_working(influx2: Influx2) -> None:
    """Moving from 1.8 to 2 is changing the URL: with a 1.x database alone in the settings, 1.x's API is spoken."""
    database = connect(InfluxSettings(url=influx2.url, database="energy"))

    assert (database.version, database.api) == ("2.7.12", "v1")
    database.close()


def test_server_decides_what_is_needed(influx2: Influx2) -> None:
    """A 1.x that gets 2.x's settings says what is missing, not that something is wrong with the token."""
    influx2.version = "1.8.10"

    with pytest.raises(NotConfigured, match=r"InfluxDB 1.8.10 answers at .*: InfluxDB 1.x needs `database`"):
        connect(InfluxSettings(url=influx2.url, org=ORG, bucket="energy", token=SecretStr(TOKEN)))


def test_influxdb_3(influx2: Influx2, bucket_settings: InfluxSettings) -> None:
    """InfluxDB 3 makes a database by writing to it, and cannot delete, which is said before anything is sent."""
    influx2.version = "3.10.1"
    database = connect(bucket_settings)

    database.create()

    assert (database.version, database.readable, database.exists(), influx2.buckets) == ("3.10.1", True, True, {})
    with pytest.raises(CannotDo, match="cannot delete single points"):
        database.delete("hourly_reading", tags={})
    database.close()


def test_what_is_no_influxdb(influx2: Influx2, bucket_settings: InfluxSettings) -> None:
    """A server without a ping is no InfluxDB, unless the settings name the API (InfluxData's cloud has no ping)."""
    elsewhere = {**dict(bucket_settings), "url": f"{influx2.url}/proxy"}

    with pytest.raises(NotConfigured, match="/ping answers 404: mend `url`, or set `api`"):
        connect(InfluxSettings.model_validate(elsewhere))
    named = connect(InfluxSettings.model_validate({**elsewhere, "api": "v2"}))
    assert (named.version, named.readable) == ("unknown", True)
    named.close()


def test_web_page_is_no_influxdb() -> None:
    """A page that says 200 to everything is not taken for a database that cannot be read."""
    with (
        FaultServer(faults.answer(b"<html>Welcome</html>")) as page,
        pytest.raises(NotConfigured, match="/ping answers 200"),
    ):
        connect(InfluxSettings(url=page.url, database="energy"))
