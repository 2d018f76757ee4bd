"""`load`: the store into a real InfluxDB, without asking an operator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl
import pytest

from connectors.influxdb.lines import lines
from sandbox.households import Household
from schemas.time import DAY, floor_hour, utc_now
from tests.commands.conftest import HOME
from tests.support.real_influx2 import NOT_THERE

if TYPE_CHECKING:
    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings
    from sandbox.serve import Sandbox
    from tests.commands.conftest import Installation

LATELY = ("--from", str(utc_now().year - 1), "--connection", "home")


@pytest.fixture
def stored(connected: Installation, database: Database, influx_settings: InfluxSettings) -> Installation:
    """Return an installation with readings in the store, and an empty database configured since."""
    assert database.exists()
    connected.run("backfill", *LATELY)
    connected.load_into(influx_settings)
    return connected


def points(database: Database) -> object:
    """Return how many hours are in the database."""
    (series,) = database.query('SELECT count("energy_kwh") FROM "hourly_reading"')
    return series.rows[0][-1]


def test_a_new_database_is_filled_from_the_store(stored: Installation, sandbox: Sandbox, database: Database) -> None:
    """Every reading arrives, no operator is asked, and a second load has nothing to send."""
    calls = len(sandbox.world.calls)

    first = stored.run("load")
    second = stored.run("load")

    assert first.code == second.code == 0
    assert re.search(r"^elvia/home: ([\d,]+) lines sent to .*, \1 accepted$", first.out, re.MULTILINE)
    assert "equal to the store" in first.out
    assert "nothing of elvia to send" in second.out
    assert len(sandbox.world.calls) == calls
    assert stored.run("export", "--connection", "home").err.startswith(f"{points(database):,} rows")


def test_full_sends_everything_again(stored: Installation) -> None:
    """`--full` does not rest on what was acknowledged."""
    first = stored.run("load")
    again = stored.run("load", "--full")

    assert again.code == 0
    assert again.out == first.out


@NOT_THERE
def test_a_refused_line_is_a_failure_in_the_servers_words(
    connected: Installation, sandbox: Sandbox, database: Database, influx_settings: InfluxSettings
) -> None:
    """Hours that the database does not take are counted and told, the others arrive; `status` knows of them."""
    now = floor_hour(utc_now())
    sandbox.world.admit("sandbox-home", [Household(HOME, "home", contract_start=now - 6 * DAY)])
    connected.load_into(influx_settings)
    # A field has one type in each shard, and here one day's has another than ours.
    database.query(f'ALTER RETENTION POLICY "autogen" ON "{influx_settings.database}" SHARD DURATION 1d')
    frame = pl.DataFrame({"metering_point": ["another"], "energy_kwh": ["text"], "time": [now - 3 * DAY]})
    measurement = "hourly_reading"
    for part in lines(frame, measurement=measurement, tags=("metering_point",), fields=("energy_kwh",), time="time"):
        database.write(part)

    ended = connected.run("backfill", "--connection", "home")
    status = connected.run("status")

    assert ended.code == status.code == 1
    assert re.search(
        r"^elvia/home: REFUSED \d+ lines, the first with: .*type conflict.*You must act", ended.out, re.MULTILINE
    )
    assert "DIFFERS from the store" in ended.out
    refused = re.search(r"InfluxDB REFUSED (\d+) lines", status.out)
    assert refused is not None
    readings = re.match(r"\d+", connected.run("export").err)
    assert readings is not None
    assert points(database) == int(readings[0]) - int(refused[1])


def test_a_missing_database_is_named(connected: Installation, influx_settings: InfluxSettings) -> None:
    """Where the database is not there, `load` ends with 1 and names the command that makes it."""
    connected.load_into(influx_settings)
    connected.run("backfill", *LATELY)

    ended = connected.run("load")

    assert ended.code == 1
    assert "FAILED: InfluxDB has no database or bucket" in ended.out
    assert "wattline doctor --create" in ended.out


def test_a_server_that_cannot_be_read_back_is_told(connected: Installation, victoria_metrics: str) -> None:
    """VictoriaMetrics takes every line; that nothing was compared is said, and is no failure."""
    connected.run("backfill", *LATELY)
    connected.give(INFLUXDB__URL=victoria_metrics, INFLUXDB__ORG="o", INFLUXDB__BUCKET="b", INFLUXDB__TOKEN="t")

    ended = connected.run("load")

    assert ended.code == 0
    assert "cannot be read back, so nothing was compared" in ended.out
    assert "equal to the store" not in ended.out
