"""Every hour as a bar: provisional ones marked, missing ones visibly missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from pipelines.report import plotdata, words
from pipelines.report.figures import figure
from pipelines.report.html import data, element, joined, table
from schemas.time import DAY

if TYPE_CHECKING:
    from pipelines.report.gather import Point, Series
    from pipelines.report.html import Html

DAYS_IN_TABLE = 14


def hours_of(point: Point, series: Series) -> str:
    """Return what the values of a register's hours are called in the page."""
    return f"{point.key}-{series.register}-hours"


def hours(point: Point) -> Html | None:
    """Return a plot of electricity, and one of gas; None where the report has no hours."""
    groups = [[series for series in group if series.hours.height] for group in point.groups]
    drawn = [_of(point, shown) for shown in groups if shown]
    return element("section", *drawn) if drawn else None


def _of(point: Point, shown: list[Series]) -> Html:
    values = [data(plotdata.hours(point, series), hours_of(point, series)) for series in shown]
    sold = " Production stands below the line." if len(shown) > 1 else ""
    sentence = (
        f"Each bar is an hour, in {point.zone.key} time: pale while the operator may still change it, hatched where "
        f"it is missing.{sold} Drag to zoom, double-click to go back."
    )
    drawn = {"series": [hours_of(point, series) for series in shown]}
    return joined(*values, figure("hours", "Hours", sentence, drawn, _table(point, shown)))


def _table(point: Point, shown: list[Series]) -> Html:
    rows = []
    for number in range(DAYS_IN_TABLE):
        day = point.today - number * DAY
        cells = [words.day(day)]
        for series in shown:
            found = series.days.filter(pl.col("day") == day)
            there = not found.is_empty() and found["present"][0] > 0
            cells.append(words.quantity(found["quantity"][0], series.register) if there else words.NONE)
            cells.append(_there(found) if not found.is_empty() else words.NONE)
        rows.append(cells)
    heads = ["Day", *(head for series in shown for head in (words.label(series.register), "there"))]
    return table(heads, rows, caption=f"The last {DAYS_IN_TABLE} days")


def _there(day: pl.DataFrame) -> str:
    present, missing, settled = (int(day[name][0]) for name in ("present", "missing", "settled"))
    late = f", {missing} missing" if missing else ""
    return f"{present}{late}{f', {present - settled} provisional' if settled < present else ''}"
