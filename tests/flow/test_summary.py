"""The summary of a source: its checks are green when all is well, and each turns red for its own reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from connectors.elvia.source import ELVIA
from pipelines.summary import CHECKS, summary_asset
from sandbox.faults import Fault, FaultKind
from sandbox.hours import OSLO
from sandbox.plans import Absence, Correction, hour_of
from schemas.time import DAY, HOUR, Window, day_window, floor_hour, local_day, local_midnight
from tests.support.home import NOW, moved_in
from tests.support.real_influx2 import NOT_THERE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from time_machine import Traveller

    from tests.support.home import Home

TODAY = local_day(NOW, OSLO)


def _summary(home: Home) -> tuple[Mapping[str, object], dict[str, list[str]]]:
    """Run the summary; return what it shows, and of each red check what it names."""
    asset = summary_asset(ELVIA, configured=True, problem=None, settings=home.settings)
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([asset], instance=instance)
    evaluations = result.get_asset_check_evaluations()
    assert {each.check_name for each in evaluations} == set(CHECKS)
    # Judging happens before writing, so that no check stands in anything's way.
    assert {each.severity for each in evaluations} == {dg.AssetCheckSeverity.WARN}
    red = {each.check_name: str(each.metadata["which"].value).split("\n\n") for each in evaluations if not each.passed}
    (materialization,) = result.asset_materializations_for_node("elvia__summary")
    return {name: value.value for name, value in materialization.metadata.items()}, red


def test_all_is_green_after_a_backfill(three_years: Home, clock: Traveller) -> None:
    """After three years of four households every check passes, and the table has a line for each register."""
    clock.move_to(NOW)

    shown, red = _summary(three_years)

    assert red == {}
    assert (shown["connections"], shown["registers"]) == (4, 5)
    assert shown["readings"] == three_years.current().height
    assert str(shown["table"]).count("\n| ") == 6


def test_a_connection_that_does_not_answer(storage: Home) -> None:
    """A refused credential turns `every_connection_answers` red, with the connection and the words."""
    storage.admit(moved_in(20), moved_in(20, "neighbour", 2))
    storage.world.tokens["sandbox-home"].deleted = True
    storage.backfill()

    assert _summary(storage)[1] == {
        "every_connection_answers": ["home: elvia metervalues: the credential is refused (401)"]
    }


def test_rows_that_break_a_rule(storage: Home) -> None:
    """A quarantined row turns `rules_are_kept` red, with its rule."""
    storage.admit(moved_in(20))
    window = hour_of(local_midnight(TODAY - 5 * DAY, OSLO) + 12 * HOUR)
    storage.world.faults.add(Fault(kind=FaultKind.WRONG_UNIT, window=window, endpoint="metervalues"))
    storage.backfill()

    assert _summary(storage)[1] == {"rules_are_kept": ["home: 1 rows break unit_is_the_registers"]}


def test_days_with_holes(storage: Home) -> None:
    """A day that is missing of twenty turns `days_are_covered` red, with the number of hours."""
    household = moved_in(20)
    storage.admit(household)
    storage.world.absences.append(
        Absence(metering_point=household.metering_point, window=day_window(TODAY - 5 * DAY, OSLO))
    )
    storage.backfill()

    red = _summary(storage)[1]
    assert list(red) == ["days_are_covered"]
    assert red["days_are_covered"][0].startswith("home, consumption: 24 of ")


def test_readings_that_stay_provisional(storage: Home) -> None:
    """A flag that is never set, where it is not known to be mute, turns `readings_are_settled` red."""
    storage.admit(moved_in(12, innlandet=True))
    storage.backfill()

    assert _summary(storage)[1] == {"readings_are_settled": ["home, consumption: 0.0% settled"]}


def test_readings_that_grow_old(storage: Home, clock: Traveller) -> None:
    """When nothing has come for days `readings_are_fresh` is red, with the newest hour."""
    household = moved_in(400)
    storage.admit(household)
    storage.backfill()

    clock.shift(2 * DAY)
    assert _summary(storage)[1] == {}
    clock.shift(DAY)
    assert _summary(storage)[1] == {
        "readings_are_fresh": ["home, consumption: newest reading starts 2026-06-17 10:00 UTC"]
    }


@NOT_THERE
def test_a_database_that_differs(home: Home, clock: Traveller) -> None:
    """Points that are not ours, or lines that are refused, turn `influxdb_equals_the_store` red."""
    household = moved_in(20)
    home.admit(household)
    home.scribble(f'local_month missing="none" {int(NOW.timestamp())}')
    home.backfill()
    assert _summary(home)[1] == {"influxdb_equals_the_store": ["home: 2 lines refused"]}

    home.database.query("DROP MEASUREMENT local_month")
    tags = f"source=elvia,metering_point={household.metering_point},register=consumption"
    home.scribble(f"hourly_reading,{tags} energy_kwh=1 {int(local_midnight(TODAY, OSLO).timestamp()) + 1800}")
    clock.shift(DAY)
    home.sync()
    (words,) = _summary(home)[1]["influxdb_equals_the_store"]
    assert words.startswith("2026-06: consumption in hourly_reading: ")


@pytest.mark.parametrize("corrected", [False, True])
def test_peaks_that_are_not_ours(storage: Home, clock: Traveller, *, corrected: bool) -> None:
    """Where the operator names other peaks than ours `official_peaks_are_ours` is red, with month and both values."""
    household = moved_in(80)
    storage.admit(household)
    storage.backfill()
    if corrected:
        hour = hour_of(local_midnight(TODAY - 31 * DAY, OSLO) + 18 * HOUR)
        storage.world.corrections.append(
            Correction(metering_point=household.metering_point, window=hour, shows=NOW, quantity=40.0)
        )
    clock.shift(DAY)
    storage.sync()

    red = _summary(storage)[1]
    assert list(red) == (["official_peaks_are_ours"] if corrected else [])
    for words in red.values():
        assert words[0].startswith("home, 2026-05: official ")


def test_a_sparse_register_is_no_alarm(storage: Home, clock: Traveller) -> None:
    """A register that has rows for part of its days only, as production without nights, is missing nothing.

    Nor is it old after three days without a row, as in snow.
    """
    household = moved_in(40, "plus", 2, produces=True)
    storage.admit(household)
    for back in range(41):
        midnight = local_midnight(TODAY - back * DAY, OSLO)
        storage.world.absences.append(
            Absence(
                metering_point=household.metering_point,
                register="production",
                window=Window(midnight, midnight + 5 * HOUR),
            )
        )
    storage.backfill()

    assert _summary(storage)[1] == {}
    sparse = {series.register: series.sparse for series in storage.status("plus")[1]}
    assert sparse == {"consumption": False, "production": True}

    snow = Window(floor_hour(NOW), floor_hour(NOW) + 4 * DAY)
    storage.world.absences.append(Absence(metering_point=household.metering_point, register="production", window=snow))
    clock.shift(3 * DAY)
    storage.sync()
    assert _summary(storage)[1] == {}
