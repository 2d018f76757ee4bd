"""What lies in the future: never asked for, never believed, and no state of it stands in the way of the present."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from sandbox import clock as clocks
from sandbox.faults import Fault, FaultKind
from schemas.judge import IN_THE_FUTURE
from schemas.time import DAY, HOUR, utc_now
from tests.support.home import NOW

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.contract.bench import Bench

AHEAD = 300 * DAY
"""How wrong the clock is: what is asked under it reaches into the past, too, and hides what came since."""


def test_rows_of_the_future_are_quarantined(bench: Bench, clock: Traveller) -> None:
    """Readings that nobody can have measured are set aside; once the time has come, the real ones are stored."""
    bench.admit("home")
    hours = bench.days_ago(5, after=3 * HOUR)
    bench.world.faults.add(Fault(kind=FaultKind.FORETOLD, window=hours))

    runs = bench.home.backfill()

    assert set(runs.quarantined("home")) == {IN_THE_FUTURE}
    rows = bench.home.flow().store.quarantine.open_rows("home")
    assert rows["start"].min() == hours.start + 7 * DAY
    bench.assert_whole("home")

    bench.world.faults.clear()
    clock.shift(4 * DAY)
    bench.home.sync()
    assert bench.home.status("home")[0].quarantined == {}
    bench.assert_whole("home")


@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
def test_a_clock_that_was_ahead_leaves_nothing_behind(bench: Bench, clock: Traveller, *, named: bool) -> None:
    """What was asked under a wrong clock brings nothing, and hides nothing once the clock is right."""
    bench.admit("home", named=named)
    bench.home.backfill()
    before = bench.stored("home")
    bench.world.now = clocks.fixed(NOW)
    clock.move_to(NOW + AHEAD)
    bench.home.backfill()
    columns = ["metering_point", "register", "start", "quantity", "revision"]
    assert bench.stored("home").select(columns).equals(before.select(columns))

    bench.world.now = utc_now
    clock.move_to(NOW + 3 * DAY)
    assert set(bench.home.sync().causes("home")) == {None}

    bench.assert_whole("home")
    assert bench.log("home").filter(pl.col("start") > utc_now()).is_empty()
    assert bench.home.status("home")[0].ok


@pytest.mark.parametrize("why", ["refused", "told to wait"])
def test_a_rest_that_began_in_the_future_is_over(bench: Bench, clock: Traveller, why: str) -> None:
    """A connection that was refused, or told to wait, under a clock that was ahead is asked again when it is right."""
    bench.admit("home")
    bench.home.backfill()
    bench.world.now = clocks.fixed(NOW)
    clock.move_to(NOW + AHEAD)
    status, wait = (401, None) if why == "refused" else (429, 7200)
    bench.world.faults.add(Fault(kind=FaultKind.STATUS, status=status, retry_after=wait))
    assert None not in bench.home.sync().causes("home")
    bench.world.faults.clear()

    bench.world.now = utc_now
    clock.move_to(NOW + DAY)
    assert set(bench.home.sync().causes("home")) == {None}

    bench.assert_whole("home")
    assert bench.home.status("home")[0].ok
