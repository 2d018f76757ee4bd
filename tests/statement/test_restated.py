"""What a statement tells of a month, and what the next one tells of the difference."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from pipelines.statement import STATEMENT, TOTAL, draw_up
from sandbox.leneda.registers import AT_CONSUMPTION, AT_GAS, AT_PRODUCTION
from sandbox.plans import Absence, Correction, hour_of
from schemas.registers import REGISTERS
from schemas.time import DAY, HOUR, Window, day_window, local_midnight, month_window
from tests.leneda.plant import GAS, NOW, OTHER, POINT, TODAY
from tests.statement.stating import EXACT, JUNE, LUXEMBOURG, MAY, issued, kwh, row, served

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.leneda.plant import Plant

NOON = local_midnight(date(2026, 5, 20), LUXEMBOURG) + 12 * HOUR
SHARED = [name for name in (*AT_CONSUMPTION, *AT_PRODUCTION) if "reactive" not in name]


def test_every_register_and_layer_is_told_as_served(plant: Plant) -> None:
    """Each register of each metering point has the operator's sum in its own unit, whole and settled."""
    for point, registers in ((POINT, AT_CONSUMPTION), (OTHER, AT_PRODUCTION), (GAS, AT_GAS)):
        plant.owns(point, *registers, days=60)
        plant.lists(point)
    plant.run()

    statement = draw_up(plant.flow(), MAY, {POINT: "Mill"})

    assert statement.rows.schema == statement.totals.schema == STATEMENT
    assert statement.rows["register"].to_list() == [
        name for at in (AT_CONSUMPTION, AT_PRODUCTION, AT_GAS) for name in REGISTERS if name in at
    ]
    for told in statement.rows.rows(named=True):
        expected = served(plant, told["metering_point"], told["register"], MAY, NOW)
        assert told["quantity"] == pytest.approx(kwh(expected), abs=EXACT)
        assert told["present"] == told["expected"] == told["settled"] == expected.height
        assert (told["missing"], told["settled_share"], told["unit"]) == (0, 1.0, REGISTERS[told["register"]].unit)
    layers = dict(statement.rows.select("register", "layer").iter_rows())
    assert [layers[name] for name in SHARED] == [None, *"1234", "remaining"] * 2
    assert layers["gas_volume"] is layers["reactive_consumption"] is None
    assert set(statement.rows.filter(pl.col("name") == "Mill")["metering_point"]) == {POINT}
    unknown = statement.rows.select("restated", "new", "corrected", "previous_statement")
    assert unknown.null_count().row(0) == (statement.rows.height,) * 4


def test_the_totals_are_those_of_each_register_over_all_points(plant: Plant) -> None:
    """What one layer came to in the whole community is one row, and the layers and the rest make up the whole."""
    plant.owns(POINT, *AT_CONSUMPTION, days=60)
    plant.owns(OTHER, *AT_CONSUMPTION, days=60)
    plant.lists(POINT)
    plant.lists(OTHER)
    plant.run()

    totals = draw_up(plant.flow(), MAY, {}).totals

    assert totals["register"].to_list() == [name for name in REGISTERS if name in AT_CONSUMPTION]
    assert set(totals["name"]) == {TOTAL}
    assert totals.select("connection", "metering_point").null_count().row(0) == (totals.height,) * 2
    for told in totals.rows(named=True):
        both = [served(plant, point, told["register"], MAY, NOW) for point in (POINT, OTHER)]
        assert told["quantity"] == pytest.approx(sum(map(kwh, both)), abs=EXACT)
        assert told["present"] == sum(frame.height for frame in both)
    parts = totals.filter(pl.col("layer").is_not_null())["quantity"].sum()
    assert parts == pytest.approx(row(totals)["quantity"], abs=1e-6)


def test_a_correction_is_restated_once(plant: Plant, clock: Traveller) -> None:
    """What a higher version changed since the last statement is told to the last digit, then never again."""
    plant.owns(POINT, *AT_CONSUMPTION, days=60)
    plant.lists(POINT, *AT_CONSUMPTION)
    plant.run()
    first = issued(plant.flow(), MAY)
    before = {name: served(plant, POINT, name, MAY, NOW) for name in AT_CONSUMPTION}

    plant.world.corrections.append(
        Correction(metering_point=POINT, window=Window(NOON, NOON + 2 * HOUR), shows=NOW + HOUR, factor=0.61)
    )
    clock.shift(DAY)
    plant.run()
    second = issued(plant.flow(), MAY)
    clock.shift(DAY)
    plant.run()
    third = issued(plant.flow(), MAY)

    for name in AT_CONSUMPTION:
        after = served(plant, POINT, name, MAY, NOW + DAY)
        both = before[name].join(after, on="start", suffix="_after")
        changed = both.filter(pl.col("quantity") != pl.col("quantity_after"))
        told = row(second.rows, name)
        assert told["quantity"] == pytest.approx(kwh(after), abs=EXACT)
        assert told["restated"] == pytest.approx((changed["quantity_after"] - changed["quantity"]).sum(), abs=EXACT)
        assert (told["new"], told["corrected"]) == (0, changed.height)
        assert row(third.rows, name)["quantity"] == told["quantity"]
    assert 0 < sum(second.rows["corrected"]) <= 8 * len(AT_CONSUMPTION)
    assert row(second.rows)["restated"] != 0
    assert third.rows.select("restated", "new", "corrected").unique().rows() == [(0.0, 0, 0)]
    assert first.rows["previous_statement"].null_count() == first.rows.height
    assert set(second.rows["previous_statement"]) == {first.told.at.replace(microsecond=0)}
    assert set(third.rows["previous_statement"]) == {second.told.at.replace(microsecond=0)}


def test_a_total_is_the_last_one_and_what_was_restated(plant: Plant, clock: Traveller) -> None:
    """With a correction, a late day and a metering point that came since, old totals and restated make the new ones."""
    for point in (POINT, OTHER):
        plant.owns(point, "consumption", "production", days=60)
    plant.lists(POINT)
    hole = day_window(date(2026, 5, 12), LUXEMBOURG)
    plant.world.absences.append(Absence(metering_point=POINT, window=hole, until=NOW + HOUR))
    plant.run()
    first = issued(plant.flow(), MAY)

    plant.world.corrections.append(
        Correction(metering_point=POINT, window=hour_of(NOON), shows=NOW + HOUR, quantity=9.999)
    )
    plant.lists(OTHER)
    clock.shift(DAY)
    plant.run(refetch=True)
    second = issued(plant.flow(), MAY)

    for name in ("consumption", "production"):
        mine, theirs, old, new = (
            row(second.rows, name, POINT),
            row(second.rows, name, OTHER),
            row(first.totals, name),
            row(second.totals, name),
        )
        late = served(plant, POINT, name, MAY, NOW + DAY).filter(
            pl.col("start").is_between(*hole.bounds, closed="left")
        )
        assert (old["present"], old["missing"], late.height) == (2976 - 96, 96, 96)
        assert (mine["new"], mine["corrected"]) == (96, 4)
        assert (theirs["new"], theirs["corrected"], theirs["restated"]) == (2976, 0, theirs["quantity"])
        assert (new["new"], new["corrected"]) == (2976 + 96, 4)
        assert old["quantity"] + new["restated"] == pytest.approx(new["quantity"], abs=EXACT)


def test_what_comes_within_the_same_instant_is_told_apart(plant: Plant, clock: Traveller) -> None:
    """A row that becomes known at the very instant of those that were told is new all the same."""
    clock.move_to(NOW, tick=False)
    plant.owns(POINT, "consumption", days=60)
    plant.lists(POINT, "consumption")
    plant.run()
    issued(plant.flow(), MAY)
    before = served(plant, POINT, "consumption", MAY, NOW)
    plant.world.corrections.append(Correction(metering_point=POINT, window=hour_of(NOON), shows=NOW, factor=3))
    plant.run(refetch=True)

    told = row(issued(plant.flow(), MAY).rows)

    assert plant.log()["known_at"].unique().to_list() == [NOW]
    after = served(plant, POINT, "consumption", MAY, NOW)
    assert told["corrected"] == 4
    assert told["restated"] == pytest.approx(kwh(after) - kwh(before), abs=EXACT)


def test_a_value_that_is_back_where_it_was_is_not_restated(plant: Plant, clock: Traveller) -> None:
    """Two corrections between two statements that undo each other are two revisions and no restatement."""
    plant.owns(POINT, "consumption", days=60)
    plant.lists(POINT, "consumption")
    plant.run()
    issued(plant.flow(), MAY)
    for days, factor in enumerate((4.0, 0.25)):
        shows = NOW + days * DAY + HOUR
        plant.world.corrections.append(
            Correction(metering_point=POINT, window=hour_of(NOON), shows=shows, factor=factor)
        )
        clock.move_to(NOW + (days + 1) * DAY)
        assert plant.run().corrected == 4

    told = row(issued(plant.flow(), MAY).rows)

    assert plant.log()["revision"].max() == 2
    assert (told["restated"], told["new"], told["corrected"]) == (0.0, 0, 0)


def test_drawing_up_is_not_issuing(plant: Plant, clock: Traveller) -> None:
    """A statement that was only looked at is nobody's previous one."""
    plant.owns(POINT, "consumption", days=60)
    plant.lists(POINT, "consumption")
    plant.run()
    draw_up(plant.flow(), MAY, {})
    clock.shift(DAY)

    told = row(draw_up(plant.flow(), MAY, {}).rows)

    assert (told["previous_statement"], told["restated"]) == (None, None)


@pytest.mark.parametrize(("month", "quarters"), [(date(2026, 3, 1), 31 * 96 - 4), (date(2025, 10, 1), 31 * 96 + 4)])
def test_a_month_with_a_clock_change(plant: Plant, month: date, quarters: int) -> None:
    """The months of the short and the long day have all their quarters, and no other's."""
    plant.owns(POINT, "consumption", days=270)
    plant.lists(POINT, "consumption")
    plant.run()

    told = row(draw_up(plant.flow(), month, {}).rows)

    expected = served(plant, POINT, "consumption", month, NOW)
    assert told["quantity"] == pytest.approx(kwh(expected), abs=EXACT)
    assert told["expected"] == told["present"] == expected.height == quarters


def test_what_is_missing_is_never_zero(plant: Plant) -> None:
    """A register without a value in the month has no quantity and no share; its intervals are told as missing."""
    plant.owns(POINT, "consumption", days=80)
    plant.lists(POINT, "consumption")
    plant.world.absences.append(Absence(metering_point=POINT, window=month_window(MAY, LUXEMBOURG)))
    plant.run()

    statement = draw_up(plant.flow(), MAY, {})

    for told in (row(statement.rows), row(statement.totals)):
        assert (told["quantity"], told["settled_share"]) == (None, None)
        assert (told["expected"], told["present"], told["missing"]) == (2976, 0, 2976)
    assert statement.missing == 2976


def test_a_running_month_is_provisional_and_incomplete(plant: Plant) -> None:
    """It tells which days are not due yet, and up to which day readings are provisional."""
    plant.owns(POINT, "consumption", days=60)
    plant.lists(POINT, "consumption")
    plant.run()

    statement = draw_up(plant.flow(), JUNE, {})
    whole = draw_up(plant.flow(), MAY, {})

    told = row(statement.rows)
    assert (told["expected"], told["present"], told["settled"]) == (16 * 96, 16 * 96, 9 * 96)
    assert told["settled_share"] == 9 / 16
    assert (statement.undue_from, statement.provisional_until) == (TODAY - 2 * DAY, TODAY - DAY)
    assert (whole.undue_from, whole.provisional_until) == (None, None)


def test_a_month_that_is_just_over_is_incomplete_until_its_last_day_is_due(plant: Plant, clock: Traveller) -> None:
    """On the first days of a month, the last days of the one before may still come and are not missing yet."""
    plant.owns(POINT, "consumption", days=60)
    plant.lists(POINT, "consumption")
    clock.move_to(local_midnight(JUNE, LUXEMBOURG) + 12 * HOUR)
    plant.run()
    early = draw_up(plant.flow(), MAY, {})
    clock.shift(2 * DAY)
    due = draw_up(plant.flow(), MAY, {})

    assert early.undue_from == date(2026, 5, 30)
    assert due.undue_from is None
