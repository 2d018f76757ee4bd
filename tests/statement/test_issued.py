"""Of whom a statement was issued, and how far the log had come: by connection, and whatever became of the store."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import pytest

from pipelines.statement import draw_up
from pipelines.store.state import State
from pipelines.store.statements import Issued, Statements
from sandbox import truth
from sandbox.plans import Correction, hour_of, late
from schemas.time import DAY, HOUR, local_midnight, month_window
from tests.statement.stating import EXACT, JUNE, MAY, issued, kwh, row
from tests.support.home import NOW, moved_in

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    from time_machine import Traveller

    from sandbox.households import Household
    from tests.support.home import Home

OSLO: Final = ZoneInfo("Europe/Oslo")
NOON: Final = local_midnight(MAY, OSLO) + 9 * DAY + 12 * HOUR


def elvias(storage: Home, house: Household, register: str, at: datetime) -> pl.DataFrame:
    """Return what Elvia serves of May at an instant."""
    return truth.served(storage.world, house.metering_point, register, month_window(MAY, OSLO), at)


def test_elvia_is_told_like_any_other(storage: Home, clock: Traveller) -> None:
    """Hours of both registers are told as served; a correction and late hours are restated, each as what it is."""
    house = moved_in(60, produces=True)
    storage.admit(house)
    storage.world.absences.append(late(house.metering_point, hour_of(NOON + DAY), NOW - NOON, "consumption"))
    storage.backfill()
    first = issued(storage.flow(), MAY)
    before = {name: elvias(storage, house, name, NOW) for name in house.registers}
    shows = NOW + HOUR
    storage.world.corrections.append(
        Correction(metering_point=house.metering_point, window=hour_of(NOON), shows=shows, quantity=7.125)
    )

    clock.shift(3 * DAY)
    storage.backfill(refetch=True)
    second = issued(storage.flow(), MAY)

    for name, lacking in (("consumption", 1), ("production", 0)):
        old, new = row(first.rows, name), row(second.rows, name)
        after = elvias(storage, house, name, NOW + 3 * DAY)
        assert old["quantity"] == pytest.approx(kwh(before[name]), abs=EXACT)
        assert new["quantity"] == pytest.approx(kwh(after), abs=EXACT)
        assert new["restated"] == pytest.approx(kwh(after) - kwh(before[name]), abs=EXACT)
        assert (old["missing"], new["missing"], new["new"], new["corrected"]) == (lacking, 0, lacking, 1)
        assert new["layer"] is None


def test_a_statement_of_one_connection_leaves_the_others_as_they_were(storage: Home, clock: Traveller) -> None:
    """What was issued of one connection is nothing's previous statement but its own; the totals stay true."""
    storage.admit(moved_in(60), moved_in(60, "cabin", 2))
    storage.backfill()
    first = issued(storage.flow(), MAY, ["home"])
    clock.shift(DAY)

    second = draw_up(storage.flow(), MAY, {})

    assert first.rows["connection"].to_list() == ["home"]
    home, cabin = second.rows.sort("connection", descending=True).rows(named=True)
    assert (home["restated"], home["new"], home["previous_statement"]) == (
        0.0,
        0,
        first.told.at.replace(microsecond=0),
    )
    assert (cabin["restated"], cabin["new"], cabin["previous_statement"]) == (None, None, None)
    old, new = row(first.totals), row(second.totals)
    assert new["restated"] == pytest.approx(cabin["quantity"], abs=EXACT)
    assert old["quantity"] + new["restated"] == pytest.approx(new["quantity"], abs=EXACT)
    assert (new["new"], new["previous_statement"]) == (cabin["present"], home["previous_statement"])


def test_months_are_issued_apart(storage: Home, clock: Traveller) -> None:
    """A statement of May is no previous one of June's."""
    storage.admit(moved_in(60))
    storage.backfill()
    issued(storage.flow(), MAY)
    clock.shift(DAY)

    assert row(draw_up(storage.flow(), JUNE, {}).rows)["previous_statement"] is None
    assert row(draw_up(storage.flow(), MAY, {}).rows)["previous_statement"] is not None


def test_a_metering_point_that_another_connection_reads_now_is_not_restated(storage: Home, clock: Traveller) -> None:
    """Told before under the one, told now under the other: the same hours are no news."""
    house = moved_in(60)
    storage.admit(house, moved_in(60, "cabin", 2))
    storage.backfill()
    issued(storage.flow(), MAY)
    (cabin,) = (each for each in storage.world.households.values() if each.name == "cabin")
    storage.world.admit("sandbox-cabin", [cabin, house])
    storage.world.admit("sandbox-home", [])
    clock.shift(DAY)
    storage.backfill(refetch=True)

    told = row(issued(storage.flow(), MAY).rows, point=house.metering_point)

    assert told["connection"] == "cabin"
    assert (told["restated"], told["new"], told["corrected"]) == (0.0, 0, 0)


def test_numbers_given_out_again_are_not_what_was_told(storage: Home, clock: Traveller) -> None:
    """A store put back as it was before the statement fills up with rows of the same numbers: they are new."""
    house = moved_in(60)
    storage.admit(house)
    storage.backfill()
    backup = storage.folder / "backup"
    shutil.copytree(storage.data_dir / "store", backup)
    correction = Correction(metering_point=house.metering_point, window=hour_of(NOON), shows=NOW + HOUR, factor=2.0)
    storage.world.corrections.append(correction)
    clock.shift(DAY)
    storage.backfill(refetch=True)
    issued(storage.flow(), MAY)
    shutil.rmtree(storage.data_dir / "store")
    shutil.copytree(backup, storage.data_dir / "store")
    clock.shift(DAY)
    storage.backfill(refetch=True)

    told = row(issued(storage.flow(), MAY).rows)

    # What the lost row said is not known any more; that the log's own row came later is.
    assert (told["new"], told["corrected"]) == (0, 1)


def test_an_empty_month_tells_nothing(storage: Home) -> None:
    """Before the first reading there is no row, no total, nothing provisional, and nothing is issued."""
    storage.admit(moved_in(10))

    statement = issued(storage.flow(), MAY)

    assert statement.rows.is_empty()
    assert statement.totals.is_empty()
    assert (statement.missing, statement.provisional_until) == (0, None)
    assert Statements(storage.flow().store.state, "elvia").last(MAY) == {}


def test_the_last_statement_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """For each source, month and connection one is kept, to the microsecond of what it knew."""
    at = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)
    older, newer = (Issued(at + n * DAY, 10 + n, at + n * DAY - timedelta(microseconds=7)) for n in range(2))
    elvia, leneda = (Statements(State(tmp_path), source) for source in ("elvia", "leneda"))
    elvia.issue(MAY, ["home", "cabin"], older)
    elvia.issue(MAY, ["home"], newer)
    leneda.issue(MAY, ["plant"], newer)
    elvia.issue(JUNE, ["home"], older)

    assert elvia.last(MAY) == {"home": newer, "cabin": older}
    assert leneda.last(MAY) == {"plant": newer}
    assert elvia.last(JUNE) == {"home": older}
    assert leneda.last(JUNE) == {}
