"""Days, weeks and months over all years that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.report import plotdata, words
from pipelines.report.figures import figure
from pipelines.report.html import data, element, joined, table

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from pipelines.report.gather import Point, Series
    from pipelines.report.html import Html

MONTHS_IN_TABLE: Final = 13


def days_of(point: Point, series: Series) -> str:
    """Return what the values of a register's days are called in the page."""
    return f"{point.key}-{series.register}-days"


def periods(point: Point) -> Html:
    """Return a plot of electricity, and one of gas."""
    return element("section", *(_of(point, shown) for shown in point.groups))


def _of(point: Point, shown: list[Series]) -> Html:
    days = [data(plotdata.bars(point, series, "day"), days_of(point, series)) for series in shown]
    values = {
        "day": [days_of(point, series) for series in shown],
        "week": [plotdata.bars(point, series, "week") for series in shown],
        "month": [plotdata.bars(point, series, "month") for series in shown],
    }
    sentence = (
        "Sums by local day, week from Monday, or month: pale while something may still change or come, striped where "
        "hours are missing from the sum."
    )
    return joined(*days, figure("bars", "Days, weeks, months", sentence, values, _tables(shown)))


def _tables(shown: list[Series]) -> Html:
    return joined(*(_table(series, plotdata.spans(series, "month").tail(MONTHS_IN_TABLE)) for series in shown))


def _table(series: Series, months: pl.DataFrame) -> Html:
    rows = [
        [
            _month(series, row["start"]),
            words.quantity(row["quantity"], series.register),
            words.count(row["present"]),
            words.count(row["missing"]) if not series.status.sparse else words.NONE,
            words.share(row["settled"], row["present"]),
        ]
        for row in reversed(months.to_dicts())
    ]
    counted = "Hours" if series.status.resolution == "PT1H" else "Quarter-hours"
    heads = ("Month", words.label(series.register), counted, "Missing", "Settled")
    return table(heads, rows, caption=f"{words.label(series.register)} by month")


def _month(series: Series, start: date) -> str:
    first = series.days["day"][0]
    return f"{words.month(start)} (from {words.brief(first)})" if start < first else words.month(start)
