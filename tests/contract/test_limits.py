"""The operator's limits, counted by what the operator saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.plans import Absence
from schemas.time import DAY, HOUR, Window, utc_now
from tests.support.home import NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from time_machine import Traveller

    from tests.contract.bench import Bench


@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
def test_every_call_keeps_its_span_and_the_history(bench: Bench, clock: Traveller, *, named: bool) -> None:
    """Backfill, daily sync, deep re-read and `--refetch` ask for no longer, older or newer time than there may be."""
    bench.admit("home", days=1200, named=named)
    # A contract of years, with values of the last weeks alone.
    for point in bench.operator.points("home"):
        bench.world.absences.append(Absence(metering_point=point, window=Window(NOW - 1300 * DAY, NOW - 20 * DAY)))

    for days, run in ((0, bench.home.backfill), (1, bench.home.sync), (30, bench.home.sync)):
        clock.shift(days * DAY)
        assert set(run().causes("home")) == {None}
        calls = bench.home.calls()
        assert calls
        assert {call.status for call in calls} == {200}
        assert [call for call in calls if not bench.operator.allows(call)] == []
        newest = bench.source.published_until(utc_now())
        assert max(call.window.end for call in calls if call.window) == newest
    bench.home.backfill(refetch=True)
    assert all(bench.operator.allows(call) for call in bench.home.calls())
    bench.assert_whole("home")


def test_a_call_names_as_many_metering_points_as_it_may(bench: Bench) -> None:
    """Five metering points are asked for two at a time, or one where that is the source's own limit."""
    bench.admit("home", points=5, named=True)
    bench.home.set("sync__points_per_call", 2)

    assert set(bench.home.backfill().causes("home")) == {None}

    most = min(2, bench.source.points_per_call or 2)
    answered = [call for call in bench.home.calls() if call.status == 200]
    assert max(len(call.metering_points) for call in answered) == most
    bench.assert_whole("home")


def test_the_pace_is_kept(bench: Bench, pass_time: Callable[[timedelta], None]) -> None:
    """No period of the operator's has more calls than it may, and what had to wait comes later, without a command."""
    bench.admit("home")
    pace = bench.operator.paced("home")
    bench.configure("home", pace.keys)
    runs = bench.home.backfill()
    for _ in range(10):
        if (not_before := bench.home.status("home")[0].not_before) is None:
            break
        pass_time(not_before - utc_now())
        runs = bench.home.sync()

    assert runs.causes("home")[-1] is None
    bench.assert_whole("home")
    calls = bench.home.calls()
    assert len(calls) > pace.calls
    assert 429 not in {call.status for call in calls}
    gaps = [later.at - call.at for call, later in zip(calls, calls[pace.calls :], strict=False)]
    assert min(gaps) >= pace.period


@pytest.mark.parametrize("as_date", [False, True], ids=["in seconds", "as a date"])
def test_an_announced_wait_is_kept(bench: Bench, clock: Traveller, *, as_date: bool) -> None:
    """After 429 for hours the connection rests until then, whatever is commanded, then completes; others go on."""
    bench.admit("home", "neighbour")
    until = NOW + 3 * HOUR
    wait: int | datetime = until if as_date else 3 * 60 * 60
    token = bench.operator.secret("home")
    bench.world.faults.add(Fault(kind=FaultKind.STATUS, status=429, retry_after=wait, token=token, first=2, times=1))

    runs = bench.home.backfill()

    assert set(runs.causes("home")) == {"try_later"}
    assert set(runs.causes("neighbour")) == {None}
    bench.assert_whole("neighbour")
    assert [call.status for call in bench.home.calls() if call.token == token] == [200, 429]
    assert bench.home.status("home")[0].not_before == until

    clock.move_to(until - HOUR / 60)
    bench.home.sync()
    bench.home.backfill(refetch=True)
    assert [call for call in bench.home.calls() if call.token == token] == []

    clock.move_to(until)
    assert set(bench.home.sync().causes("home")) == {None}
    bench.assert_whole("home")
