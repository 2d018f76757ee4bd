"""What users, clocks, disks and databases do between two runs, and what the next run makes of it."""

from __future__ import annotations

import errno
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from connectors.influxdb.database import connect
from connectors.influxdb.marker import read_marker, write_marker
from pipelines.store.log import Log
from sandbox.world import Token
from tests.support.home import NOW, moved_in

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.support.home import Home

DAY = timedelta(days=1)


def _sums(home: Home, measurement: str) -> tuple[int, float]:
    points = home.points(measurement)
    return int(points["present"].sum()), round(float(points["energy_kwh"].sum()), 6)


def test_a_renamed_connection_takes_its_metering_point_along(home: Home, clock: Traveller) -> None:
    """After a connection got another name, days and months in InfluxDB are those of all readings, told once."""
    home.admit(moved_in(90))
    home.backfill()
    hours = home.current()
    for key in [key for key in home.environment if "__HOME__" in key]:
        home.environment[key.replace("__HOME__", "__CABIN__")] = home.environment.pop(key)
    clock.move_to(NOW + DAY)
    # The part that is not asked again keeps the old name in the store.
    home.set("sync__deep_reread_days", 365)

    assert home.sync().causes("cabin")[0] is None

    hours = home.current()
    expected = (hours.height, round(float(hours["quantity"].sum()), 6))
    assert _sums(home, "local_day") == expected
    assert _sums(home, "local_month") == expected


def test_what_a_removed_customer_brought_goes_nowhere_else(home: Home, clock: Traveller) -> None:
    """A connection with a database of its own leaves the settings: nothing of it is sent to the shared one."""
    mine, theirs = moved_in(40), moved_in(40, "customer", 2)
    home.admit(mine, theirs)
    home.set("connections__customer__database", f"{home.database_name}_customer")
    influx = home.settings.influxdb_of("customer")
    assert influx is not None
    apart = connect(influx)
    apart.create()
    apart.close()
    home.backfill()
    for key in [key for key in home.environment if "__CUSTOMER__" in key]:
        del home.environment[key]
    clock.move_to(NOW + DAY)

    home.sync()

    assert home.points()["metering_point"].unique().to_list() == [mine.metering_point]
    assert home.points("local_day")["metering_point"].unique().to_list() == [mine.metering_point]


def test_a_clock_that_was_ahead_costs_nothing_that_came_later(home: Home, clock: Traveller) -> None:
    """After a run ten days ahead of time, runs under the right clock read what is published day by day."""
    mine = moved_in(40)
    home.admit(mine)
    home.backfill()
    home.world.now = lambda: NOW
    clock.move_to(NOW + 10 * DAY)
    home.sync()
    clock.move_to(NOW + 5 * DAY)
    home.world.now = lambda: NOW + 5 * DAY

    home.sync()

    assert home.current()["start"].sort().equals(home.served(mine)["start"])


def test_a_database_that_was_put_back_is_filled_whole(home: Home, clock: Traveller) -> None:
    """A database restored from before the last load holds what the store holds after the next run."""
    home.admit(moved_in(40))
    home.backfill()
    before = read_marker(home.database)
    assert before is not None
    clock.move_to(NOW + 3 * DAY)
    home.sync()
    told = home.contents(without=["sync_run"])
    # What a restore does: points and marker are those of three days ago.
    for measurement in ("hourly_reading", "local_day"):
        home.database.delete(measurement, tags={}, start=NOW)
    write_marker(home.database, before)

    assert home.load().loads[0].error is None

    assert home.contents(without=["sync_run"]) == told


def test_a_first_run_that_dies_at_the_merge_is_healed_by_the_next(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk in the middle of the first run leaves no connection that is never asked again."""
    mine = moved_in(40)
    home.admit(mine)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as broken:
        broken.setattr(Log, "merge", full)
        with pytest.raises(OSError, match="no space"):
            home.backfill()

    home.backfill()

    assert home.current().select("start", "quantity").equals(home.served(mine).select("start", "quantity"))


def test_a_token_that_covers_nothing_yet_is_asked_again(home: Home, clock: Traveller) -> None:
    """A token whose first answer names no metering point is read as soon as it covers one."""
    mine = moved_in(40)
    home.admit(mine)
    home.world.tokens["sandbox-home"] = Token(())
    assert home.backfill().causes("home")[0] == "renew_credential"
    home.world.tokens["sandbox-home"] = Token((mine.metering_point,))
    clock.move_to(NOW + 2 * DAY)

    home.sync()

    assert home.current()["start"].sort().equals(home.served(mine)["start"])


def test_a_dead_credential_is_told_of_once(home: Home, clock: Traveller) -> None:
    """Of a token that stays refused, only the first run speaks as of something new."""
    home.admit(moved_in(40))
    home.backfill()
    home.world.tokens["sandbox-home"].deleted = True
    known = []
    for days in range(1, 4):
        clock.move_to(NOW + days * DAY)
        (first, *_) = home.sync().runs
        known.append(first.outcomes["home"].known_before)

    assert known == [False, True, True]


def test_only_a_series_makes_a_metering_point_known(home: Home) -> None:
    """Readings of the store belong to metering points that brought a series."""
    mine = moved_in(40)
    home.admit(mine)
    home.backfill()

    known = home.flow().store.ledger.metering_points("home")

    assert set(known) == set(home.current().select(pl.col("metering_point").unique()).to_series())
