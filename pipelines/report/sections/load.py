"""Load by the quarter-hour, and how long each load lasts, where a metering point is read so."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, table
from pipelines.report.plotdata import DECIMALS, offsets
from pipelines.report.readings import QUARTER, QUARTERS_BACK
from schemas.registers import RESOLUTIONS
from schemas.time import HOUR, local_midnight

if TYPE_CHECKING:
    from pipelines.report.gather import Point, Series
    from pipelines.report.html import Html

DAYS_DRAWN: Final = 92
HIGHEST: Final = 10
PLACES: Final = 400
"""Parts that the time of a duration curve is cut into: a pixel or two each."""
SHARES: Final = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9)
PER_HOUR: Final = HOUR // timedelta(seconds=RESOLUTIONS[QUARTER])
"""kWh in a quarter-hour, times this, are its mean kW."""


def load(point: Point) -> Html | None:
    """Return load and duration curve; None where there is no quarter-hour."""
    shown = [series for series in point.main if series.quarters.height]
    return element("section", _load(point, shown), _duration(shown)) if shown else None


def _load(point: Point, shown: list[Series]) -> Html:
    since = local_midnight(point.today - timedelta(days=DAYS_DRAWN), point.zone)
    newest = max(series.until for series in shown)
    grid = pl.select(start=pl.datetime_range(since, newest, "15m", closed="left", time_unit="us", time_zone="UTC"))
    lists = [
        {
            "register": series.register,
            "label": words.label(series.register),
            "v": _kw(grid.join(series.quarters, on="start", how="left", maintain_order="left")["quantity"]),
        }
        for series in shown
    ]
    values = {"t0": int(since.timestamp()), "offsets": offsets(grid["start"], point.zone), "series": lists}
    rows = [
        [words.label(series.register), words.moment(start, point.zone), words.kw(kwh * PER_HOUR)]
        for series in shown
        for start, kwh in series.quarters.top_k(HIGHEST, by="quantity").select("start", "quantity").iter_rows()
    ]
    return figure(
        "load",
        "Load by quarter-hour",
        f"The mean load of each quarter-hour of the last {DAYS_DRAWN} days; a gap has no reading.",
        values,
        table(
            ("Register", "Quarter-hour", "Load"),
            rows,
            caption=f"The highest quarter-hours of the last {QUARTERS_BACK.days} days",
        ),
    )


def _duration(shown: list[Series]) -> Html:
    falling = {series.register: series.quarters["quantity"].sort(descending=True) for series in shown}
    lists = [
        {
            "register": register,
            "label": words.label(register),
            "v": _kw(loads.gather([_place(loads, part / PLACES) for part in range(PLACES + 1)])),
        }
        for register, loads in falling.items()
    ]
    rows = [
        [_share(part), *(words.kw(loads[_place(loads, part)] * PER_HOUR) for loads in falling.values())]
        for part in SHARES
    ]
    return figure(
        "duration",
        "Duration curve",
        f"The load that was reached or exceeded for so much of the last {QUARTERS_BACK.days} days, of what is here.",
        {"series": lists},
        table(("Of the time", *map(words.label, falling)), rows, caption="Load that was reached or exceeded"),
    )


def _place(falling: pl.Series, part: float) -> int:
    """Return the place of the least load that lasted for this part of the time."""
    # Rounded first, since a tenth of ten may be a little more than one.
    return max(ceil(round(part * falling.len(), 6)) - 1, 0)


def _share(part: float) -> str:
    return f"{100 * part:g}\u00a0%"


def _kw(kwh: pl.Series) -> list[Any]:
    return (kwh * PER_HOUR).round(DECIMALS).to_list()
