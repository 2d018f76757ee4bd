"""Year over year: the months side by side, and how far each year had come by each day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, table
from pipelines.report.plotdata import spans
from pipelines.report.sections.periods import days_of

if TYPE_CHECKING:
    from pipelines.report.gather import Point, Series
    from pipelines.report.html import Html

_Months = dict[date, dict[str, Any]]


def years(point: Point) -> Html | None:
    """Return a plot for each register that has readings of more than one year; None where there is none."""
    found = [_of(point, series) for series in point.main if series.days["day"].dt.year().n_unique() > 1]
    return element("section", *found) if found else None


def _of(point: Point, series: Series) -> Html:
    months: _Months = {row["start"]: row for row in spans(series, "month").to_dicts()}
    shown = sorted({month.year for month in months})
    values = {
        "unit": words.unit(series.register),
        "register": series.register,
        "months": [_by_month(series, year, months) for year in shown],
        "days": days_of(point, series),
    }
    sentence = (
        "The months of each year side by side, or each year adding up day by day. Where hours are missing, and in a "
        "month that is not over, the value is lower than it will be or would have been; pointing at it tells."
    )
    title = f"{words.label(series.register)}, year over year"
    return figure("years", title, sentence, values, _table(series, months, shown[::-1]))


def _by_month(series: Series, year: int, months: _Months) -> dict[str, Any]:
    found = [months.get(date(year, number, 1)) for number in range(1, 13)]
    return {
        "label": str(year),
        "v": [month["quantity"] if month else None for month in found],
        "note": [_note(series, month) if month else "" for month in found],
    }


def _note(series: Series, month: dict[str, Any]) -> str:
    """Tell what a month's sum lacks."""
    first = series.days["day"][0]
    if month["start"] < first:
        return f"from {words.brief(first)}"
    return f"{month['missing']} readings missing" if month["missing"] and not series.status.sparse else ""


def _table(series: Series, months: _Months, shown: list[int]) -> Html:
    rows = [
        [f"{date(shown[0], number, 1):%B}", *(_cell(series, months.get(date(year, number, 1))) for year in shown)]
        for number in range(1, 13)
    ]
    return table(["Month", *map(str, shown)], rows, caption=f"{words.label(series.register)} by month and year")


def _cell(series: Series, month: dict[str, Any] | None) -> str:
    if month is None or not isinstance(month["quantity"], float):
        return words.NONE
    note = _note(series, month)
    return f"{words.quantity(month['quantity'], series.register)}{f' ({note})' if note else ''}"
