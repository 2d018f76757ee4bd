"""What the operator changes after the first read: corrected values, confirmed ones, hours that come late or go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from sandbox.hours import OSLO
from sandbox.plans import Absence, Correction, hour_of, late, removed
from schemas import revision
from schemas.time import DAY, HOUR, Window, day_window, local_day, local_midnight, utc_now
from tests.support.home import NOW, moved_in

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.support.home import Home


def _point(home: Home, start: datetime) -> dict[str, object]:
    (point,) = home.points().filter(pl.col("time") == start).rows(named=True)
    return point


def _local_day(home: Home, day: Window) -> dict[str, object]:
    (point,) = home.points("local_day").filter(pl.col("time") == day.start).rows(named=True)
    return point


def test_a_corrected_value_becomes_revision_1(home: Home, clock: Traveller) -> None:
    """A value that the operator corrects after the first read is corrected in store and InfluxDB as revision 1."""
    household = moved_in(20)
    home.admit(household)
    hour = local_midnight(local_day(NOW, OSLO) - 8 * DAY, OSLO) + 18 * HOUR
    correction = Correction(
        metering_point=household.metering_point, window=hour_of(hour), shows=NOW + 12 * HOUR, quantity=7.125
    )
    home.world.corrections.append(correction)
    home.backfill()
    before = _point(home, hour)
    assert (before["energy_kwh"] != 7.125, before["revision"]) == (True, 0)

    clock.shift(DAY)
    runs = home.sync()

    assert runs.sum("home", "corrected") == 1
    assert _point(home, hour) == before | {"energy_kwh": 7.125, "revision": 1}
    history = home.log().filter(pl.col("start") == hour)
    assert history.select("quantity", "revision", "settled").rows() == [
        (before["energy_kwh"], 0, True),
        (7.125, 1, True),
    ]
    assert home.status("home")[1][0].corrected == 1
    corrected = revision.corrected_since(home.log(), revision.READINGS, NOW + HOUR)
    assert corrected.select("start", "revision").rows() == [(hour, 1)]


def test_what_was_known_the_day_before_is_still_known(storage: Home, clock: Traveller) -> None:
    """As known on the day before a correction was seen, the whole store is what was served that day."""
    household = moved_in(20)
    storage.admit(household)
    hour = local_midnight(local_day(NOW, OSLO) - 8 * DAY, OSLO) + 18 * HOUR
    storage.world.corrections += [
        Correction(metering_point=household.metering_point, window=hour_of(hour), shows=NOW + delay, factor=1.5)
        for delay in (12 * HOUR, 3 * DAY)
    ]
    storage.backfill()
    served_then = storage.served(household)
    for _ in range(5):
        clock.shift(DAY)
        storage.sync()

    then = revision.as_known_on(storage.log(), revision.READINGS, NOW + 12 * HOUR)
    assert then.select("start", "quantity", "verified").equals(served_then)
    now = storage.current()
    assert now.select("start", "quantity", "verified").equals(storage.served(household))
    assert now.filter(pl.col("revision") > 0).select("start", "revision").rows() == [(hour, 2)]


def test_a_correction_of_a_past_year_is_found_by_the_deep_re_read(home: Home, clock: Traveller) -> None:
    """A correction far behind the re-read days reaches store and InfluxDB within `deep_reread_days`, by syncs alone."""
    household = moved_in(600)
    home.admit(household)
    home.world.absences.append(
        Absence(metering_point=household.metering_point, window=Window(NOW - 480 * DAY, NOW - 20 * DAY))
    )
    home.set("sync__deep_reread_days", 3)
    hour = local_midnight(local_day(NOW, OSLO) - 500 * DAY, OSLO) + 18 * HOUR
    home.backfill()
    home.world.corrections.append(
        Correction(metering_point=household.metering_point, window=hour_of(hour), shows=NOW, factor=2)
    )
    value = _point(home, hour)["energy_kwh"]
    assert isinstance(value, float)

    for _ in range(3):
        clock.shift(DAY)
        home.sync()

    point = _point(home, hour)
    assert (point["energy_kwh"], point["revision"]) == (round(2 * value, 3), 1)


def test_a_confirmed_value_keeps_its_revision(home: Home, clock: Traveller) -> None:
    """A provisional value that the operator confirms changes its state in store and InfluxDB, and not its revision."""
    household = moved_in(10)
    home.admit(household)
    home.backfill()
    today = day_window(local_day(NOW, OSLO), OSLO)
    provisional = home.points().filter(~pl.col("settled"))
    assert provisional["time"].min() == today.start
    assert not provisional["verified"].any()

    clock.shift(DAY)
    runs = home.sync()

    assert runs.sum("home", "confirmed") == provisional.height > 10
    assert runs.sum("home", "corrected") == 0
    confirmed = home.points().filter(pl.col("time").is_in(provisional["time"].to_list()))
    assert confirmed.drop("settled", "verified").equals(provisional.drop("settled", "verified"))
    assert confirmed["settled"].all()
    assert confirmed["verified"].all()
    states = home.log().filter(pl.col("start") == today.start)
    assert states.select("revision", "verified", "settled").rows() == [(0, False, False), (0, True, True)]


def test_hours_that_come_a_week_late_are_filled(home: Home, clock: Traveller) -> None:
    """Hours that are published a week late, after newer ones, are filled by syncs alone; `missing` goes up and down."""
    household = moved_in(20)
    home.admit(household)
    home.backfill()
    day = day_window(local_day(NOW, OSLO) + DAY, OSLO)
    held_back = Window(day.start + 3 * HOUR, day.start + 7 * HOUR)
    home.world.absences.append(late(household.metering_point, held_back, timedelta(days=7)))

    missing = []
    for _ in range(9):
        clock.shift(DAY)
        home.sync()
        seen = _local_day(home, day)
        missing.append(seen["missing"])
        assert seen["expected"] == seen["present"] + seen["missing"]  # type: ignore[operator]
        newest = home.points()["time"].max()
        assert newest > utc_now() - 3 * HOUR  # type: ignore[operator]

    # On the day itself nothing is late yet; a week after it the hours are out.
    assert missing == [0, 4, 4, 4, 4, 4, 4, 0, 0]
    assert _local_day(home, day)["present"] == 24
    served = home.served(household)
    assert home.points().sort("time").select(start="time", quantity="energy_kwh", verified="verified").equals(served)
    assert served.filter(pl.col("start").is_between(held_back.start, held_back.end, closed="left")).height == 4


def test_what_the_operator_serves_no_more_stays(home: Home, clock: Traveller) -> None:
    """An hour that is now older than three years, or was taken back, stays in store and InfluxDB as it was."""
    household = moved_in(1094)
    home.admit(household)
    # A few weeks at either end will do.
    for start, end in ((NOW - 1050 * DAY, NOW - 20 * DAY), (NOW + DAY, NOW + 350 * DAY)):
        home.world.absences.append(Absence(metering_point=household.metering_point, window=Window(start, end)))
    home.backfill()
    before = home.points()
    taken_back = day_window(local_day(NOW, OSLO) - 5 * DAY, OSLO)

    clock.shift(365 * DAY)
    home.world.absences.append(removed(household.metering_point, taken_back, since=NOW))
    home.sync()
    home.backfill()

    served = home.served(household)
    gone = before.join(served, left_on="time", right_on="start", how="anti")
    assert gone.height > 1_000
    assert gone.filter(pl.col("time") >= taken_back.start, pl.col("time") < taken_back.end).height == 24
    after = home.points()
    assert after.join(gone, on="time", how="semi").sort("time").equals(gone.sort("time"))
    stored = home.current().join(gone, left_on="start", right_on="time", how="semi")
    assert stored["quantity"].to_list() == gone.sort("time")["energy_kwh"].to_list()
    # And what is served now is all there, too.
    assert after.join(served, left_on="time", right_on="start", how="semi").height == served.height
