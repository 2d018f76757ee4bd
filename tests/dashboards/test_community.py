"""Community: shares, loads and gas are what polars computes of the store's quarter-hours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from connectors.leneda.source import LENEDA
from dashboards.community import COMMUNITY
from sandbox.leneda.demo import CONSUMPTION, GAS, PRODUCTION
from schemas.time import DAY, local_midnight
from tests.dashboards.board import Board
from tests.dashboards.comparing import between, same, sums, total
from tests.support.home import NOW

if TYPE_CHECKING:
    from tests.dashboards.asking import Grafana
    from tests.dashboards.filled import Filled

FIRST, LAST = date(2026, 5, 18), date(2026, 6, 17)
SINCE: Final = local_midnight(FIRST, LENEDA.zone)
POINTS: Final = (CONSUMPTION, GAS, PRODUCTION)
LAYERS: Final = ("shared_layer1", "shared_layer2", "shared_layer3", "shared_layer4", "remaining")


@pytest.fixture
def board(grafana: Grafana) -> Board:
    """The dashboard with all metering points of the community, now."""
    return Board(grafana, COMMUNITY, {"metering_point": list(POINTS)}, NOW)


@pytest.fixture
def shared(every_reading: pl.DataFrame) -> pl.DataFrame:
    """What Leneda gave in the last thirty days."""
    return between(every_reading.filter(pl.col("metering_point").is_in(POINTS), source="leneda"), FIRST, LAST)


def test_who_shared_what(board: Board, shared: pl.DataFrame) -> None:
    """Each metering point's energy by layer is the sum of its quarter-hours; a register that it lacks is no zero."""
    shown = board.shown("Who shared what")

    assert shown.pop("Metering point") == [CONSUMPTION, PRODUCTION]
    assert set(shown) == {f"{side}_{layer}" for side in ("consumption", "production") for layer in LAYERS}
    for register, column in shown.items():
        for point, found in zip((CONSUMPTION, PRODUCTION), column, strict=True):
            readings = shared.filter(metering_point=point, register=register)
            if readings.is_empty():
                assert found is None
            else:
                assert found == pytest.approx(total(readings))


@pytest.mark.parametrize(
    ("title", "measured"), [("Still from the grid", "consumption"), ("Still to the grid", "production")]
)
def test_the_grid(board: Board, shared: pl.DataFrame, title: str, measured: str) -> None:
    """What no layer covered, and its share of what was measured."""
    remaining = total(shared.filter(register=f"{measured}_remaining"))

    assert board.shown(title) == {
        title: pytest.approx([remaining]),
        "Share": pytest.approx([remaining / total(shared.filter(register=measured))]),
    }


def test_the_grids_share_is_of_days_that_have_both(grafana: Grafana, store: Filled) -> None:
    """What was measured before the sharing began, or by a metering point outside of it, makes no share smaller."""
    days = [local_midnight(LAST - ago * DAY, LENEDA.zone) for ago in (3, 2, 1)]
    points = {"joins": days[2:], "outside": []}
    for point, sharing in points.items():
        for register, kwh, there in (("consumption", 10.0, days), ("consumption_remaining", 8.0, sharing)):
            for day in there:
                series = f"local_day,source=leneda,metering_point={point},register={register}"
                store.scribble(f"{series} energy_kwh={kwh} {int(day.timestamp())}")
    try:
        board = Board(grafana, COMMUNITY, {"metering_point": list(points)}, NOW)
        assert board.shown("Still from the grid") == {"Still from the grid": [8], "Share": [pytest.approx(0.8)]}
    finally:
        for point in points:
            store.database.delete("local_day", tags={"metering_point": point})


# After each clock change, and now.
MOMENTS: Final = (datetime(2025, 11, 2, 12, tzinfo=UTC), datetime(2026, 4, 5, 12, tzinfo=UTC), NOW)


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
@pytest.mark.parametrize("measured", ["consumption", "production"])
def test_days_by_layer(grafana: Grafana, every_reading: pl.DataFrame, measured: str, moment: datetime) -> None:
    """Each local day's bar of a layer is its sum over the metering points, with 23 and 25 hours, too."""
    board, title = Board(grafana, COMMUNITY, {}, moment), f"{measured.capitalize()} by layer"
    since = board.time(title).start

    shown = board.series(title)

    assert set(shown) == {f"{measured}_{layer}" for layer in LAYERS}
    for register, found in shown.items():
        readings = every_reading.filter(source="leneda", register=register)
        assert same(found, sums(readings, "midnight", since, moment))


def test_the_balance(board: Board, shared: pl.DataFrame) -> None:
    """The residual of each day is what was measured less its parts: here nothing."""
    shown = board.series("Residual of the balance")

    assert set(shown) == {f"{CONSUMPTION} consumption", f"{PRODUCTION} production"}
    days = sums(shared.filter(register="consumption"), "midnight", SINCE).with_columns(quantity=0.0)
    assert all(same(found, days) for found in shown.values())
    assert board.shown("Largest residual of a day") == {"Residual": pytest.approx([0])}


def test_load(board: Board, shared: pl.DataFrame) -> None:
    """The load of a quarter-hour is four times its energy; its highest has its time beside it."""
    consumption = shared.filter(register="consumption").with_columns(quantity=pl.col("quantity") * 4)
    highest = consumption.sort("quantity").row(-1, named=True)

    shown, peak = board.series("Load by quarter-hour"), board.shown("Highest quarter-hour")

    assert set(shown) == {
        f"{side} {what}" for side in ("consumption", "production") for what in ("load", "metering points")
    }
    assert same(shown["consumption load"], consumption.select("start", "quantity"))
    # Wherever a quarter-hour arrived, it was that of the one metering point which has the register.
    assert same(shown["consumption metering points"], consumption.select("start", quantity=pl.lit(1.0)))
    assert peak == {
        "Load": [pytest.approx(highest["quantity"])],
        "Quarter-hour": [highest["start"].timestamp() * 1000],
    }


def test_the_duration_curve(board: Board, shared: pl.DataFrame) -> None:
    """Loads stand from the highest down, each at the share of the time in which it was exceeded."""
    loads = sorted(shared.filter(register="consumption")["quantity"] * 4, reverse=True)

    shown = board.shown("Duration curve")

    assert list(shown) == ["Load", "Share of the time"]
    assert shown["Load"] == pytest.approx(loads)
    assert shown["Share of the time"] == pytest.approx([place / len(loads) for place in range(len(loads))])


@pytest.mark.parametrize(
    ("title", "register"),
    [
        ("Volume of gas", "gas_volume"),
        ("Standard volume of gas", "gas_standard_volume"),
        ("Energy of gas", "gas_energy"),
    ],
)
def test_gas(board: Board, shared: pl.DataFrame, title: str, register: str) -> None:
    """Each day of gas is there in its own unit."""
    assert same(board.series(title)[GAS], sums(shared.filter(register=register), "midnight", SINCE))
