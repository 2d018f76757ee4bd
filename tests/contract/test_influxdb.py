"""A real InfluxDB after each step: exactly what was served, and nothing written where nothing has changed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import polars as pl
from polars.testing import assert_frame_equal

from pipelines.load.projection import READINGS
from sandbox.plans import Absence, Correction, hour_of
from schemas.registers import REGISTERS
from schemas.time import DAY, HOUR, day_window, local_midnight
from tests.contract.bench import within

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.contract.bench import Bench

CLOCKS_GO_BACK: Final = date(2025, 10, 26)
NOW: Final = datetime(2025, 10, 30, 13, 20, tzinfo=UTC)


def _points(bench: Bench) -> pl.DataFrame:
    """Return every reading in the database, in the columns of the store."""
    found = [
        rows.select(
            "metering_point",
            "register",
            start="time",
            resolution=pl.lit(resolution),
            quantity=REGISTERS[register].field,
            settled="settled",
            revision="revision",
        )
        for resolution, measurement in READINGS.items()
        if not (points := bench.home.points(measurement)).is_empty()
        for (register,), rows in points.partition_by("register", as_dict=True).items()
    ]
    return pl.concat(found).sort("metering_point", "register", "start")


def _assert_equal(bench: Bench) -> None:
    """Hold the database to the store, and both to what is served; hours that are made of quarters aside."""
    bench.assert_whole("home")
    stored, points = bench.stored("home"), _points(bench)
    native = points.filter(pl.col("resolution").is_in(stored["resolution"].unique().to_list()))
    assert_frame_equal(native, stored.select(native.columns), check_exact=True)


def test_influxdb_holds_what_was_served(loaded: Bench, clock: Traveller) -> None:
    """After backfill, late hours, corrections and a second full read it holds each value once, the last known."""
    clock.move_to(NOW)
    loaded.admit("home", days=12)
    (point,) = loaded.operator.points("home")
    change = day_window(CLOCKS_GO_BACK, loaded.source.zone)
    twice = local_midnight(CLOCKS_GO_BACK, loaded.source.zone) + 2 * HOUR
    correction = Correction(
        metering_point=point, window=loaded.days_ago(5, after=11 * HOUR), shows=NOW + HOUR, factor=2
    )
    loaded.world.absences.append(Absence(metering_point=point, window=hour_of(twice), until=NOW + HOUR))
    loaded.world.corrections.append(correction)

    assert loaded.home.backfill().load_errors == []
    _assert_equal(loaded)

    clock.shift(DAY)
    assert loaded.home.sync().load_errors == []
    _assert_equal(loaded)
    corrected = _points(loaded).filter(pl.col("revision") > 0)
    assert not corrected.is_empty()
    assert corrected.filter(~within(correction.window)).is_empty()
    (of_the_day,) = (
        loaded.home.points("local_day")
        .filter(pl.col("time") == change.start, pl.col("register") == "consumption")
        .select("expected", "present", "missing")
        .rows()
    )
    intervals = loaded.stored("home").filter(within(change), pl.col("register") == "consumption").height
    assert of_the_day == (intervals, intervals, 0)
    assert intervals % 25 == 0

    again = loaded.home.backfill(refetch=True)
    assert again.sum("home", "calls") > 0
    assert again.wrote_nothing
    _assert_equal(loaded)
