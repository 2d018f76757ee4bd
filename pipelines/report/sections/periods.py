"""Days, weeks and months over all years that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from pipelines.report import plotdata, words
from pipelines.report.figures import figure
from pipelines.report.html import element, joined, table

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from pipelines.report.gather import Point, Series
    from pipelines.report.html import Html

MONTHS_IN_TABLE: Final = 13


def periods(point: Point) -> Html:
    """Return a plot of electricity, and one of gas."""
    return element("section", *(_of(point, shown) for shown in point.groups))


def _of(point: Point, shown: list[Series]) -> Html:
    values = {span: [plotdata.bars(point, series, span) for series in shown] for span in get_args(plotdata.Span)}
    sentence = (
        "Sums by local day, week from Monday, or month: pale while something may still change or come, striped where "
        "hours are missing from the sum."
    )
    return figure("bars", "Days, weeks, months", sentence, values, _tables(shown))


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
