"""Capacity charge: peaks, steps and prices are what polars and the tables of prices give."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from connectors.elvia.charge import CHARGE
from dashboards.capacity import CAPACITY
from tests.dashboards.board import Board
from tests.dashboards.comparing import of, points, same
from tests.dashboards.filled import ORDINARY, PLUS
from tests.support.home import NOW

if TYPE_CHECKING:
    from tests.dashboards.asking import Grafana
    from tests.dashboards.filled import Filled

OSLO: Final = ZoneInfo("Europe/Oslo")
HOUSEHOLDS: Final = {"home": ORDINARY.metering_point, "plus": PLUS.metering_point}
CAPS: Final = ("2", "3", "5")


@pytest.fixture(params=list(HOUSEHOLDS.values()), ids=list(HOUSEHOLDS))
def metering_point(request: pytest.FixtureRequest) -> str:
    """Return a metering point in Norway."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def board(grafana: Grafana, metering_point: str) -> Board:
    """The dashboard, now."""
    return Board(grafana, CAPACITY, {"metering_point": metering_point}, NOW)


@pytest.fixture
def peaks(every_reading: pl.DataFrame, metering_point: str) -> pl.DataFrame:
    """The three highest hours of each month, on three days: `month`, `start`, `quantity`."""
    hours = of(every_reading, "elvia", metering_point, "consumption")
    highest = hours.sort("quantity", descending=True).group_by("day", maintain_order=True).first()
    return highest.sort("quantity", descending=True).group_by("month", maintain_order=True).head(3).sort("month")


@pytest.fixture
def bases(peaks: pl.DataFrame) -> pl.DataFrame:
    """The mean of those, by month."""
    return peaks.group_by("month", maintain_order=True).agg(pl.col("quantity").mean())


def _tariff(month: datetime) -> tuple[float, ...]:
    day = month.astimezone(OSLO).date()
    return [tariff for tariff in CHARGE.tariffs if tariff.valid_from <= day][-1].kroner


def _step(basis: float) -> int:
    return sum(basis > bound for bound in CHARGE.bounds)


def _price(month: datetime, basis: float) -> float | None:
    kroner = _tariff(month)
    return kroner[_step(basis)] if _step(basis) < len(kroner) else None


def test_the_running_month(board: Board, bases: pl.DataFrame) -> None:
    """Its basis, step, price and what is left to the next step follow from the three highest hours."""
    month, basis = bases.row(-1)

    shown = board.shown("Basis of this month")
    (step,) = board.shown("Step of this month")["Step"]

    assert month == datetime(2026, 5, 31, 22, tzinfo=UTC)
    assert [*shown["Computed"], *shown["Official"]] == pytest.approx([basis] * 2)
    assert shown["Month"] == [month.timestamp() * 1000]
    assert step == pytest.approx(basis)
    assert board.shown("Price of this month") == {"Kroner": [_price(month, basis)]}
    assert board.shown("Left to the next step")["Left to the next step"] == pytest.approx(
        [CHARGE.bounds[_step(basis)] - basis]
    )


def test_the_step_is_named(board: Board) -> None:
    """The first range that holds a value names its step: a bound belongs to the lower one."""
    ranges = board.panel("Step of this month")["fieldConfig"]["defaults"]["mappings"]

    for basis in (0, 1.9, *CHARGE.bounds, *(bound + 0.001 for bound in CHARGE.bounds), 5000):
        fitting = [
            each["options"]["result"]["text"]
            for each in ranges
            if each["options"]["from"] <= basis and (each["options"]["to"] is None or basis <= each["options"]["to"])
        ]
        assert fitting[0] == CHARGE.label(_step(basis))


@pytest.mark.parametrize("panel", ["officially", "by our own readings"])
def test_the_hours_that_put_me_there(board: Board, peaks: pl.DataFrame, panel: str) -> None:
    """They are the three highest hours on three days, with their own times."""
    month = peaks.filter(pl.col("month") == peaks["month"].max())
    wanted = sorted(zip(month["start"].dt.epoch("ms"), month["quantity"], strict=True))

    shown = board.shown(f"The hours that put me there, {panel}")

    assert sorted(zip(shown["Hour"], shown["Energy"], strict=True)) == wanted
    if panel == "officially":
        assert sorted(shown["Rank"]) == ["1", "2", "3"]  # type: ignore[type-var]


def test_ranks_that_are_left_over_do_not_show(grafana: Grafana, metering_point: str) -> None:
    """A rank beyond what the month has is not shown, and of a month with none nothing is."""
    title = "The hours that put me there, officially"
    chosen = {"metering_point": metering_point}

    assert Board(grafana, CAPACITY, chosen | {"ranks": "2"}, NOW).shown(title)["Rank"] == ["1", "2"]
    assert Board(grafana, CAPACITY, chosen | {"ranks": "0"}, NOW).shown(title) == {}


def test_36_months(board: Board, bases: pl.DataFrame) -> None:
    """Each month's computed basis is there, and the operator's is the same but where hours are missing."""
    shown = board.series("Basis by month")

    assert same(shown["Computed"], bases)
    lacking = {int(datetime(2025, 12, 31, 23, tzinfo=UTC).timestamp() * 1000)}
    wanted = {time: basis for time, basis in points(bases).items() if time not in lacking}
    assert {time: basis for time, basis in shown["Official"].items() if time in wanted} == pytest.approx(wanted)
    assert board.shown("Months in which the two differ") == {}


def test_the_price_of_each_month(board: Board) -> None:
    """Each month costs what its tariff says of the official basis."""
    official = board.series("Basis by month")["Official"]
    wanted = {
        time: _price(datetime.fromtimestamp(time / 1000, UTC), float(str(basis))) for time, basis in official.items()
    }

    assert board.series("Price by month")["Kroner"] == wanted
    assert len(set(wanted.values())) > 3


@pytest.mark.parametrize("cap", CAPS)
def test_a_cap(grafana: Grafana, metering_point: str, peaks: pl.DataFrame, cap: str) -> None:
    """Under a cap the three highest hours are cut to it; what that had saved is the difference of the prices."""
    board = Board(grafana, CAPACITY, {"metering_point": metering_point, "cap": cap}, NOW)
    official = board.series("Basis by month")["Official"]
    cut = peaks.with_columns(pl.col("quantity").clip(upper_bound=float(cap)))
    capped = cut.group_by("month", maintain_order=True).agg(pl.col("quantity").mean())

    shown = board.series("Basis with a cap")

    assert shown["As it was"] == pytest.approx(official)
    complete = {time: basis for time, basis in points(capped).items() if time in official}
    complete.pop(int(datetime(2025, 12, 31, 23, tzinfo=UTC).timestamp() * 1000))
    assert {time: basis for time, basis in shown["With the cap"].items() if time in complete} == pytest.approx(complete)
    wanted = {}
    for time, basis in official.items():
        month = datetime.fromtimestamp(time / 1000, UTC)
        prices = _price(month, float(str(basis))), _price(month, float(str(shown["With the cap"][time])))
        assert None not in prices
        wanted[time] = prices[0] - prices[1]  # type: ignore[operator]
    assert board.series("Kroner saved by the cap")["Saved"] == pytest.approx(wanted)


def test_a_month_that_begins_changes_no_other(grafana: Grafana, metering_point: str) -> None:
    """On the first day of a month, of which there is one rank, the months before keep all three of theirs."""
    chosen = {"metering_point": metering_point}
    first_day = Board(grafana, CAPACITY, chosen | {"ranks": "1"}, NOW)

    for title in ("Basis with a cap", "Kroner saved by the cap"):
        assert first_day.series(title) == Board(grafana, CAPACITY, chosen, NOW).series(title)


@pytest.mark.parametrize("bound", CHARGE.bounds)
def test_a_step_includes_its_upper_bound(grafana: Grafana, store: Filled, bound: int) -> None:
    """With a basis of just that much nothing is left to the next step, and the price is the lower step's."""
    at = int(datetime(2026, 5, 31, 22, tzinfo=UTC).timestamp())
    store.scribble(
        f"capacity_basis,source=elvia,metering_point=edge,register=consumption computed_kwh={bound}.0,ranks=3i {at}"
    )
    try:
        board = Board(grafana, CAPACITY, {"metering_point": "edge"}, NOW)
        assert board.shown("Left to the next step") == {"Left to the next step": [0]}
        assert board.shown("Price of this month") == {"Kroner": [_tariff(NOW)[CHARGE.bounds.index(bound)]]}
    finally:
        store.database.delete("capacity_basis", tags={"metering_point": "edge"})


def test_prices_have_no_gap() -> None:
    """Tariffs follow on each other, rise by step, and the newest ones know every step."""
    days = [tariff.valid_from for tariff in CHARGE.tariffs]

    assert days == sorted(set(days))
    assert all(tariff.valid_from.day == 1 for tariff in CHARGE.tariffs)
    assert all(list(tariff.kroner) == sorted(tariff.kroner) for tariff in CHARGE.tariffs)
    newer = [tariff for tariff in CHARGE.tariffs if tariff.valid_from >= date(2024, 10, 1)]
    assert all(len(tariff.kroner) == len(CHARGE.bounds) + 1 for tariff in newer)
