"""The operator's calendar: both clock changes, and the turn of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import polars as pl
import pytest

from schemas.registers import RESOLUTIONS
from schemas.time import DAY, HOUR, day_window
from tests.contract.bench import within

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.contract.bench import Bench


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
        assert count * RESOLUTIONS[resolution] == hours * HOUR.seconds


def test_the_turn_of_the_year_asks_both_years(bench: Bench, clock: Traveller) -> None:
    """Installed in December, a sync of January asks the rest of the old year and the new one, without a gap."""
    december = datetime(2026, 12, 28, 12, 20, tzinfo=UTC)
    clock.move_to(december)
    bench.admit("home")
    bench.home.backfill()
    bench.home.calls()

    clock.move_to(december + 6 * DAY)
    runs = bench.home.sync()

    assert runs.causes("home") == [None, None]
    asked = [window for windows in bench.landed("home").values() for window in windows if window.end > december]
    assert {window.start.astimezone(bench.source.zone).year for window in asked} == {2026, 2027}
    assert all(call.status == 200 for call in bench.home.calls())
    bench.assert_whole("home")
    assert bench.missing("home") == 0
