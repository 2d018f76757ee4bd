"""Three years of four households, backfilled by the command's own launcher: InfluxDB holds what Elvia served."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from pipelines import launch
from pipelines.settings import load
from sandbox.hours import OSLO
from schemas.time import HOUR
from tests.support.home import NOW
from tests.support.three_years import series_of

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.support.home import Home

CLOCK_CHANGES: Final = {
    date(2023, 10, 29): 25,
    date(2024, 3, 31): 23,
    date(2024, 10, 27): 25,
    date(2025, 3, 30): 23,
    date(2025, 10, 26): 25,
    date(2026, 3, 29): 23,
}
SERIES: Final = ("metering_point", "register", "time")


def test_influxdb_holds_exactly_the_hours_that_were_served(three_years: Home) -> None:
    """After a backfill each served hour is in InfluxDB once, with its value and flag, and nothing else is."""
    served = pl.concat(
        three_years.served(household, register).select(
            metering_point=pl.lit(household.metering_point),
            register=pl.lit(register),
            time="start",
            energy_kwh="quantity",
            verified="verified",
        )
        for household, register in series_of(three_years.world)
    ).sort(SERIES)
    found = three_years.points().sort(SERIES)

    assert found.height == found.n_unique(SERIES) == served.height > 90_000
    assert found.select(served.columns).equals(served)
    assert found["source"].unique().to_list() == ["elvia"]
    assert found["revision"].unique().to_list() == [0]


def test_nothing_is_missing_up_to_the_last_published_hour(three_years: Home) -> None:
    """Each series ends with the newest hour that is published, an hour or two before the backfill."""
    newest = three_years.points().group_by("metering_point", "register").agg(pl.col("time").max())

    assert newest.height == 5
    assert newest["time"].min() >= NOW - 3 * HOUR  # type: ignore[operator]
    assert newest["time"].max() < NOW - HOUR  # type: ignore[operator]


@pytest.mark.parametrize("day", CLOCK_CHANGES)
def test_clock_changes_are_whole(three_years: Home, day: date) -> None:
    """On the days of a clock change there are 23 or 25 hours of each register, at as many instants."""
    local_day = pl.col("time").dt.convert_time_zone(OSLO.key).dt.date()
    hours = three_years.points().filter(local_day == day)
    counts = hours.group_by("metering_point", "register").agg(pl.len(), pl.col("time").n_unique().alias("instants"))

    # The household whose contract began 14 months ago has seen two of the six.
    assert counts.height == (5 if day > date(2025, 4, 1) else 4)
    assert set(counts["len"]) == set(counts["instants"]) == {CLOCK_CHANGES[day]}


def test_the_plus_customer_has_both_registers(three_years: Home) -> None:
    """Consumption and production of one metering point are two series with the same hours."""
    plus = next(each for each in three_years.world.households.values() if each.produces)
    hours = three_years.points().filter(pl.col("metering_point") == plus.metering_point)
    by_register = {register: rows for (register,), rows in hours.partition_by("register", as_dict=True).items()}

    assert set(by_register) == {"consumption", "production"}
    assert by_register["consumption"]["time"].sort().equals(by_register["production"]["time"].sort())
    noon = by_register["production"].filter(pl.col("time").dt.hour() == 11)
    assert noon["energy_kwh"].mean() > 0.3  # type: ignore[operator]


def test_a_second_backfill_changes_nothing(three_years: Home, clock: Traveller) -> None:
    """A backfill right after another makes no call, sends no line and leaves every file and point as it was."""
    clock.move_to(NOW + timedelta(minutes=5))
    files, contents = three_years.files("store", "raw", "quarantine"), three_years.contents()
    three_years.calls()

    settings = load(three_years.environment, three_years.folder)
    done = list(
        launch.backfill(settings, connections=None, first=None, last=None, refetch=False, progress=lambda _: None)
    )

    assert [run.year for run in done] == [2026, 2025, 2024, 2023]
    assert three_years.calls() == []
    assert all(not load.loaded.sent for run in done for load in run.run.loads if load.loaded is not None)
    assert three_years.files("store", "raw", "quarantine") == files
    assert three_years.contents() == contents
