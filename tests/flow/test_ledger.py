"""Which windows are asked on forty mornings, from one December into the next January: so many and no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest

from connectors.base import Feed
from connectors.elvia.source import ELVIA
from sandbox.hours import OSLO
from schemas.time import DAY, Window, floor_hour, utc_now, year_window
from tests.support.home import moved_in

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.support.home import Home

FIRST: Final = datetime(2026, 12, 5, 5, 30, tzinfo=UTC)
"""06:30 in Oslo, when the schedule runs."""
DAYS: Final = 40
TAIL: Final = 30 * DAY


def _asked(home: Home, endpoint: str) -> list[Window]:
    """Return the windows of the calls made since the last time; maxhours' reach back to a month's beginning."""
    return [call.window for call in home.world.calls if call.path.endswith(endpoint) and call.window is not None]


def _tail() -> list[Window]:
    """Return the last thirty days, cut at New Year, the newest year first."""
    newest = floor_hour(utc_now())
    tail = Window(newest - TAIL, newest)
    return [part for year in (2027, 2026) if (part := tail.clip(year_window(year, OSLO)))]


def _whole_years() -> list[Window]:
    """Return all that is served, cut at New Years."""
    served = Window(ELVIA.history_start(Feed.READINGS, utc_now()), floor_hour(utc_now()))
    return [part for year in range(2027, 2022, -1) if (part := served.clip(year_window(year, OSLO)))]


def test_forty_mornings(storage: Home, clock: Traveller) -> None:
    """Each day asks for the last 30 days and the running peaks, one day for all there is; no call is made beyond."""
    clock.move_to(FIRST)
    household = moved_in(60)
    storage.admit(household)
    storage.backfill()
    storage.calls()

    deep: list[int] = []
    for day in range(1, DAYS + 1):
        clock.move_to(FIRST + day * DAY)
        storage.sync()
        readings, peaks = _asked(storage, "/metervalues"), _asked(storage, "/maxhours")
        calls = storage.calls()
        if readings != _tail():
            deep.append(day)
            assert set(_whole_years()[:2]) <= set(readings)
            assert all(window in readings for window in _whole_years() if window.end < FIRST)
            continue
        # One call brings the running month and the one before, also over New Year.
        assert [window.end for window in peaks] == [floor_hour(utc_now())]
        assert len(calls) == len(readings) + len(peaks)
        assert {call.status for call in calls} == {200}

    # Spread over the last week of the thirty days, by the connection's name.
    (only,) = deep
    assert 23 <= only <= 30
    assert storage.current().select("start", "quantity", "verified").equals(storage.served(household))


def test_a_second_sync_of_the_day_asks_nothing(storage: Home, clock: Traveller) -> None:
    """Within the operator's pace a sync makes no call, and after it, with a new hour to ask for, one of each kind."""
    storage.admit(moved_in(60))
    storage.backfill()
    storage.calls()

    clock.shift(DAY / 24 / 2)
    storage.sync()
    assert storage.calls() == []

    clock.shift(DAY / 24)
    storage.sync()
    assert [call.path.rsplit("/")[-1] for call in storage.calls()] == ["metervalues", "maxhours"]


@pytest.mark.parametrize("refetch", [False, True])
def test_refetch_asks_for_everything_now(storage: Home, *, refetch: bool) -> None:
    """`--refetch` asks for every window again, changes nothing, and nothing else does so."""
    storage.admit(moved_in(60))
    storage.backfill()
    # The newest day by itself is asked for once, of a credential that is new.
    _, *first = ((call.path, call.window) for call in storage.calls())
    files = storage.files("store")

    runs = storage.backfill(refetch=refetch)

    again = {(call.path, call.window) for call in storage.calls()}
    assert again == (set(first) if refetch else set())
    assert (runs.sum("home", "new"), runs.sum("home", "corrected"), runs.sum("home", "confirmed")) == (0, 0, 0)
    assert storage.files("store") == files
