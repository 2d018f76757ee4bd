"""The operator's calendar: both clock changes, and the turn of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from time_machine import Traveller

from schemas.time import DAY, Window, day_window, utc_now
from tests.contract.bench import Bench, within

SECONDS = {"PT15M": 15 * 60, "PT1H": 60 * 60}


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2025, 10, 26), 25)])
def test_a_clock_change_is_whole(bench: Bench, clock: Traveller, day: date, hours: int) -> None:
    """The day has 23 or 25 hours of each register, each of its own instant, and none is missing."""
    clock.move_to(datetime(day.year, day.month, day.day, 12, 20, tzinfo=UTC) + 4 * DAY)
    bench.admit("home", days=10)

    assert set(bench.home.backfill().causes("home")) == {None}

    bench.assert_whole("home")
    assert bench.missing("home") == 0
    of_the_day = bench.stored("home").filter(within(day_window(day, bench.source.zone)))
    counts = of_the_day.group_by("metering_point", "register", "resolution").agg(pl.col("start").n_unique())
    assert counts.height == 2
    for _, _, resolution, count in counts.iter_rows():
        assert count == hours * 60 * 60 / SECONDS[resolution]
