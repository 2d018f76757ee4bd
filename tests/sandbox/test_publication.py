"""When hours appear, when they are verified, which come late and which are corrected."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from sandbox import households, truth
from sandbox.hours import OSLO
from sandbox.plans import Correction, Unverified, late, removed
from sandbox.publication import Publication
from schemas.time import HOUR, Window, day_window, local_midnight, year_window
from tests.sandbox.asking import HOME, PLUS, instant, window

if TYPE_CHECKING:
    from sandbox.world import World

_MINUTE = timedelta(minutes=1)
_LATER = datetime(2026, 6, 17, 12, 20, tzinfo=UTC)


def _starts(
    world: World, hours: Window, now: datetime, register: str = "consumption", point: str = HOME
) -> list[datetime]:
    return truth.served(world, point, register, hours, now)["start"].to_list()


def _appearances(world: World, day: date) -> dict[datetime, datetime]:
    """Look every six minutes from a local day's start to noon of the next; return when each hour was first seen."""
    hours = day_window(day, OSLO)
    seen: dict[datetime, datetime] = {}
    now = hours.start
    while now < hours.end + 12 * HOUR:
        for start in _starts(world, hours, now):
            seen.setdefault(start, now)
        now += 6 * _MINUTE
    return seen


@pytest.mark.parametrize("day", [date(2026, 6, 10), date(2026, 3, 29), date(2025, 10, 26)])
def test_hours_appear_one_to_two_hours_after_their_start(world: World, day: date) -> None:
    """Each hour of a day appears 60 to 120 minutes after its start; the last two between midnight and 01:30."""
    seen = _appearances(world, day)
    hours = day_window(day, OSLO)
    assert len(seen) == hours.length // HOUR
    for start, appeared in seen.items():
        if start < hours.end - 2 * HOUR:
            assert HOUR <= appeared - start <= 2 * HOUR
        else:
            assert timedelta() <= appeared - hours.end <= timedelta(minutes=90)
    assert len({(appeared - start) for start, appeared in seen.items()}) > 5, "the delay should vary"


def test_delay_is_a_setting(world: World) -> None:
    """An operator that publishes at once has every full hour of the morning."""
    world.publication = Publication(earliest=HOUR, latest=HOUR)
    day = day_window(date(2026, 6, 10), OSLO)
    assert len(_starts(world, day, day.start + 10 * HOUR)) == 10


@pytest.mark.parametrize("day", [date(2026, 6, 10), date(2026, 3, 29), date(2025, 10, 26)])
def test_yesterday_is_verified_from_six(world: World, day: date) -> None:
    """Until 06:00 local time no hour of yesterday is verified, from then on all are, and none of today."""
    six = datetime.combine(day + timedelta(days=1), time(6), OSLO).astimezone(UTC)
    hours = Window(local_midnight(day, OSLO), six)
    before = truth.served(world, HOME, "consumption", hours, six - _MINUTE)
    after = truth.served(world, HOME, "consumption", hours, six)
    length = day_window(day, OSLO).length // HOUR
    assert before["verified"].sum() == 0
    assert after["verified"].sum() == length
    assert after["verified"][:length].all()
    assert after.height > length


def test_innlandet_is_never_verified(world: World) -> None:
    """In Innlandet no hour of three years is flagged, though the values are served like any other's."""
    point = households.innlandet().metering_point
    frame = truth.served(world, point, "consumption", year_window(2024, OSLO), _LATER)
    assert frame.height == 8784
    assert not frame["verified"].any()


def test_hours_held_unverified(world: World) -> None:
    """A plan holds two days unverified, and lets them go at its end."""
    days = window("2026-06-01T22:00", "2026-06-03T22:00")
    world.unverified.append(Unverified(metering_point=HOME, window=days, until=instant("2026-06-20T00:00:00+00:00")))
    asked = window("2026-05-31T22:00", "2026-06-04T22:00")
    assert truth.served(world, HOME, "consumption", asked, _LATER)["verified"].sum() == 48
    later = truth.served(world, HOME, "consumption", asked, instant("2026-06-20T00:00:00+00:00"))
    assert later["verified"].all()


def test_contract_clips(world: World) -> None:
    """Hours before a contract and after it are not served."""
    contract = window("2026-06-01T10:00", "2026-06-02T10:00")
    world.households[HOME] = replace(world.households[HOME], contract_start=contract.start, contract_end=contract.end)
    starts = _starts(world, window("2026-05-01T00:00", "2026-06-10T00:00"), _LATER)
    assert (starts[0], starts[-1], len(starts)) == (contract.start, contract.end - HOUR, 24)


def test_late_hours_fill_in(world: World) -> None:
    """Hours a week late are missing until then, while newer ones are there; then they are served verified."""
    hours = window("2026-06-05T08:00", "2026-06-05T11:00")
    world.absences.append(late(HOME, hours, timedelta(days=7)))
    around = window("2026-06-05T06:00", "2026-06-05T13:00")
    appears = hours.end + timedelta(days=7)
    assert [start.hour for start in _starts(world, around, appears - _MINUTE)] == [6, 7, 11, 12]
    filled = truth.served(world, HOME, "consumption", around, appears)
    assert filled.height == 7
    assert filled["verified"].all()
    assert len(_starts(world, around, appears - _MINUTE, point=PLUS)) == 7, "another household waits for nothing"


def test_removed_hours_go(world: World) -> None:
    """Hours that the operator stops to serve are there before, not after, and of the named register only."""
    hours = window("2026-06-05T08:00", "2026-06-05T11:00")
    gone = instant("2026-06-10T00:00:00+00:00")
    world.absences.append(removed(PLUS, hours, gone, "production"))
    assert len(_starts(world, hours, gone - _MINUTE, "production", PLUS)) == 3
    assert _starts(world, hours, gone, "production", PLUS) == []
    assert len(_starts(world, hours, gone, "consumption", PLUS)) == 3


def test_corrections_show_from_their_instant(world: World) -> None:
    """Corrections change the hour at their instants, one on the other, and nothing else."""
    hour = window("2026-06-05T08:00", "2026-06-05T09:00")
    around = window("2026-06-05T07:00", "2026-06-05T10:00")
    first, second = instant("2026-06-08T10:00:00+00:00"), instant("2026-06-09T10:00:00+00:00")
    # The later one is planned first: the instants decide, not the order.
    world.corrections += [
        Correction(metering_point=HOME, register="consumption", window=hour, shows=second, factor=2),
        Correction(metering_point=HOME, register="consumption", window=hour, shows=first, quantity=1.234),
    ]
    counted = truth.readings(HOME, "consumption", around)["quantity"].to_list()
    seen = [
        truth.served(world, HOME, "consumption", around, now)["quantity"].to_list()
        for now in (first - _MINUTE, first, second)
    ]
    assert seen == [counted, [counted[0], 1.234, counted[2]], [counted[0], 2.468, counted[2]]]


def test_a_correction_needs_one_value(world: World) -> None:
    """A correction with both a factor and a quantity, or with neither, is refused."""
    hour = window("2026-06-05T08:00", "2026-06-05T09:00")
    for factor, quantity in ((None, None), (2.0, 1.0)):
        with pytest.raises(ValueError, match="either a factor or a quantity"):
            Correction(metering_point=HOME, window=hour, shows=world.now(), factor=factor, quantity=quantity)


def test_a_sporadic_world_corrects_and_is_late_by_itself(world: World) -> None:
    """Over a year some days have late hours and some corrected ones, all settled in the end, all recomputable."""
    world.sporadic = True
    year = year_window(2025, OSLO)
    counted = truth.readings(HOME, "consumption", year)
    final = truth.served(world, HOME, "consumption", year, _LATER)
    assert final["start"].equals(counted["start"]), "every late hour has come"
    changed = counted.filter(counted["quantity"] != final["quantity"])
    assert 6 <= changed.height <= 60
    # For good, like the values themselves.
    assert round(final["quantity"].sum() * 1000) == 13_698_089
    first_day = changed["start"].dt.date()[0]
    corrected = day_window(first_day, OSLO)
    soon = truth.served(world, HOME, "consumption", corrected, corrected.end + timedelta(days=1))
    assert soon["quantity"].equals(truth.readings(HOME, "consumption", corrected)["quantity"])
    late_days = 0
    for day in pl.date_range(date(2025, 1, 1), date(2025, 12, 31), eager=True):
        hours = day_window(day, OSLO)
        present = truth.served(world, HOME, "consumption", hours, hours.end + 12 * HOUR).height
        assert hours.length // HOUR - present in {0, 4}
        late_days += present < hours.length // HOUR
    assert 3 <= late_days <= 20


def test_production_of_a_plus_customer(world: World) -> None:
    """Production has a row for every hour with 0 at night; a sparse household's has only rows above 0."""
    day = day_window(date(2026, 6, 10), OSLO)
    full = truth.served(world, PLUS, "production", day, _LATER)
    assert full.height == 24
    assert (full["quantity"] == 0).any()
    world.households[PLUS] = replace(world.households[PLUS], sparse=True)
    sparse = truth.served(world, PLUS, "production", day, _LATER)
    assert sparse.equals(full.filter(pl.col("quantity") > 0))
    assert truth.served(world, PLUS, "consumption", day, _LATER).height == 24
    assert truth.served(world, HOME, "production", day, _LATER).height == 0
