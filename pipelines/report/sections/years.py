"""Year over year: how far each year had come by each day, and the months side by side."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, table
from pipelines.report.plotdata import DECIMALS, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.report.gather import Point, Series
    from pipelines.report.html import Html

LEAP_YEAR: Final = 2000
"""The year whose days all others are laid on, so that a date stands at one place in each."""


def years(point: Point) -> Html | None:
    """Return a plot for each register; None where no year is there from its first day."""
    found = [drawn for series in point.main if (drawn := _of(series))]
    return element("section", *found) if found else None


def _of(series: Series) -> Html | None:
    lines = list(map(_line, _whole_years(series)))
    if not lines:
        return None
    values = {"unit": words.unit(series.register), "lines": lines}
    sentence = (
        "Each line adds up a year, day by day, so that where two lines part is where the years differ. "
        "A dashed line lacks hours, and would be higher with them. A year that is not there from 1 January has none."
    )
    return figure("years", f"{words.label(series.register)}, year over year", sentence, values, _table(series))


def _whole_years(series: Series) -> Sequence[pl.DataFrame]:
    """Return the days of each year that is there from its first day on."""
    by_year = series.days.with_columns(year=pl.col("day").dt.year()).partition_by("year", maintain_order=True)
    return [days for days in by_year if days["day"][0] == days["day"][0].replace(month=1, day=1)]


def _line(days: pl.DataFrame) -> dict[str, object]:
    in_leap_year = pl.date(LEAP_YEAR, pl.col("day").dt.month(), pl.col("day").dt.day())
    newest = days.filter(pl.col("present") > 0)["day"].max()
    drawn = days.filter(pl.col("day") <= newest).select(
        x=in_leap_year.cast(pl.Datetime("us")).dt.epoch("s"),
        v=pl.col("quantity").fill_null(0).cum_sum().round(DECIMALS),
    )
    return {
        "label": str(days["day"][0].year),
        "x": drawn["x"].to_list(),
        "v": drawn["v"].to_list(),
        "lacks": int(days["missing"].sum()) > 0,
    }


def _table(series: Series) -> Html:
    months = {row["start"]: row for row in spans(series, "month").iter_rows(named=True)}
    shown = sorted({month.year for month in months}, reverse=True)
    rows = [
        [f"{date(LEAP_YEAR, number, 1):%B}", *(_cell(series, months.get(date(year, number, 1))) for year in shown)]
        for number in range(1, 13)
    ]
    return table(["Month", *map(str, shown)], rows, caption=f"{words.label(series.register)} by month and year")


def _cell(series: Series, month: dict[str, object] | None) -> str:
    if month is None or not isinstance(month["quantity"], float):
        return words.NONE
    lacking = "" if series.status.sparse or not month["missing"] else f" ({month['missing']} missing)"
    return f"{words.quantity(month['quantity'], series.register)}{lacking}"
