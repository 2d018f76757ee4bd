"""What the operator changes, leaves out or words anew: found by later runs, without a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from connectors.base import Feed
from connectors.registry import SOURCES
from sandbox.faults import Fault, FaultKind
from sandbox.plans import Absence, Correction
from schemas import revision
from schemas.time import DAY, HOUR
from tests.contract.bench import within
from tests.contract.operators import OPERATORS
from tests.support.home import NOW

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.contract.bench import Bench


def test_a_late_hole_is_repaired(bench: Bench, clock: Traveller) -> None:
    """Hours that come days after newer ones are missing until then, and filled by the daily sync."""
    bench.admit("home")
    (point,) = bench.operator.points("home")
    hole = bench.days_ago(6, after=9 * HOUR)
    bench.world.absences.append(Absence(metering_point=point, window=hole, until=NOW + 2 * DAY))
    bench.home.backfill()
    bench.assert_whole("home")
    missing = bench.missing("home")
    assert missing > 0
    assert bench.stored("home").filter(within(hole)).is_empty()

    for _ in range(2):
        clock.shift(DAY)
        assert set(bench.home.sync().causes("home")) == {None}

    bench.assert_whole("home")
    assert (bench.stored("home").filter(within(hole)).height, bench.missing("home")) == (missing, 0)


def test_a_correction_is_a_revision(bench: Bench, clock: Traveller) -> None:
    """A corrected value is revision 1, its intervals and no others; what was known before is still known."""
    bench.admit("home")
    (point,) = bench.operator.points("home")
    hours = bench.days_ago(10, after=11 * HOUR)
    bench.world.corrections.append(Correction(metering_point=point, window=hours, shows=NOW + 12 * HOUR, factor=0.5))
    bench.home.backfill()
    before = bench.operator.served("home")[Feed.READINGS]
    first = bench.stored("home")

    clock.shift(DAY)
    runs = bench.home.sync()

    bench.assert_whole("home")
    changed = before.filter(within(hours), pl.col("quantity") > 0).select("metering_point", "register", "start")
    corrected = bench.log("home").filter(pl.col("revision") > 0)
    assert changed.height > 0
    assert runs.sum("home", "corrected") == changed.height
    assert corrected.select(changed.columns).equals(changed)
    assert corrected["revision"].to_list() == [1] * changed.height
    assert revision.as_known_on(bench.log("home"), revision.READINGS, NOW).equals(first)


def test_null_is_missing(bench: Bench, clock: Traveller) -> None:
    """A row without a value is counted and is no reading, least of all a zero; it is stored once it has one."""
    bench.admit("home")
    hours = bench.days_ago(6, after=9 * HOUR)
    bench.world.faults.add(Fault(kind=FaultKind.NULL_VALUE, window=hours))

    runs = bench.home.backfill()

    readings = bench.operator.served("home")[Feed.READINGS]
    nulls = readings.filter(within(hours))
    assert bench.stored("home").select(readings.columns).equals(readings.filter(~within(hours)))
    assert (runs.sum("home", "nulls"), runs.quarantined("home")) == (nulls.height, {})
    assert bench.missing("home") == nulls.height

    bench.world.faults.clear()
    clock.shift(DAY)
    bench.home.sync()
    bench.assert_whole("home")
    assert (bench.missing("home"), bench.home.status("home")[0].nulls) == (0, 0)


def _words() -> list[object]:
    return [
        pytest.param(name, kind, id=f"{name}-{kind}")
        for name in SOURCES
        for kind in FaultKind
        if kind in OPERATORS[name](None).unknown_words  # type: ignore[arg-type]
    ]


@pytest.mark.parametrize(("operator", "kind"), _words(), indirect=["operator"])
def test_an_unknown_word_is_quarantined(bench: Bench, clock: Traveller, kind: FaultKind) -> None:
    """Rows with a word that nobody knows are set aside as they came, with the rule; nothing of them is guessed."""
    bench.admit("home", days=15)
    hours = bench.days_ago(5, after=3 * HOUR)
    bench.world.faults.add(Fault(kind=kind, window=hours))

    runs = bench.home.backfill()

    assert set(runs.causes("home")) == {None}
    rule = bench.operator.unknown_words[kind]
    assert set(runs.quarantined("home")) == {rule}
    assert set(bench.home.status("home")[0].quarantined) == {rule}
    quarantine = bench.home.flow().store.quarantine
    readings = bench.operator.served("home")[Feed.READINGS]
    stored = bench.stored("home").select(readings.columns)
    assert stored.filter(within(hours)).is_empty()
    assert stored.join(readings, on=readings.columns, how="anti", nulls_equal=True).is_empty()
    bodies = bench.bodies("home")
    rows = quarantine.open_rows("home").filter(pl.col("feed") == Feed.READINGS.value)
    assert rows.height >= readings.height - stored.height >= readings.filter(within(hours)).height > 0
    assert all(any(row in body for body in bodies) for row in rows["row"])

    bench.world.faults.clear()
    clock.shift(DAY)
    bench.home.sync()
    bench.assert_whole("home")
    assert quarantine.open_rows("home").is_empty()
    assert quarantine.read("home").height >= rows.height
