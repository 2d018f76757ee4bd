"""What is derived from the readings, against a computation of its own: days, months, peaks, and how runs went."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from pipelines.peaks import differing_peaks
from sandbox.hours import OSLO
from sandbox.plans import Correction, hour_of
from schemas.time import DAY, HOUR, local_day, local_midnight
from tests.support.home import NOW, moved_in
from tests.support.three_years import series_of

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.support.home import Home

TAGS: Final = ("metering_point", "register")


@pytest.fixture
def readings(three_years: Home) -> pl.DataFrame:
    """What the operator serves of every series, with local days and months; settled as the rules say."""
    rows = pl.concat(
        three_years.served(household, register).with_columns(
            metering_point=pl.lit(household.metering_point),
            register=pl.lit(register),
            innlandet=pl.lit(household.innlandet),
        )
        for household, register in series_of(three_years.world)
    )
    # Five full days lie between the day of a reading and the one on which age settled it.
    by_age = pl.col("innlandet") & (pl.col("start") < local_midnight(local_day(NOW, OSLO) - 5 * DAY, OSLO))
    local = pl.col("start").dt.convert_time_zone(OSLO.key)
    return rows.with_columns(settled=pl.col("verified") | by_age, day=local.dt.truncate("1d"))


def _sums(readings: pl.DataFrame, every: str) -> pl.DataFrame:
    """Sum up by local day or month; hours that are not there up to midnight are missing."""
    # Of every series, the hours that there are from its first to the last midnight.
    until = local_midnight(local_day(NOW, OSLO), OSLO)
    series = readings.group_by(*TAGS).agg(first=pl.col("start").min())
    calendar = series.with_columns(start=pl.datetime_ranges("first", until, "1h", closed="left")).explode("start")
    hours = calendar.join(readings, on=(*TAGS, "start"), how="full", coalesce=True)
    time = pl.col("start").dt.convert_time_zone(OSLO.key).dt.truncate(every).dt.convert_time_zone("UTC")
    return (
        hours.group_by(*TAGS, time=time)
        .agg(
            energy_kwh=pl.col("quantity").sum(),
            expected=pl.len().cast(pl.Int64),
            present=pl.col("quantity").count().cast(pl.Int64),
            settled=pl.col("settled").sum().cast(pl.Int64),
            missing=pl.col("quantity").null_count().cast(pl.Int64),
        )
        .sort(*TAGS, "time")
    )


@pytest.mark.parametrize(("measurement", "every"), [("local_day", "1d"), ("local_month", "1mo")])
def test_days_and_months(three_years: Home, readings: pl.DataFrame, measurement: str, every: str) -> None:
    """Each local day and month has the sum, the expected, present, settled and missing hours of each register."""
    wanted = _sums(readings, every)

    found = three_years.points(measurement).sort(*TAGS, "time").select(wanted.columns)

    counts = ("expected", "present", "settled", "missing")
    assert found.select(*TAGS, "time", *counts).equals(wanted.select(*TAGS, "time", *counts))
    assert found["missing"].sum() > 0
    assert (found["energy_kwh"] - wanted["energy_kwh"]).abs().max() < 1e-8  # type: ignore[operator]


def test_the_highest_hours_of_a_month(three_years: Home, readings: pl.DataFrame) -> None:
    """Each month has its three highest hours on three days, rank 1 the highest, with hour and state."""
    highest = (
        readings.filter(pl.col("register") == "consumption")
        .sort("quantity", "start", descending=[True, False])
        .unique([*TAGS, "day"], keep="first", maintain_order=True)
        .with_columns(time=pl.col("day").dt.truncate("1mo").dt.convert_time_zone("UTC"))
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over(*TAGS, "time"))
        .filter(pl.col("rank") <= 3)
        .select(
            *TAGS,
            "time",
            pl.col("rank").cast(pl.String),
            "verified",
            "settled",
            energy_kwh="quantity",
            hour_start=pl.col("start").dt.epoch("s"),
        )
    )
    # The oldest month is served from its middle on, and what the operator computes of it, it computes of all of it.
    highest = highest.filter(pl.col("time") > datetime(2023, 6, 30, tzinfo=UTC)).sort(*TAGS, "time", "rank")

    found = three_years.points("monthly_max_hour").sort(*TAGS, "time", "rank").select(highest.columns)

    assert found.filter(pl.col("time") == found["time"].max())["rank"].n_unique() == 3
    # Two hours of equal height may change places.
    assert found.drop("hour_start").equals(highest.drop("hour_start"))
    assert (found["hour_start"] == highest["hour_start"]).mean() > 0.99  # type: ignore[operator]


def test_the_official_capacity_basis_is_ours(three_years: Home, clock: Traveller) -> None:
    """The mean of our three highest hours is the operator's in every month of which no hour is missing."""
    clock.move_to(NOW)
    basis = three_years.points("capacity_basis").sort("metering_point", "time")

    assert set(basis["register"]) == {"consumption"}
    complete = basis.filter(pl.col("missing_hours") == 0, pl.col("official_kwh").is_not_null())
    assert complete.height > 100
    assert complete["difference_kwh"].abs().max() == 0
    assert (complete["official_kwh"] - complete["computed_kwh"]).abs().max() < 1e-9  # type: ignore[operator]
    assert set(complete["ranks"]) == {3}
    running = basis.filter(pl.col("time") == basis["time"].max())
    assert running["settled"].to_list() == [False] * 4
    over = basis.filter(pl.col("time") < running["time"].min(), pl.col("ranks") > 0)
    assert over["settled"].all()
    assert differing_peaks(three_years.flow()) == []


def test_peaks_that_are_not_ours_are_told(storage: Home, clock: Traveller) -> None:
    """A finished month of which the operator names other peaks than we have is named by the check, with both."""
    storage.admit(moved_in(80))
    storage.backfill()
    # The operator corrects an hour of a month that is over, and until the deep re-read only its peaks are looked at.
    hour = local_midnight(local_day(NOW, OSLO) - 31 * DAY, OSLO) + 18 * HOUR
    storage.world.corrections.append(
        Correction(metering_point=moved_in(1).metering_point, window=hour_of(hour), shows=NOW, quantity=40.0)
    )
    assert differing_peaks(storage.flow()) == []

    clock.shift(DAY)
    storage.sync()

    (told,) = differing_peaks(storage.flow())
    assert told.startswith("home, 2026-05: official ")


def test_each_run_leaves_a_point(home: Home, clock: Traveller) -> None:
    """`sync_run` has a point for each run and connection: what it did, why it failed, how old the data is."""
    home.admit(moved_in(20), moved_in(20, "plus", 2, produces=True))
    home.world.tokens["sandbox-plus"].deleted = True
    home.backfill()
    clock.move_to(NOW + DAY)
    runs = home.sync()

    points = home.points("sync_run").sort("time", "connection")
    assert {"source", "connection"} <= set(points.columns)
    assert "metering_point" not in points.columns
    last = points.filter(pl.col("connection") == "home").row(-1, named=True)
    assert last["time"] == NOW + DAY
    assert last["ok"] is True
    for what in ("calls", "new", "corrected", "confirmed"):
        assert last[what] == runs.sum("home", what)
    assert (last["quarantined"], last["refused"], last["cause"]) == (0, 0, None)
    assert HOUR.total_seconds() < last["lag_s"] < 3 * HOUR.total_seconds()
    failed = points.filter(pl.col("connection") == "plus")
    assert set(failed["ok"]) == {False}
    assert set(failed["cause"]) == {"renew_credential"}
    assert failed["lag_s"].null_count() == failed.height
