"""Runs against the simulated operator: what is asked, what is stored, what later runs bring."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from pipelines.metadata import of_outcome
from sandbox.faults import Fault, FaultKind
from sandbox.leneda.plans import Oddity
from sandbox.leneda.registers import AT_CONSUMPTION, AT_GAS
from sandbox.plans import Correction, hour_of
from schemas.time import DAY, HOUR, local_days, local_midnight
from tests.leneda.plant import GAS, NOW, OTHER, POINT, TODAY, ZONE

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.leneda.plant import Plant

NOON = local_midnight(TODAY - 3 * DAY, ZONE) + 12 * HOUR
"""Of a local day that is published and not yet settled."""


def test_everything_served_is_stored(plant: Plant) -> None:
    """Of metering points with nothing named, every register is found by itself, and stored value by value."""
    plant.owns(POINT, *AT_CONSUMPTION)
    plant.owns(GAS, *AT_GAS)
    plant.lists(POINT)
    plant.lists(GAS)

    outcome = plant.run()

    assert (outcome.ok, outcome.quarantined, outcome.unfamiliar) == (True, {}, {})
    assert all(plant.holds(POINT, register) for register in AT_CONSUMPTION)
    assert all(plant.holds(GAS, register) for register in AT_GAS)
    assert plant.log().height == outcome.new
    assert set(plant.log()["register"]) == {*AT_CONSUMPTION, *AT_GAS}


def test_a_run_right_after_asks_nothing(plant: Plant) -> None:
    """What was asked with success is not asked again before the pace says so, and nothing is changed."""
    plant.owns(POINT, "consumption", "production")
    plant.lists(POINT)
    plant.run()
    before = plant.log()
    plant.calls()

    assert plant.something_to_ask() == []
    outcome = plant.run()

    assert (outcome.ok, outcome.calls, plant.calls()) == (True, 0, [])
    assert plant.log().equals(before)


def test_a_named_register_is_asked_for_and_no_other(plant: Plant) -> None:
    """Where registers are named, none is tried out; a year takes a call for each 31 days, and no more."""
    plant.owns(POINT, *AT_CONSUMPTION, days=400)
    plant.lists(POINT, "consumption", "consumption_remaining")

    assert plant.run().ok

    calls = plant.calls()
    assert {call.register for call in calls} == {"consumption", "consumption_remaining"}
    # 167 days of this year and 199 of the last.
    assert len(calls) == 2 * (6 + 7)
    windows = [call.window for call in calls if call.window is not None and call.register == "consumption"]
    assert all(len(list(local_days(window, ZONE))) <= 31 for window in windows)
    assert plant.holds(POINT, "consumption")
    assert plant.holds(POINT, "consumption_remaining")


def test_a_day_later_one_call_a_register_brings_the_new_day(plant: Plant, clock: Traveller) -> None:
    """The last 30 days and the new one fit into one call."""
    plant.owns(POINT, "consumption", "production")
    plant.lists(POINT)
    plant.run()
    plant.calls()

    clock.shift(DAY)
    outcome = plant.run()

    assert (outcome.ok, outcome.new) == (True, 2 * 96)
    assert plant.asked_for() == {(POINT, "consumption"): 1, (POINT, "production"): 1}
    assert plant.holds(POINT, "production")


def test_a_day_that_comes_late_is_filled(plant: Plant, clock: Traveller) -> None:
    """Yesterday, asked for in the morning before it is there, is no hole for ever and no failure."""
    clock.move_to(NOW.replace(hour=4))
    plant.owns(POINT, "consumption")
    plant.lists(POINT)
    plant.run()
    assert plant.stored(POINT, "consumption")["start"].max() == local_midnight(TODAY - DAY, ZONE) - HOUR / 4

    clock.move_to(NOW)
    outcome = plant.run()

    assert (outcome.ok, outcome.new) == (True, 96)
    assert plant.holds(POINT, "consumption")


def test_a_higher_version_is_a_new_revision_and_a_lower_one_is_nothing(plant: Plant, clock: Traveller) -> None:
    """A correction replaces; an older version, served again by mistake, never does."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT)
    correction = Correction(metering_point=POINT, window=hour_of(NOON), shows=NOW + 6 * HOUR, factor=0.5)
    plant.world.corrections.append(correction)
    plant.run()

    clock.shift(DAY)
    assert plant.run().corrected == 4
    corrected = plant.log().filter(pl.col("revision") > 0)
    assert corrected["start"].to_list() == [NOON + quarter * HOUR / 4 for quarter in range(4)]
    assert corrected["operator_version"].to_list() == [2] * 4
    assert plant.holds(POINT, "consumption")

    plant.world.corrections.clear()
    clock.shift(DAY)
    assert plant.run().corrected == 0
    assert plant.log().filter(pl.col("revision") > 0).equals(corrected.with_columns())


def test_a_value_is_settled_when_it_is_read_seven_days_later(plant: Plant, clock: Traveller) -> None:
    """Read in the backfill or again, a value is settled once seven full local days lie after its day."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT)

    plant.run()
    assert settled_until(plant) == local_midnight(TODAY - 7 * DAY, ZONE)

    clock.shift(2 * DAY)
    assert plant.run().confirmed == 2 * 96
    assert settled_until(plant) == local_midnight(TODAY - 5 * DAY, ZONE)


def settled_until(plant: Plant) -> object:
    """Return where the settled readings end and the provisional ones begin, with none out of order."""
    rows = plant.log().sort("start", "seq").group_by("start", maintain_order=True).last()
    settled = rows.filter("settled")["start"].max()
    provisional = rows.filter(~pl.col("settled"))["start"].min()
    assert isinstance(settled, type(NOW))
    assert settled + HOUR / 4 == provisional
    return provisional


@pytest.mark.parametrize(("word", "told"), [("Estimated", {}), ("Guessed", {"type 'Guessed'": 4})])
def test_a_value_of_another_type_is_provisional_for_ever(plant: Plant, word: str, told: dict[str, int]) -> None:
    """It is stored, however old it is never settled, and a word that nobody knows is reported."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT)
    old = hour_of(NOON - 20 * DAY)
    plant.world.leneda.oddities.append(Oddity(metering_point=POINT, window=old, type=word))

    said: list[str] = []

    outcome = plant.run(progress=said.append)

    assert (outcome.ok, outcome.quarantined, outcome.unfamiliar) == (True, {}, told)
    assert [line for line in said if "provisional" in line] == [
        "leneda/plant: readings consumption from 2025-06-17 00:00 to 2026-06-17 00:00: 3,840 rows,"
        f" 4 provisional by the unknown {word}"
        for word in told
    ]
    assert of_outcome(outcome, {}).items() >= {f"provisional/unknown {word}": 4 for word in told}.items()
    assert plant.holds(POINT, "consumption")
    odd = plant.log().filter(pl.col("start").is_between(old.start, old.end, closed="left"))
    assert odd["settled"].to_list() == [False] * 4


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (FaultKind.WRONG_UNIT, "unit_is_the_registers"),
        (FaultKind.UNKNOWN_INTERVAL, "resolution_is_known"),
        (FaultKind.OFF_GRID, "starts_on_the_grid"),
        (FaultKind.TEXT_VALUE, "row_is_readable"),
    ],
)
def test_what_breaks_a_rule_is_set_aside_by_register(
    plant: Plant, clock: Traveller, kind: FaultKind, rule: str
) -> None:
    """Bad rows of one register are quarantined, and resolved when that register comes well, not when another does."""
    plant.owns(POINT, "consumption", "production")
    plant.lists(POINT)
    plant.world.faults.add(Fault(kind=kind, register="consumption"))

    outcome = plant.run()

    assert outcome.ok
    assert set(outcome.quarantined) == {rule}
    assert plant.stored(POINT, "consumption").is_empty()
    assert plant.holds(POINT, "production")

    quarantine = plant.flow().store.quarantine
    open_rows = quarantine.open_rows("plant").height
    assert open_rows == sum(outcome.quarantined.values())
    plant.world.faults.clear()
    clock.shift(DAY)
    plant.run(refetch=True)
    assert quarantine.open_rows("plant").is_empty()
    assert plant.holds(POINT, "consumption")


def test_the_same_bad_row_of_two_registers_is_two_rows(plant: Plant) -> None:
    """Items name no register, so that two registers may send the same bytes."""
    plant.owns(POINT, "consumption", "production", days=2)
    plant.lists(POINT)
    odd = Oddity(metering_point=POINT, window=hour_of(NOON + 2 * DAY), null=False)
    plant.world.leneda.oddities.append(odd)
    plant.world.corrections.append(
        Correction(metering_point=POINT, window=hour_of(NOON + 2 * DAY), shows=NOW - DAY, quantity=-1.0)
    )

    outcome = plant.run()

    rows = plant.flow().store.quarantine.open_rows("plant")
    assert outcome.quarantined == {"quantity_min": 8}
    assert rows["row"].n_unique() == 4
    assert rows["register"].value_counts(sort=True)["count"].to_list() == [4, 4]


def test_a_cut_in_the_middle_loses_nothing_and_asks_nothing_twice(plant: Plant, clock: Traveller) -> None:
    """A run that ends at its tenth call has stored the nine before, and the next goes on with the tenth."""
    plant.owns(POINT, "consumption", days=400)
    plant.lists(POINT, "consumption")
    plant.world.faults.add(Fault(kind=FaultKind.STATUS, status=503, first=10, retry_after=7200))

    outcome = plant.run()

    assert (outcome.cause, outcome.calls) == ("try_later", 10)
    windows = {call.window for call in plant.calls() if call.status == 200}
    assert len(windows) == 9
    assert plant.never_asked(POINT, "consumption") != []

    plant.world.faults.clear()
    clock.shift(timedelta(hours=2, seconds=10))
    assert plant.run().ok
    assert not windows & {call.window for call in plant.calls()}
    assert plant.never_asked(POINT, "consumption") == []
    assert plant.holds(POINT, "consumption")


def test_settings_size_the_windows_and_the_history(plant: Plant) -> None:
    """So many days a call, so many years back."""
    plant.owns(POINT, "consumption", days=800)
    plant.lists(POINT, "consumption")
    plant.keys |= {"days_per_call": 200, "history_years": 2}

    assert plant.run().ok

    windows = [call.window for call in plant.calls() if call.window is not None]
    assert min(window.start for window in windows) == local_midnight(TODAY.replace(year=2024), ZONE)
    assert max(len(list(local_days(window, ZONE))) for window in windows) == 200
    assert len(windows) == 1 + 2 + 1


def test_two_metering_points_do_not_meet(plant: Plant) -> None:
    """Each is asked by itself, and each has its own readings."""
    plant.owns(POINT, "consumption")
    plant.owns(OTHER, "consumption", days=20)
    plant.lists(POINT, "consumption")
    plant.lists(OTHER, "consumption")

    assert plant.run().ok

    assert plant.holds(POINT, "consumption")
    assert plant.holds(OTHER, "consumption")
    assert all(len(call.metering_points) == 1 for call in plant.calls())


def test_a_gas_hour_is_an_hour(plant: Plant) -> None:
    """Gas comes by the hour, in its own units, and has 23 and 25 of them when the clocks change."""
    plant.owns(GAS, *AT_GAS, days=300)
    plant.lists(GAS)

    assert plant.run().ok

    per_day = (
        plant.log()
        .filter(pl.col("register") == "gas_volume")
        .group_by(day=pl.col("start").dt.convert_time_zone(ZONE.key).dt.date())
        .len()
    )
    assert set(plant.log()["resolution"]) == {"PT1H"}
    assert dict(per_day["len"].value_counts().iter_rows()) == {24: 298, 23: 1, 25: 1}
