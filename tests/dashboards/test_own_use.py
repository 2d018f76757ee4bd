"""Own use: what a home that makes energy used of it, where the settings name what counts all that is made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from dashboards.home import HOME
from dashboards.own_use import FROM_SUMS, with_own_use
from dashboards.panels import NOT_A_NUMBER
from sandbox.leneda.demo import HOUSE, PANELS
from schemas.own_use import Household
from tests.dashboards.asking import Frame
from tests.dashboards.board import Board
from tests.dashboards.comparing import of, same, sums
from tests.dashboards.node import transformed
from tests.support.home import NOW

if TYPE_CHECKING:
    from tests.dashboards.asking import Grafana

SOLAR: Final = Household(
    "leneda", "solar", made=((PANELS, "production"),), fed_in=((HOUSE, "production"),), bought=((HOUSE, "consumption"),)
)
DARK: Final = datetime(2026, 1, 8, 12, tzinfo=UTC)
CLOCK_CHANGES: Final = (datetime(2025, 11, 2, 12, tzinfo=UTC), datetime(2026, 4, 5, 12, tzinfo=UTC))


def _board(grafana: Grafana, now: datetime = NOW, household: Household = SOLAR) -> Board:
    """Home with the row of a household; what else is chosen changes nothing in it."""
    chosen = {"source": "elvia", "metering_point": "707057500000000018", "register": "consumption"}
    return Board(grafana, with_own_use(HOME, [household]), chosen, now)


@pytest.fixture(scope="module")
def hours(every_hour: pl.DataFrame) -> pl.DataFrame:
    """The hours of which all three are there: `Made`, `Fed in`, `Bought`, `Used oneself`, `Used in all`."""
    parts = {"Made": (PANELS, "production"), "Fed in": (HOUSE, "production"), "Bought": (HOUSE, "consumption")}
    frames = [
        of(every_hour, "leneda", *part).select("start", "midnight", "month", pl.col("quantity").alias(name))
        for name, part in parts.items()
    ]
    joined = frames[0].join(frames[1].select("start", "Fed in"), on="start")
    joined = joined.join(frames[2].select("start", "Bought"), on="start").sort("start")
    # Each part lacks two hours that the others have.
    assert {frame.height for frame in frames} == {joined.height + 4}
    used = (pl.col("Made") - pl.col("Fed in")).alias("Used oneself")
    return joined.with_columns(used, (used + pl.col("Bought")).alias("Used in all"))


def _summed(hours: pl.DataFrame) -> dict[str, Any]:
    """Return every number of some hours by its name."""
    found: dict[str, Any] = {
        name: hours[name].sum() for name in ("Made", "Used oneself", "Fed in", "Bought", "Used in all")
    }
    return found | {
        "Hours": hours.height,
        "Share of own use": found["Used oneself"] / found["Made"],
        "Self-sufficiency": found["Used oneself"] / found["Used in all"],
    }


@pytest.mark.parametrize("moment", [NOW, DARK], ids=str)
def test_made_and_used(grafana: Grafana, hours: pl.DataFrame, moment: datetime) -> None:
    """Each number is of the hours that have every part; an hour that lacks one is in none of them."""
    board = _board(grafana, moment)
    wanted = hours.filter(pl.col("start").is_between(board.time("Made and used").start, moment))

    shown = {name: column[0] for name, column in board.shown("Made and used").items()}

    assert shown == pytest.approx(_summed(wanted))
    assert all(0 < _summed(wanted)[name] < 1 for name in ("Self-sufficiency", "Share of own use"))


@pytest.mark.parametrize("moment", CLOCK_CHANGES, ids=str)
def test_by_day(grafana: Grafana, hours: pl.DataFrame, moment: datetime) -> None:
    """What was used oneself and what was fed in stand on each other, by local days across clock changes."""
    board = _board(grafana, moment)
    inside = hours.filter(pl.col("start").is_between(board.time("Made by day").start, moment))

    shown = board.series("Made by day")

    assert list(shown) == ["Used oneself", "Fed in"]
    for name, points in shown.items():
        wanted = inside.with_columns(quantity=pl.col(name))
        assert same(points, sums(wanted, "midnight", datetime.min.replace(tzinfo=UTC), moment))


def test_by_month(grafana: Grafana, hours: pl.DataFrame) -> None:
    """Each month has the numbers of its hours, and how many they are."""
    months = hours.partition_by("month", maintain_order=True)

    shown = _board(grafana).shown("Own use by month")
    rows = [dict(zip(shown, row, strict=True)) for row in zip(*shown.values(), strict=True)]

    assert [row.pop("Month") for row in rows] == [f"{month['start'][-1]:%Y-%m}" for month in months]
    assert rows == [pytest.approx(_summed(month)) for month in months]


def test_a_part_that_is_nowhere(grafana: Grafana) -> None:
    """Where a part has no reading at all there is no number, and no zero."""
    without = Household("leneda", "solar", SOLAR.made, SOLAR.fed_in, bought=((PANELS, "consumption"),))
    board = _board(grafana, household=without)

    for title in ("Made and used", "Made by day", "Own use by month"):
        assert [frame.columns for frame in board.frames(title)] == []


def test_a_share_of_nothing_is_none(grafana: Grafana) -> None:
    """In hours in which nothing was made no share of it was used, and that is told as such, not as zero."""
    night = Frame("A", "", {"Made": [0.0], "Fed in": [0.0], "Bought": [2.5], "Hours": [1.0]})
    panel = _board(grafana).panel("Own use by month")
    ((made,),) = transformed([(list(FROM_SUMS), [night])])
    (format_,) = [each for each in panel["fieldConfig"]["overrides"] if each["matcher"]["id"] == "byRegexp"]

    # Not a number, which JSON has no word for.
    assert (made["Share of own use"], made["Self-sufficiency"], made["Used in all"]) == ([None], [0], [2.5])
    assert {"id": "mappings", "value": [NOT_A_NUMBER]} in format_["properties"]


def test_numbers_of_panels_stay() -> None:
    """A household's panels have the numbers that its connection's name gives, whichever others there are."""
    other = Household("leneda", "another", SOLAR.made, SOLAR.fed_in, SOLAR.bought)

    def numbers(*households: Household) -> list[int]:
        return [panel.number for panel in with_own_use(HOME, households).panels]

    alone, both = numbers(SOLAR), numbers(other, SOLAR)
    assert both[-4:] == alone[-4:]
    assert both[: len(HOME.panels)] == alone[:-4]
    assert len(set(both)) == len(both)
