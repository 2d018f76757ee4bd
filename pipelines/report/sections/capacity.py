"""The three highest hours of each month, on three days, and their mean: what a capacity charge is set by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.load.projection import CAPACITY_REGISTER
from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, joined, table
from pipelines.report.plotdata import epoch
from schemas.peak import RANKS

if TYPE_CHECKING:
    from datetime import date, datetime

    from pipelines.report.gather import Point
    from pipelines.report.html import Content, Html

MONTHS_SHOWN: Final = 13
_ORDINALS: Final = ("Highest", "Second", "Third")


def capacity(point: Point) -> Html | None:
    """Return the months' highest hours; None where the operator names none."""
    if point.basis.is_empty():
        return None
    months = point.basis.sort("time", descending=True).to_dicts()
    highest = _highest(point)
    rows = [_row(point, month, highest) for month in months]
    heads = ("Month", "Operator's basis", "Our own", *_ORDINALS)
    newest = table(heads, rows[:MONTHS_SHOWN], caption="Capacity basis and highest hours by month")
    rest = rows[MONTHS_SHOWN:] if point.detail == "hours" else []
    older = table(heads, rest, caption="Earlier months") if rest else None
    return element(
        "section",
        figure(
            "grouped",
            "Capacity basis",
            "The mean of the three highest hours on three different days of each month, as the operator gives it and "
            "as it follows from the hours that are here. It decides the step of the capacity charge.",
            _values(months, point),
            joined(newest, older),
        ),
        _this_month(point, months[0], highest),
    )


def _highest(point: Point) -> dict[date, list[tuple[datetime, float]]]:
    """Return the highest hours of each month, one a day."""
    days = (
        point.series[CAPACITY_REGISTER].days.drop_nulls("max_quantity") if CAPACITY_REGISTER in point.series else None
    )
    if days is None:
        return {}
    ranked = days.sort("max_quantity", descending=True).group_by(pl.col("day").dt.month_start(), maintain_order=True)
    return {month: list(rows.head(RANKS).select("max_start", "max_quantity").iter_rows()) for (month,), rows in ranked}


def _row(point: Point, month: dict[str, Any], highest: dict[date, list[tuple[datetime, float]]]) -> list[Content]:
    first = month["time"].astimezone(point.zone).date()
    hours = highest.get(first, [])
    cells = [f"{words.number(value, 2)}\u00a0kWh, {words.hour(start, point.zone)}" for start, value in hours]
    lacking = f" ({month['missing_hours']} hours missing)" if month["missing_hours"] else ""
    return [
        words.month(first),
        _kwh(month["official_kwh"]),
        f"{_kwh(month['computed_kwh'])}{lacking}",
        *(cells + [words.NONE] * (RANKS - len(cells))),
    ]


def _kwh(value: object) -> str:
    return f"{words.number(value, 2)}\u00a0kW" if isinstance(value, float) else words.NONE


def _values(months: list[dict[str, Any]], point: Point) -> dict[str, Any]:
    shown = months[::-1]
    local = [month["time"].astimezone(point.zone).date() for month in shown]
    return {
        "unit": "kW",
        "x": epoch(pl.Series(local, dtype=pl.Date)),
        "groups": [
            {"label": "the operator's", "v": [month["official_kwh"] for month in shown]},
            {"label": "computed here", "v": [month["computed_kwh"] for month in shown]},
        ],
    }


def _this_month(point: Point, month: dict[str, Any], highest: dict[date, list[tuple[datetime, float]]]) -> Html:
    first = month["time"].astimezone(point.zone).date()
    items = [
        element("li", element("strong", f"{words.number(value, 2)}\u00a0kWh"), f" {words.moment(start, point.zone)}")
        for start, value in highest.get(first, [])
    ]
    settled = "" if month["settled"] else " so far"
    return element(
        "div",
        element("h4", f"The highest hours of {words.month(first)}{settled}"),
        element("ol", *items, class_="ranks"),
        element(
            "p",
            f"The operator's mean is {_kwh(month['official_kwh'])}, ours {_kwh(month['computed_kwh'])}.",
        ),
        class_="plot",
    )
