"""What the sections tell beyond sums: averages, years, highest hours, exchange, community, all against the truth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from schemas.time import local_midnight
from tests.report.counting import EVERY, between, is_told, told, truth
from tests.report.filled import COMMUNITY, GAS, PLUS, TODAY, ZONES

if TYPE_CHECKING:
    from tests.report.filled import Filled, Report


@EVERY
def test_averages_are_of_the_last_year_by_local_time(filled: Filled, report: Report, point: str, register: str) -> None:
    """The profile is the mean of the hours of 365 local days, by their local hour."""
    since = local_midnight(TODAY - timedelta(days=365), ZONES[point])
    hours = truth(filled, report, point, register).filter(pl.col("start") >= since)
    kinds = {"Mon to Fri": pl.col("weekday") < 6, "Sat and Sun": pl.col("weekday") > 5, "All days": pl.lit(value=True)}
    profiles = report.figures(point, "profile")
    (figure,) = profiles if len(profiles) == 1 else [profiles[["consumption", "production"].index(register)]]

    for line in figure["lines"]:
        expected = dict(hours.filter(kinds[line["label"]]).group_by("hour").agg(pl.col("quantity").mean()).iter_rows())
        assert line["v"] == [pytest.approx(expected[hour], abs=1e-4) for hour in range(24)]


def test_years_stand_beside_each_other(filled: Filled, report: Report) -> None:
    """Each month of each year is what was served of it, and none where nothing was."""
    hours = truth(filled, report, COMMUNITY, "consumption")
    (figure,) = report.figures(COMMUNITY, "years")

    by_month = dict(hours.group_by(pl.col("day").dt.month_start()).agg(pl.col("quantity").sum()).iter_rows())
    for year in figure["months"]:
        for number, value in enumerate(year["v"], 1):
            assert value == pytest.approx(by_month.get(date(int(year["label"]), number, 1)), abs=0.002)


def test_the_capacity_basis_is_the_mean_of_three_days(filled: Filled, report: Report) -> None:
    """Official and computed are the mean of the highest hours of three days, which are named."""
    hours = truth(filled, report, PLUS, "consumption").filter(pl.col("day").dt.month_start() == date(2026, 5, 1))
    highest = hours.sort("quantity", descending=True).unique("day", keep="first", maintain_order=True).head(3)
    rows = {row[0]: row[1:] for row in report.rows(PLUS, "Capacity basis and highest hours by month")}

    official, computed, *named = rows["May 2026"]

    mean = highest["quantity"].mean()
    assert told(official, r"([\d.]+) kW") == told(computed, r"([\d.]+) kW") == pytest.approx(mean, abs=0.0051)
    assert [told(cell) for cell in named] == [pytest.approx(value, abs=0.0051) for value in highest["quantity"]]
    local = highest["start"].dt.convert_time_zone(ZONES[PLUS].key)
    assert [cell.split(", ")[1] for cell in named] == [f"{at:%a} {at.day} {at:%b %H:%M}" for at in local]


def test_bought_sold_and_net(filled: Filled, report: Report) -> None:
    """By month, what came in, what went out, and the difference."""
    sums: list[Any] = []
    for register in ("consumption", "production"):
        hours = truth(filled, report, PLUS, register)
        sums.append(between(hours, date(2026, 5, 1), date(2026, 5, 31)))
    rows = {row[0]: row[1:] for row in report.rows(PLUS, "Bought, sold and net by month")}

    bought, sold, net = (told(cell) for cell in rows["May 2026"])

    assert bought == pytest.approx(sums[0], abs=0.5)
    assert sold == pytest.approx(sums[1], abs=0.5)
    assert net == pytest.approx(sums[0] - sums[1], abs=0.5)
    assert report.figures(COMMUNITY, "stack")[0].get("line") is None


def test_the_communitys_parts_add_up(filled: Filled, report: Report) -> None:
    """Shared layers and the rest are what was consumed, and the page says that they were compared."""
    (figure,) = report.figures(COMMUNITY, "stack")
    hours = truth(filled, report, COMMUNITY, "consumption")
    may = [datetime.fromtimestamp(x, UTC).date() for x in figure["x"]].index(date(2026, 5, 1))

    parts = [part["v"][may] for part in figure["parts"]]

    row = {row[0]: row for row in report.rows(COMMUNITY, "Consumption in the community, by month")}["May 2026"]
    assert len(parts) == 5
    assert row[-1] == f"{100 * sum(parts[:-1]) / sum(parts):.0f} %"
    assert sum(parts) == pytest.approx(between(hours, date(2026, 5, 1), date(2026, 5, 31)), abs=1.0)
    assert "They add up to what was measured on each of" in report.part(COMMUNITY)


@pytest.mark.parametrize(
    ("caption", "first"),
    [("The ten highest hours", date(1, 1, 1)), ("The ten highest hours of Jun 2026", date(2026, 6, 1))],
)
def test_the_highest_hours_are_named(filled: Filled, report: Report, caption: str, first: date) -> None:
    """The tables beside the picture of all hours name the highest of all and of this month, at their local time."""
    hours = truth(filled, report, GAS, "gas_energy").filter(pl.col("day") >= first)
    start, quantity = hours.sort("quantity", descending=True).select("start", "quantity").row(0)

    cell, value = report.rows(GAS, caption)[0]

    local = start.astimezone(ZONES[GAS])
    assert cell == f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M}"
    assert is_told(value, quantity)


def test_the_communitys_statement_is_of_last_month(filled: Filled, report: Report) -> None:
    """Each register came to what was served of it, the total too; nothing is restated that was never issued."""
    hours = truth(filled, report, COMMUNITY, "consumption")
    rows = {tuple(row[:2]): row[2:] for row in report.table("Statement of May 2026")}

    of_point, of_all = rows["plant \u20260001", "Consumption"], rows["Total", "Consumption"]

    expected = between(hours, date(2026, 5, 1), date(2026, 5, 31))
    assert told(of_point[0]) == told(of_all[0]) == pytest.approx(expected, abs=0.5)
    assert of_point[1:] == ["100 %", "100 %", *["\u2013"] * 4]
    assert {register for _, register in rows} >= {"Consumption, shared, layer 1", "Consumption, not shared"}
    assert [
        whose for whose, _ in rows if whose not in {"Total", "plant \u20260001", "plant \u20260002", "plant \u20260003"}
    ] == []
