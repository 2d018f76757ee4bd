"""Bought, sold and net, where one metering point has both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, table
from pipelines.report.plotdata import epoch, spans

if TYPE_CHECKING:
    from pipelines.report.gather import Point
    from pipelines.report.html import Html


def exchange(point: Point) -> Html | None:
    """Return what was bought, sold and what is left between, by month; None where there is one way only."""
    if not {"consumption", "production"} <= set(point.series):
        return None
    months = (
        spans(point.series["consumption"], "month")
        .join(spans(point.series["production"], "month"), on="start", how="full", coalesce=True, suffix="_sold")
        .sort("start")
        .select("start", bought="quantity", sold="quantity_sold", net=pl.col("quantity") - pl.col("quantity_sold"))
    )
    values = {
        "unit": "kWh",
        "x": epoch(months["start"]),
        "parts": [
            {"label": "bought", "v": months["bought"].to_list()},
            {"label": "sold", "v": [None if sold is None else -sold for sold in months["sold"]]},
        ],
        "line": {"label": "net", "v": months["net"].to_list()},
    }
    rows = [
        [words.month(start), *(words.quantity(value, "consumption") for value in rest)]
        for start, *rest in reversed(months.rows())
    ]
    sentence = (
        "Energy taken from the grid and fed into it, by month. What a roof makes and the house uses itself passes no "
        "grid meter, and is in neither."
    )
    return element(
        "section",
        figure(
            "stack",
            "Bought, sold and net",
            sentence,
            values,
            table(("Month", "Bought", "Sold", "Net"), rows, caption="Bought, sold and net by month"),
        ),
    )
