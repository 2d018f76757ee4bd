"""Refusals that say "no contract then", and the same refusals that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from connectors.base import Feed
from connectors.elvia.source import ELVIA
from sandbox.faults import Fault, FaultKind
from sandbox.hours import OSLO
from schemas.time import DAY, Window, local_day, local_midnight
from tests.support.home import NOW, moved_in

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.support.home import Home

REFUSALS: Final = (400, 403, 404)


@pytest.mark.parametrize("status", REFUSALS)
def test_years_before_the_contract_are_asked_once(storage: Home, clock: Traveller, status: int) -> None:
    """A year that is refused because it lies before the contract is no error, is not asked again, and is no hole."""
    mine = moved_in(20)
    storage.admit(mine)
    storage.world.outside_contract_status = status

    assert storage.backfill().causes("home") == [None] * 4
    before = local_midnight(local_day(NOW, OSLO) - 20 * DAY, OSLO)
    assert status in {call.status for call in storage.calls() if call.window and call.window.end <= before}

    for _ in range(3):
        clock.shift(DAY)
        assert storage.backfill().causes("home") == [None] * 4
        assert {call.status for call in storage.calls()} == {200}
    assert storage.current().select("start", "quantity", "verified").equals(storage.served(mine))
    standing, (series,) = storage.status("home")
    assert (standing.ok, series.missing) == (True, 0)


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refused_newest_day_is_a_refused_credential(storage: Home, clock: Traveller, status: int) -> None:
    """Where the newest day is refused, too, nothing is concluded about the past, and it is the credential's fault."""
    mine = moved_in(20)
    storage.admit(mine)
    storage.world.faults.add(Fault(kind=FaultKind.STATUS, status=status, token="sandbox-home"))

    runs = storage.backfill()

    assert set(runs.causes("home")) == {"renew_credential"}
    assert f"status {status}" in runs.words("home")[0]
    assert [call.status for call in storage.calls()] == [status]
    assert storage.current().is_empty()

    # The operator has mended it: nothing was taken for "no data".
    storage.world.faults.clear()
    clock.shift(DAY)
    storage.backfill()
    assert storage.current().select("start", "quantity", "verified").equals(storage.served(mine))


def test_a_token_that_turns_useless_in_the_middle(storage: Home, clock: Traveller) -> None:
    """A token refused for all but its oldest windows, after good days, is told as refused, and costs no reading."""
    mine = moved_in(20)
    storage.admit(mine)
    storage.backfill()
    before = storage.current()
    storage.world.faults.add(Fault(kind=FaultKind.STATUS, status=403, token="sandbox-home"))
    storage.calls()

    clock.shift(DAY)
    runs = storage.sync()

    assert runs.causes("home") == ["renew_credential"]
    assert {call.status for call in storage.calls()} == {403}
    assert storage.current().equals(before)


def test_one_of_two_contracts_began_later(storage: Home) -> None:
    """Of two metering points under one token, each comes from the beginning of its own contract on."""
    mine, cabin = moved_in(20), moved_in(500, "cabin", 2)
    storage.world.admit("sandbox-home", [mine, cabin])
    points = f'["{mine.metering_point}", "{cabin.metering_point}"]'
    storage.connect("home", metering_points=points)

    assert storage.backfill().causes("home") == [None] * 4

    for household in (mine, cabin):
        rows = storage.current().filter(pl.col("metering_point") == household.metering_point)
        assert rows.select("start", "quantity", "verified").equals(storage.served(household))
    storage.calls()
    storage.backfill()
    assert storage.calls() == []


def test_the_operators_own_idea_of_three_years(storage: Home) -> None:
    """Where the first hours of the three years are refused, history begins at the next local midnight instead."""
    mine = moved_in(1094)
    storage.admit(mine)
    oldest = ELVIA.history_start(Feed.READINGS, NOW)
    first_day = local_midnight(local_day(oldest, OSLO) + DAY, OSLO)
    storage.world.faults.add(
        Fault(kind=FaultKind.STATUS, status=400, endpoint="metervalues", window=Window(oldest, first_day))
    )

    assert storage.backfill().causes("home") == [None] * 4

    served = storage.served(mine).filter(pl.col("start") >= first_day)
    assert storage.current().select("start", "quantity", "verified").equals(served)
    storage.calls()
    storage.backfill()
    assert storage.calls() == []
