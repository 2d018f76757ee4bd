"""All metering points in one table, to find one's way by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.report import words
from pipelines.report.html import element, joined, table, void
from pipelines.report.numbers import this_month, year_to_date, yesterday

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
    heads = ("Metering point", "Register", "Yesterday", "This month", "This year", "Change", "There", "Up to")
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
    status, change = series.status, year_to_date(point, series).change()
    return [
        joined(
            element("a", point.name, href=None if point.detail == "list" else f"#{point.key}"),
            element("span", f"{point.source}/{point.connection} {point.metering_point}", class_="small"),
        ),
        words.label(series.register),
        *(
            words.quantity(one.total.quantity, series.register)
            for one in (yesterday(point, series), this_month(point, series), year_to_date(point, series))
        ),
        words.NONE if change is None else words.change(change),
        "in part" if status.sparse else words.share(status.readings, status.expected),
        words.short_moment(series.until, point.zone),
    ]
