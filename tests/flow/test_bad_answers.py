"""Answers that are not what is documented: what cannot be trusted is not loaded, the rest is, and `status` names it."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.hours import OSLO
from sandbox.plans import hour_of
from schemas.time import DAY, HOUR, Window, day_window, local_day
from tests.support.home import NOW, moved_in

if TYPE_CHECKING:
    from time_machine import Traveller

    from sandbox.households import Household
    from tests.support.home import Home

BAD_DAY: Final = local_day(NOW, OSLO) - 5 * DAY
BAD: Final = Window(day_window(BAD_DAY, OSLO).start + 3 * HOUR, day_window(BAD_DAY, OSLO).start + 6 * HOUR)
"""Three hours of a day in last week."""

BAD_ROWS: Final = {
    FaultKind.TEXT_VALUE: "row_is_readable",
    FaultKind.RENAMED_VALUE: "row_is_readable",
    FaultKind.WRONG_UNIT: "unit_is_the_registers",
    FaultKind.OFF_GRID: "starts_on_the_grid",
    FaultKind.NAIVE_TIME: "start_nullability",
    FaultKind.CONFLICT: "primary_key",
}
"""What is wrong with rows, and the rule that they break."""

BAD_BODIES: Final = {
    FaultKind.EMPTY_BODY: "source_changed",
    FaultKind.HTML: "source_changed",
    FaultKind.TRUNCATED: "source_changed",
    FaultKind.MISSING_ENVELOPE: "source_changed",
    FaultKind.RENAMED_ENVELOPE: "source_changed",
    FaultKind.NAN_VALUE: "source_changed",
    FaultKind.CUT_OFF: "try_later",
}
"""What is wrong with an answer as a whole, and whose turn it is."""

HARMLESS: Final = (FaultKind.BYTE_ORDER_MARK, FaultKind.UNSORTED, FaultKind.DUPLICATE)


@pytest.fixture
def household(home: Home) -> Household:
    """The household of which the answers go wrong."""
    mine = moved_in(20)
    home.admit(mine)
    return mine


def _spoil(home: Home, kind: FaultKind, endpoint: str = "metervalues") -> None:
    home.world.faults.add(Fault(kind=kind, token="sandbox-home", endpoint=endpoint, window=BAD))


def _loaded(home: Home, household: Household, register: str = "consumption") -> pl.DataFrame:
    mine = (pl.col("metering_point") == household.metering_point) & (pl.col("register") == register)
    return home.points().filter(mine).sort("time").select(start="time", quantity="energy_kwh", verified="verified")


def _without_bad(served: pl.DataFrame) -> pl.DataFrame:
    return served.filter(~pl.col("start").is_between(BAD.start, BAD.end, closed="left"))


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_bad_rows_are_quarantined(home: Home, household: Household, clock: Traveller, kind: FaultKind) -> None:
    """Rows that break a rule are not loaded, the others are; `status` names rule and rows, which are new only once."""
    _spoil(home, kind)
    rule, count = BAD_ROWS[kind], 6 if kind is FaultKind.CONFLICT else 3

    runs = home.backfill()

    assert _loaded(home, household).equals(_without_bad(home.served(household)))
    assert runs.causes("home") == [None] * 4
    assert runs.quarantined("home") == {rule: count}
    standing, (series,) = home.status("home")
    assert standing.quarantined == {rule: count}
    assert len(standing.quarantined_rows) == count
    assert all(household.metering_point in row and rule in row for row in standing.quarantined_rows)
    assert series.holes == (f"{BAD_DAY}: 3 missing",)
    verbatim = home.flow().store.quarantine.open_rows("home")["row"]
    assert all(row.startswith(b'{"startTime":"') and row.endswith(b"}") for row in verbatim)

    # Sent again they are not new, and the month is not written again for them.
    clock.shift(2 * HOUR)
    again = home.sync()
    assert again.sum("home", "calls") > 0
    assert again.quarantined("home") == {}
    assert home.status("home")[0].quarantined == {rule: count}


@pytest.mark.parametrize(
    "kind",
    [FaultKind.TEXT_VALUE, FaultKind.OFF_GRID, FaultKind.CONFLICT, FaultKind.NULL_VALUE, FaultKind.QUARTER_HOURS],
)
def test_what_the_operator_mends_is_stored(home: Home, household: Household, clock: Traveller, kind: FaultKind) -> None:
    """Once the operator sends good rows, the next sync stores them, and nothing is in quarantine but as resolved."""
    _spoil(home, kind)
    home.backfill()
    put_aside = home.flow().store.quarantine.read("home").height

    home.world.faults.clear()
    clock.shift(DAY)
    home.sync()

    assert _loaded(home, household).equals(home.served(household))
    standing, (series,) = home.status("home")
    assert (standing.ok, standing.quarantined, standing.nulls, series.missing) == (True, {}, 0, 0)
    assert home.flow().store.quarantine.read("home")["resolved_at"].is_not_null().sum() == put_aside


def test_a_bad_row_of_unknown_time_is_resolved_with_its_year(home: Home, household: Household) -> None:
    """A row whose time cannot be read is resolved when all of the window that it came with is answered without it."""
    _spoil(home, FaultKind.NAIVE_TIME)
    home.backfill()
    home.world.faults.clear()

    home.backfill(refetch=True)

    assert home.status("home")[0].quarantined == {}
    assert _loaded(home, household).equals(home.served(household))


def test_null_is_missing(home: Home, household: Household) -> None:
    """A row whose value is null is no reading and not zero: it is counted, and its day has a hole."""
    _spoil(home, FaultKind.NULL_VALUE)

    runs = home.backfill()

    assert _loaded(home, household).equals(_without_bad(home.served(household)))
    assert runs.sum("home", "nulls") == 3
    standing, (series,) = home.status("home")
    assert (standing.nulls, standing.quarantined) == (3, {})
    assert series.holes == (f"{BAD_DAY}: 3 missing",)


def test_quarter_hours_are_never_hours(home: Home, household: Household) -> None:
    """All rows of a series that says 15 minutes are quarantined, and none is stored as an hour or otherwise."""
    _spoil(home, FaultKind.QUARTER_HOURS)

    home.backfill()

    today = day_window(local_day(NOW, OSLO), OSLO)
    served = home.served(household)
    # The newest day, asked first and by itself, came in hours.
    assert _loaded(home, household).equals(served.filter(pl.col("start") >= today.start))
    standing = home.status("home")[0]
    assert set(standing.quarantined) == {"resolution_is_known"}
    assert standing.quarantined["resolution_is_known"] >= 4 * served.filter(pl.col("start") < today.start).height


@pytest.mark.parametrize("kind", BAD_BODIES)
def test_an_unreadable_answer_is_no_answer(home: Home, household: Household, clock: Traveller, kind: FaultKind) -> None:
    """Nothing of an answer that is not as documented is loaded or taken for "no data"; `status` says what it was."""
    neighbour = moved_in(20, "plus", 2, produces=True)
    home.admit(neighbour)
    _spoil(home, kind)

    runs = home.backfill()

    today = day_window(local_day(NOW, OSLO), OSLO)
    served = home.served(household)
    assert _loaded(home, household).equals(served.filter(pl.col("start") >= today.start))
    assert runs.causes("home")[0] == BAD_BODIES[kind]
    assert runs.causes("plus") == [None] * 4
    assert all(
        _loaded(home, neighbour, register).equals(home.served(neighbour, register)) for register in neighbour.registers
    )
    standing = home.status("home")[0]
    assert (standing.ok, standing.cause) == (False, BAD_BODIES[kind])
    assert standing.words is not None
    assert "elvia metervalues" in standing.words

    # It is asked again by the next run, and all comes.
    home.world.faults.clear()
    clock.shift(2 * HOUR)
    home.sync()
    assert _loaded(home, household).equals(home.served(household))
    assert home.status("home")[0].ok


def test_an_unreadable_answer_is_kept_as_it_came(home: Home, household: Household) -> None:
    """What came instead of an answer lies among the raw answers, for whoever finds out what has changed."""
    assert household.name == "home"
    _spoil(home, FaultKind.HTML)
    home.backfill()

    raw = home.flow().store.raw
    bodies = [raw.read(path)[2].body for path in raw.files("elvia")]
    assert [body for body in bodies if body.lstrip().lower().startswith(b"<!doctype html")] != []


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_only_odd_is_loaded(home: Home, household: Household, kind: FaultKind) -> None:
    """A byte order mark, rows out of order and rows sent twice, word for word, change nothing."""
    _spoil(home, kind)

    runs = home.backfill()

    assert _loaded(home, household).equals(home.served(household))
    assert runs.quarantined("home") == {}
    assert home.status("home")[0].ok


@pytest.mark.parametrize(
    ("kind", "rule"),
    [(FaultKind.WRONG_UNIT, "unit_is_the_registers"), (FaultKind.TEXT_VALUE, "row_is_readable")],
)
def test_bad_peaks_are_quarantined(
    home: Home, household: Household, clock: Traveller, kind: FaultKind, rule: str
) -> None:
    """An official peak that breaks a rule is no peak of ours; it is named, and taken once it is mended."""
    peaks = home.served(household)
    month = pl.col("start").dt.convert_time_zone(OSLO.key).dt.month() == NOW.month
    highest = peaks.filter(month).sort("quantity").row(-1, named=True)
    window = hour_of(highest["start"].astimezone(UTC))
    home.world.faults.add(Fault(kind=kind, token="sandbox-home", endpoint="maxhours", window=window))

    home.backfill()

    mine = pl.col("metering_point") == household.metering_point
    this_month = pl.col("time") == pl.col("time").max()
    loaded = home.points("monthly_max_hour").filter(mine).filter(this_month)
    assert loaded.height == 2
    assert loaded["energy_kwh"].max() < highest["quantity"]
    assert home.status("home")[0].quarantined == {rule: 1}

    home.world.faults.clear()
    clock.shift(DAY)
    home.sync()
    assert home.points("monthly_max_hour").filter(mine).filter(this_month).height == 3
    assert home.status("home")[0].quarantined == {}
