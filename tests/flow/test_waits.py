"""Waits that the operator announces, and the hourly budget of a token."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest
import stamina

from sandbox.faults import Fault, FaultKind
from schemas.time import DAY, HOUR, utc_now
from tests.support.home import NOW, moved_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from time_machine import Traveller

    from sandbox.households import Household
    from tests.support.home import Home

BUDGET: Final = 20


@pytest.fixture
def pass_time(clock: Traveller, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let time pass for everybody: on the clock, and since the machine's start, by which calls are counted."""
    passed = timedelta()
    since_start = time.clock_gettime_ns

    def running(clock_id: int) -> int:
        return since_start(clock_id) + passed // timedelta(microseconds=1) * 1000

    def go_by(span: timedelta) -> None:
        nonlocal passed
        passed += span
        clock.shift(span)

    monkeypatch.setattr(time, "clock_gettime_ns", running)
    return go_by


def _is_whole(home: Home, household: Household) -> bool:
    mine = home.current().filter(connection=household.name)
    return mine.select("start", "quantity", "verified").equals(home.served(household))


@pytest.mark.parametrize("as_date", [False, True], ids=["in seconds", "as a date"])
def test_a_long_wait_ends_the_connection_until_then(storage: Home, clock: Traveller, *, as_date: bool) -> None:
    """After 429 with a wait of hours the connection rests until then, with no call before; the others go on."""
    mine, neighbour = moved_in(20), moved_in(20, "neighbour", 2)
    storage.admit(mine, neighbour)
    until = NOW + 3 * HOUR
    wait: int | datetime = until if as_date else 3 * 60 * 60
    storage.world.faults.add(
        Fault(kind=FaultKind.STATUS, status=429, retry_after=wait, token="sandbox-home", first=2, times=1)
    )

    runs = storage.backfill()

    assert runs.causes("home") == ["try_later"] * 4
    assert runs.causes("neighbour") == [None] * 4
    assert _is_whole(storage, neighbour)
    asked = [call for call in storage.calls() if call.token == "sandbox-home"]
    assert [call.status for call in asked] == [200, 429]
    not_before = storage.status("home")[0].not_before
    assert not_before is not None
    assert until <= not_before < until + timedelta(minutes=1)

    clock.move_to(not_before - timedelta(minutes=1))
    assert storage.sync().causes("home") == ["try_later"]
    assert storage.backfill(refetch=True).causes("home") == ["try_later"] * 4
    assert [call for call in storage.calls() if call.token == "sandbox-home"] == []

    clock.move_to(not_before + timedelta(seconds=1))
    assert set(storage.sync().causes("home")) == {None}
    assert _is_whole(storage, mine)
    assert storage.status("home")[0].not_before is None


def test_a_failure_outlasts_runs_without_a_call(storage: Home, clock: Traveller) -> None:
    """A run with nothing to ask learns nothing of an operator that failed; the next call that is answered does."""
    mine = moved_in(20)
    storage.admit(mine)
    storage.backfill()
    down = Fault(kind=FaultKind.STATUS, status=503, token="sandbox-home")
    storage.world.faults.add(down)
    assert set(storage.backfill(refetch=True).causes("home")) == {"try_later"}
    storage.calls()

    assert storage.sync().causes("home") == [None]
    assert (storage.calls(), storage.status("home")[0].cause) == ([], "try_later")

    storage.world.faults.clear()
    clock.shift(DAY)
    storage.sync()
    assert storage.status("home")[0].ok


def test_a_short_wait_is_waited(storage: Home) -> None:
    """After 429 with a wait of a second the same run asks again, not before that second is over, and goes on."""
    mine = moved_in(20)
    storage.admit(mine)
    storage.world.faults.add(Fault(kind=FaultKind.STATUS, status=429, retry_after=1, first=2, times=1))

    with stamina.set_testing(False):
        assert storage.backfill().causes("home") == [None] * 4

    refused, again = storage.calls()[1:3]
    assert (refused.status, again.status) == (429, 200)
    assert again.at - refused.at >= timedelta(seconds=1)
    assert _is_whole(storage, mine)


def test_the_hourly_budget_is_kept_and_resumed(storage: Home, pass_time: Callable[[timedelta], None]) -> None:
    """A backfill that needs more calls than an hour allows goes on hour by hour where it was, asking nothing twice."""
    mine = moved_in(400)
    storage.admit(mine)
    storage.connect("home", calls_per_hour=BUDGET)
    # An operator that would notice.
    storage.world.calls_per_hour = BUDGET

    runs = storage.backfill()
    made = storage.calls()
    assert len(made) == BUDGET
    assert set(runs.causes("home")) == {None, "try_later"}
    for _ in range(4):
        not_before = storage.status("home")[0].not_before
        if not_before is None:
            break
        assert storage.sync().causes("home") == ["try_later"]
        assert storage.calls() == []
        pass_time(not_before - utc_now() + timedelta(seconds=1))
        storage.sync()
        hour = storage.calls()
        assert 0 < len(hour) <= BUDGET
        made += hour

    assert storage.status("home")[0].ok
    assert _is_whole(storage, mine)
    assert {call.status for call in made} <= {200, 400}
    # The last thirty days are asked again as often as ever; and a refusal tells nothing until the newest day is
    # answered, which the end of a budget may cut off.
    asked = Counter((call.path, call.window, call.status) for call in made if call.window)
    once = {key: count for key, count in asked.items() if key[1].end < NOW - 30 * DAY}
    assert len(once) > BUDGET
    assert {key[2] for key, count in once.items() if count > 1} <= {400}
    assert max(once.values()) <= 2
    assert sum(once.values()) <= len(once) + 1
