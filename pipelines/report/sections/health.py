"""How good the data is: every day's coverage, what is missing, what was corrected, what is quarantined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, table
from pipelines.report.sections.periods import days_of

if TYPE_CHECKING:
    from pipelines.report.gather import Point, Series
    from pipelines.report.html import Html

MOST_CORRECTIONS: Final = 20
MOST_HOLES: Final = 5


def health(point: Point) -> Html:
    """Return the calendar of every register, its counts, and the newest corrections."""
    values = {"series": [days_of(point, series) for series in point.main]}
    return element(
        "section",
        figure(
            "calendar",
            "Is everything there?",
            "A square is a day, a row of weeks a year: whole and settled, whole but provisional, partly missing, "
            "missing.",
            values,
            _counts(point),
        ),
        _corrections(point),
    )


def _counts(point: Point) -> Html:
    rows = [_row(point, series) for series in point.series.values()]
    heads = ("Register", "From", "To", "Readings", "There", "Missing", "Settled", "Corrected", "Quarantined", "Holes")
    return table(heads, rows, caption="Every register of this metering point")


def _row(point: Point, series: Series) -> list[str]:
    status = series.status
    there = words.share(status.readings, status.expected)
    return [
        words.label(series.register),
        words.moment(status.first_start, point.zone),
        words.moment(series.until, point.zone),
        words.count(status.readings),
        "only some hours of its days" if status.sparse else there,
        words.NONE if status.sparse else words.count(status.missing),
        words.share(status.settled, status.readings),
        words.count(status.corrected),
        words.count(status.quarantined),
        "; ".join(status.holes[:MOST_HOLES]) or words.NONE,
    ]


def _corrections(point: Point) -> Html | None:
    if point.corrections.is_empty():
        return None
    newest = point.corrections.sort("known", "day", "register", descending=True)
    rows = [
        [
            words.day(row["known"]),
            words.day(row["day"]),
            words.label(row["register"]),
            words.count(row["readings"]),
            words.quantity(row["before"], row["register"]),
            words.quantity(row["after"], row["register"]),
        ]
        for row in newest.head(MOST_CORRECTIONS).iter_rows(named=True)
    ]
    heads = ("Known since", "Day", "Register", "Readings", "Before", "After")
    return element(
        "details",
        element("summary", f"Corrected by the operator: {words.counted(newest.height, 'day')}"),
        table(heads, rows, caption="The newest corrections: sums of the corrected readings", naming=2),
        class_="plot",
    )
