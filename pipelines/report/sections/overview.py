"""All metering points in one table, to find one's way by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.report import words
from pipelines.report.html import element, joined, table, void
from pipelines.report.numbers import headlines

if TYPE_CHECKING:
    from pipelines.report.gather import Gathered, Point, Series
    from pipelines.report.html import Content, Html

SEARCH_FROM: Final = 8
"""Metering points from which on a box to search in is of use."""


def overview(gathered: Gathered) -> Html | None:
    """Return a row for each register that a metering point is read for; None where there is nothing to choose."""
    if len(gathered.points) <= 1:
        return None
    rows = [_row(point, series) for point in gathered.points for series in point.main]
    heads = ("Metering point", "Register", "Yesterday", "This month", "This year", "Change", "There", "Newest")
    search = void(
        "input", type="search", id="search", placeholder="Search by name, id or connection", aria_label="Search"
    )
    many = len(gathered.points) >= SEARCH_FROM
    return element(
        "section",
        element("h2", f"{words.counted(len(gathered.points), 'metering point')}"),
        search if many else None,
        element("div", table(heads, rows), class_="overview"),
        id="overview",
    )


def _row(point: Point, series: Series) -> list[Content]:
    shown = {one.title: one for one in headlines(point, series)}
    year = list(shown.values())[-1]
    month = shown.get("This month")
    change = words.NONE
    if year.comparable and year.before and year.compared and year.before.quantity and year.compared.quantity is not None:
        change = words.change(year.compared.quantity, year.before.quantity)
    status = series.status
    return [
        joined(
            element("a", point.name, href=f"#{point.key}"),
            element("span", f"{point.source}/{point.connection} {point.metering_point}", class_="small"),
        ),
        words.label(series.register),
        words.quantity(shown["Yesterday"].total.quantity, series.register),
        words.quantity(month.total.quantity if month else None, series.register),
        words.quantity(year.total.quantity, series.register),
        change,
        "in part" if status.sparse else words.share(status.readings, status.expected),
        words.moment(status.last_start, point.zone),
    ]
