"""When it is used or made: the hour of the day, the day of the week, and every hour of the year at a glance."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import Html, element, joined, table
from pipelines.report.sections.hours import hours_of
from schemas.time import local_midnight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.report.gather import Point, Series

DAYS_BACK: Final = 365
SHADES: Final = 9
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SATURDAY: Final = 6
_KINDS_OF_DAY: Final = (
    ("Mon to Fri", pl.col("weekday") < _SATURDAY),
    ("Sat and Sun", pl.col("weekday") >= _SATURDAY),
)
_ALL_DAYS: Final = (("All days", pl.lit(value=True)),)
_HOURS: Final = range(24)


def habits(point: Point) -> Html | None:
    """Return profile, week and year of each register whose hours are there."""
    shown = [series for series in point.main if series.hours.height]
    return joined(*(element("section", *_of(point, series)) for series in shown)) if shown else None


def average_hours(point: Point, series: Series) -> pl.DataFrame:
    """Return the mean of the hours of the last 365 local days: `weekday` (1 is Monday), `hour`, `mean`, `hours`."""
    since = local_midnight(point.today - timedelta(days=DAYS_BACK), point.zone)
    local = pl.col("start").dt.convert_time_zone(point.zone.key)
    return (
        series.hours.filter(pl.col("start") >= since)
        .group_by(weekday=local.dt.weekday(), hour=local.dt.hour())
        .agg(mean=pl.col("quantity").mean(), hours=pl.len())
        .sort("weekday", "hour")
    )


def _of(point: Point, series: Series) -> list[Html]:
    means = average_hours(point, series)
    name = words.label(series.register)
    return [
        _profile(series, means),
        # The sun knows no weekdays.
        *([] if series.register == "production" else [_week(series, means)]),
        figure(
            "raster",
            f"{name}, every hour",
            "A column is a day, from midnight at the bottom to midnight at the top. Gaps are hours that are missing, "
            "and the one that the clocks skip in spring.",
            {"series": hours_of(point, series)},
            joined(*_highest(point, series)),
        ),
    ]


def _profile(series: Series, means: pl.DataFrame) -> Html:
    lines = {}
    for title, days in _KINDS_OF_DAY if series.register != "production" else _ALL_DAYS:
        weighed = (pl.col("mean") * pl.col("hours")).sum() / pl.col("hours").sum()
        by_hour = dict(means.filter(days).group_by("hour").agg(weighed).iter_rows())
        lines[title] = [by_hour.get(hour) for hour in _HOURS]
    values = {
        "unit": words.unit(series.register),
        "lines": [
            {"label": title, "v": [None if v is None else round(v, 4) for v in line]} for title, line in lines.items()
        ],
    }
    rows = [
        [f"{hour:02}:00", *(words.quantity(line[hour], series.register) for line in lines.values())] for hour in _HOURS
    ]
    return figure(
        "profile",
        f"{words.label(series.register)} by hour of the day",
        f"The average hour of the last {DAYS_BACK} days.",
        values,
        table(["Hour", *lines], rows, caption="Average by hour of the day"),
    )


def _week(series: Series, means: pl.DataFrame) -> Html:
    """Return a table of weekday by hour, shaded: the table itself is the plot."""
    found = {(weekday, hour): mean for weekday, hour, mean, _ in means.iter_rows()}
    lowest, highest = min(found.values(), default=0.0), max(found.values(), default=0.0)
    rows = [
        element(
            "tr",
            element("th", name, scope="row"),
            *(_shaded(series, found.get((number, hour)), lowest, highest) for hour in _HOURS),
        )
        for number, name in enumerate(_WEEKDAYS, 1)
    ]
    head = element("tr", element("th", scope="col"), *(element("th", f"{hour:02}", scope="col") for hour in _HOURS))
    title = f"{words.label(series.register)} by weekday and hour"
    return element(
        "figure",
        element(
            "figcaption",
            element("h4", title),
            element("p", f"The average hour of the last {DAYS_BACK} days, in {words.unit(series.register)}."),
        ),
        element(
            "div",
            element("table", element("thead", head), element("tbody", *rows), class_="shades"),
            class_="wide",
            tabindex="0",
            role="region",
            aria_label=title,
        ),
        class_="plot",
    )


def _shaded(series: Series, mean: float | None, lowest: float, highest: float) -> Html:
    """Return a cell; the lowest is the palest and the highest the strongest."""
    if mean is None:
        return element("td", words.NONE)
    shade = min(int((mean - lowest) / (highest - lowest or 1) * SHADES), SHADES - 1)
    return element("td", words.number(mean, 1), class_=f"shade{shade}", title=words.quantity(mean, series.register))


def _highest(point: Point, series: Series) -> Iterator[Html]:
    """Return the highest hours of all, and of the running month where one of it is there."""
    first = point.today.replace(day=1)
    month = series.hours.filter(pl.col("start") >= local_midnight(first, point.zone))
    spans = ((f"The ten highest hours of {words.month(first)}", month), ("The ten highest hours", series.hours))
    for caption, hours in spans:
        rows = [
            [words.moment(start, point.zone), words.quantity(quantity, series.register)]
            for start, quantity in hours.top_k(10, by="quantity").select("start", "quantity").iter_rows()
        ]
        if rows:
            yield table(("Hour", words.label(series.register)), rows, caption=caption)
