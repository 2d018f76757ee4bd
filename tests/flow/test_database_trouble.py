"""A database that is down, new, emptied, tampered with, or set in its ways: the next run makes it whole again."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from connectors.influxdb.settings import InfluxSettings
from pipelines.assets import failures_of
from sandbox.hours import OSLO
from sandbox.influxd import running_influxd
from schemas.time import DAY, local_day, local_midnight, month_window
from tests.support.home import NOW, Home, moved_in
from tests.support.real_influx2 import NOT_THERE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from time_machine import Traveller

    from sandbox.households import Household
    from sandbox.influxd import Influxd
    from sandbox.serve import Sandbox
    from tests.support.influx import InfluxServer

MAY = month_window(date(2026, 5, 1), OSLO)


@pytest.fixture
def own_influxd(influxd_program: Path, tmp_path: Path) -> Iterator[Influxd]:
    """A server that may be stopped."""
    with running_influxd(influxd_program, tmp_path / "influxd") as server:
        yield server


def _equals_the_store(home: Home) -> bool:
    """Tell whether the readings in the database are exactly the store's."""
    columns = ("metering_point", "register", "time", "energy_kwh", "settled", "verified", "revision")
    stored = home.current().rename({"start": "time", "quantity": "energy_kwh"}).select(columns).sort(columns[:3])
    return home.points().select(columns).sort(columns[:3]).equals(stored)


def _is_whole(home: Home, household: Household) -> bool:
    mine = home.current().filter(connection=household.name)
    return mine.select("start", "quantity", "verified").equals(home.served(household))


def test_a_database_that_is_down_is_filled_later(
    own_influxd: Influxd, sandbox: Sandbox, tmp_path: Path, clock: Traveller
) -> None:
    """While InfluxDB is down the store is filled all the same and the run says so; the next run loads everything."""
    with Home(sandbox, tmp_path, InfluxSettings(url=own_influxd.url, database="energy")) as home:
        mine = moved_in(50)
        home.admit(mine)
        home.database.create()
        own_influxd.kill()

        runs = home.backfill()

        assert _is_whole(home, mine)
        assert runs.causes("home") == [None] * 4
        assert len(runs.load_errors) == 4
        assert all("InfluxDB" in words and "no whole answer" in words for words in runs.load_errors)
        (line,) = failures_of(runs.runs[0])
        assert line.startswith(f"{own_influxd.url} energy: InfluxDB ")
        assert "You must act: see that the server runs" in line

        own_influxd.start()
        clock.shift(DAY)
        runs = home.sync()
        assert runs.load_errors == []
        assert _equals_the_store(home)
        assert _is_whole(home, mine)


@pytest.mark.parametrize("what", ["emptied", "other"])
def test_a_new_database_is_filled_whole(home: Home, influx_server: InfluxServer, clock: Traveller, what: str) -> None:
    """A database that was dropped and made again, or another one in the settings, gets everything with the next run."""
    mine = moved_in(50)
    home.admit(mine)
    home.backfill()
    before = home.contents(without=["sync_run"])
    if what == "emptied":
        influx_server.drop(home.database_name)
    else:
        home.close()
        other = f"{home.database_name}_other"
        influx_server.drop(other)
        home.use(influx_server.settings(other))
    assert [error for error in home.sync().load_errors if "no database" in error or "not found" in error]
    home.database.create()

    clock.shift(DAY / 24 / 60)
    runs = home.sync()

    assert runs.load_errors == []
    assert home.contents(without=["sync_run"]) == before
    assert _equals_the_store(home)


@pytest.mark.parametrize("damage", ["deleted", "changed"])
def test_a_damaged_month_is_found_and_mended(home: Home, clock: Traveller, damage: str) -> None:
    """A month that somebody deleted or changed in InfluxDB is found by the comparison when it is due, and made good."""
    mine = moved_in(50)
    home.admit(mine)
    home.backfill()
    months = ("hourly_reading", "local_day", "local_month", "monthly_max_hour", "capacity_basis")
    before = [home.points(name).filter(pl.col("time") < MAY.end) for name in months]
    if damage == "deleted":
        for name in months:
            home.database.delete(name, tags={}, start=MAY.start, end=MAY.end)
    else:
        hour = home.points().filter(pl.col("time") < MAY.end).row(5, named=True)
        tags = f"source=elvia,metering_point={mine.metering_point},register=consumption"
        line = f"hourly_reading,{tags} energy_kwh=99 {int(hour['time'].timestamp())}"
        home.scribble(line)
    assert not _equals_the_store(home)

    clock.shift(29 * DAY)
    home.sync()
    assert not _equals_the_store(home)
    clock.shift(2 * DAY)
    home.sync()

    assert _equals_the_store(home)
    for name, points in zip(months, before, strict=True):
        assert home.points(name).filter(pl.col("time") < MAY.end).equals(points)
    assert home.status("home")[0].differences == ()


def test_what_cannot_be_mended_is_told(home: Home, clock: Traveller) -> None:
    """Points that somebody else wrote into our series make the month differ, and the run and `status` say which."""
    mine = moved_in(50)
    home.admit(mine)
    home.backfill()
    tags = f"source=elvia,metering_point={mine.metering_point},register=consumption"
    stranger = MAY.start + 12.5 * (DAY / 24)
    home.scribble(f"hourly_reading,{tags} energy_kwh=1 {int(stranger.timestamp())}")

    clock.shift(31 * DAY)
    runs = home.sync()

    (told,) = failures_of(runs.runs[0])
    assert "2026-05 differs from the store: consumption in hourly_reading: " in told
    assert home.status("home")[0].differences[0].startswith("2026-05: consumption in hourly_reading: ")

    # As long as it differs it is looked at in every run.
    home.database.delete("hourly_reading", tags={}, start=stranger, end=stranger + DAY / 24 / 4)
    home.sync()
    assert home.status("home")[0].differences == ()
    assert _equals_the_store(home)


@NOT_THERE
def test_refused_lines_are_isolated_counted_and_named(home: Home, clock: Traveller) -> None:
    """Where a field has another type the lines are set aside one by one; once the cause is gone they are loaded."""
    mine, neighbour = moved_in(50), moved_in(50, "neighbour", 2)
    home.admit(mine, neighbour)
    home.scribble(f'local_month missing="none" {int(MAY.start.timestamp())}')

    runs = home.backfill()

    assert _equals_the_store(home)
    assert home.points("local_day").height == 2 * 51
    # April, May and June of each of them.
    for name in ("home", "neighbour"):
        standing = home.status(name)[0]
        assert (standing.ok, standing.refused_lines) == (True, 3)
    told = [line for line in failures_of(runs.runs[0]) if "were refused" in line]
    assert len(told) == 2
    assert all("field type conflict" in line and "local_month" in line for line in told)

    home.database.query("DROP MEASUREMENT local_month")
    clock.shift(DAY)
    home.sync()
    assert home.status("home")[0].refused_lines == 0
    assert home.points("local_month").height == 6
    assert home.points("local_month")["present"].sum() == home.current().height


def test_a_refused_sync_run_is_told(home: Home) -> None:
    """A line that says how the run went is refused loudly, like any other."""
    home.admit(moved_in(20))
    home.scribble(f'sync_run calls="none" {int(NOW.timestamp())}')

    runs = home.backfill()

    assert [line for line in failures_of(runs.runs[0]) if "were refused" in line and "sync_run" in line]
    assert _equals_the_store(home)


@NOT_THERE
def test_a_type_conflict_of_all_readings_is_told_at_once(home: Home, clock: Traveller) -> None:
    """Where all lines of a measurement are refused the load ends with the server's words, and the next one heals it."""
    mine = moved_in(20)
    home.admit(mine)
    start = local_midnight(local_day(NOW, OSLO) - 10 * DAY, OSLO)
    home.scribble(f'hourly_reading settled="yes" {int(start.timestamp())}')

    runs = home.backfill()

    assert _is_whole(home, mine)
    assert len(runs.load_errors) == 4
    assert "field type conflict" in runs.load_errors[0]
    assert "settled" in runs.load_errors[0]

    home.database.query("DROP MEASUREMENT hourly_reading")
    clock.shift(DAY)
    assert home.sync().load_errors == []
    assert _equals_the_store(home)


def test_customers_are_kept_apart(home: Home, influx_server: InfluxServer, clock: Traveller) -> None:
    """Connections with a database of their own are loaded there and nowhere else."""
    mine, customer = moved_in(20), moved_in(20, "customer", 2)
    home.admit(mine, customer)
    home.connect("customer", database="customer_apart")
    influx_server.drop("customer_apart")
    with Home(home.sandbox, home.folder, influx_server.settings("customer_apart")) as apart:
        apart.database.create()

        home.backfill()
        clock.shift(DAY)
        home.sync()

        for installation, household in ((home, mine), (apart, customer)):
            points = installation.points()
            assert points["metering_point"].unique().to_list() == [household.metering_point]
            assert points.height == home.served(household).height
            assert installation.points("sync_run")["connection"].unique().to_list() == [household.name]
        influx_server.drop("customer_apart")
