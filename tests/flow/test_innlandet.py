"""Innlandet, where the operator never sets its flag: found out without a setting, left again by one verified day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from sandbox.hours import OSLO
from sandbox.plans import Unverified
from schemas.time import DAY, Window, day_window, local_day, local_midnight
from tests.support.home import NOW, moved_in

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.support.home import Home

TODAY = local_day(NOW, OSLO)
# Five full local days lie between the day of a reading that is settled by age and the day on which it was read.
SETTLED_BEFORE = local_midnight(TODAY - 5 * DAY, OSLO)


def _settled(home: Home) -> pl.DataFrame:
    return home.points().filter("settled")


def _verdict(home: Home, connection: str = "home") -> str:
    (verdict,) = home.status(connection)[0].flag_verdicts.values()
    return verdict


def test_it_is_found_out_without_a_setting(three_years: Home, clock: Traveller) -> None:
    """All hours are in InfluxDB, none verified, settled exactly where older than the rule; the others are trusted."""
    clock.move_to(NOW)
    (innlandet,) = [each for each in three_years.world.households.values() if each.innlandet]
    points = three_years.points().filter(pl.col("metering_point") == innlandet.metering_point)

    assert points.height == three_years.served(innlandet).height > 26_000
    assert not points["verified"].any()
    assert points["settled"].equals((points["time"] < SETTLED_BEFORE).alias("settled"))
    assert _verdict(three_years, "innlandet").startswith("mute: no hour of the 55 days from 2026-04-18 to 2026-06-11")
    for other in ("home", "plus", "newcomer"):
        assert _verdict(three_years, other) == "trusted: 2026-06-11 is fully verified"


def test_two_unverified_days_are_not_innlandet(home: Home) -> None:
    """A household whose flag stays down on two old days keeps the flag's word: those days are provisional."""
    household = moved_in(80)
    home.admit(household)
    days = [day_window(TODAY - back * DAY, OSLO) for back in (20, 21)]
    home.world.unverified += [Unverified(metering_point=household.metering_point, window=day) for day in days]

    home.backfill()

    points = home.points()
    assert _verdict(home).startswith("trusted")
    assert points["settled"].equals(points["verified"].alias("settled"))
    provisional = points.filter(~pl.col("settled"))["time"]
    assert provisional.filter(provisional < local_midnight(TODAY, OSLO)).len() == 48


def test_a_new_contract_there_is_found_out_once_there_are_days_enough(home: Home, clock: Traveller) -> None:
    """While there are too few days to judge by nothing is settled; once there are, all that is old enough is."""
    # Of the days 6 to 60 before the newest, 13 are in the contract today.
    household = moved_in(18, innlandet=True)
    home.admit(household)

    home.backfill()
    assert _verdict(home) == "trusted: too few days to judge the flag by"
    assert _settled(home).is_empty()

    clock.shift(DAY)
    runs = home.sync()
    assert _verdict(home).startswith("mute: no hour of the 14 days")
    assert _settled(home)["time"].max() < SETTLED_BEFORE + DAY  # type: ignore[operator]
    assert _settled(home).height == runs.sum("home", "confirmed") == 24 * 14
    assert set(home.points()["revision"]) == {0}


def test_one_fully_verified_day_is_the_way_back(home: Home, clock: Traveller) -> None:
    """Once a whole day is verified the flag is trusted again; what was settled stays so, what is new waits for it."""
    household = moved_in(80, innlandet=True)
    home.admit(household)
    home.backfill()
    assert _verdict(home).startswith("mute")
    settled = _settled(home)

    # From now on the operator sets the flag here as everywhere, but for the last ten days.
    home.world.admit("sandbox-home", [moved_in(80)])
    newest = Window(local_midnight(TODAY - 10 * DAY, OSLO), datetime(2030, 1, 1, tzinfo=UTC))
    home.world.unverified.append(Unverified(metering_point=household.metering_point, window=newest))
    clock.shift(DAY)
    home.sync()

    assert _verdict(home) == "trusted: 2026-06-06 is fully verified"
    points = home.points()
    assert points.join(settled, on="time", how="semi")["settled"].all()
    late = points.filter(pl.col("time") >= SETTLED_BEFORE)
    assert not late["settled"].any()


@pytest.mark.parametrize(
    ("said", "innlandet", "settles_by_age"),
    [("true", False, True), ("false", True, False)],
    ids=["said to be there", "said not to be there"],
)
def test_the_setting_overrides(home: Home, said: str, *, innlandet: bool, settles_by_age: bool) -> None:
    """`innlandet` true or false is obeyed against all that the flag tells."""
    household = moved_in(80, innlandet=innlandet)
    home.admit(household)
    home.connect("home", innlandet=said)
    window = Window(local_midnight(TODAY - 40 * DAY, OSLO), local_midnight(TODAY - 38 * DAY, OSLO))
    home.world.unverified.append(Unverified(metering_point=household.metering_point, window=window))

    home.backfill()

    doubtful = home.points().filter(pl.col("time") >= window.start, pl.col("time") < window.end)
    assert doubtful["settled"].to_list() == [settles_by_age] * 48
    assert _verdict(home).endswith("set by the user")


def test_a_first_backfill_in_january(home: Home, clock: Traveller) -> None:
    """With ten days in the running year, which is asked first, both years end up settled as if it were summer."""
    now = datetime(2027, 1, 10, 12, 20, tzinfo=UTC)
    clock.move_to(now)
    household = moved_in(400, innlandet=True)
    home.admit(household)

    home.backfill()

    points = home.points()
    assert points.height == home.served(household).height
    assert set(points["time"].dt.convert_time_zone(OSLO.key).dt.year()) == {2025, 2026, 2027}
    assert not points["verified"].any()
    settled_before = local_midnight(date(2027, 1, 10) - timedelta(days=5), OSLO)
    assert points["settled"].equals((points["time"] < settled_before).alias("settled"))
    assert set(points["revision"]) == {0}
