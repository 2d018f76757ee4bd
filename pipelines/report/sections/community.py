"""Shared energy: which layer of the community it came from or went to, and what the grid had to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, table
from pipelines.report.plotdata import spans

if TYPE_CHECKING:
    from pipelines.report.gather import Point
    from pipelines.report.html import Html

PARTS: Final = ("shared_layer1", "shared_layer2", "shared_layer3", "shared_layer4", "remaining")


def community(point: Point) -> Html | None:
    """Return the parts of consumption and of production by month; None where nothing is shared."""
    found = [drawn for kind in ("consumption", "production") if (drawn := _of(point, kind))]
    return element("section", *found) if found else None


def _of(point: Point, kind: str) -> Html | None:
    parts = [f"{kind}_{part}" for part in PARTS if f"{kind}_{part}" in point.series]
    if not parts:
        return None
    months = pl.DataFrame(schema={"start": pl.Date()})
    for register in parts:
        mine = spans(point.series[register], "month").select("start", pl.col("quantity").alias(register))
        months = months.join(mine, on="start", how="full", coalesce=True)
    months = months.sort("start")
    names = {register: words.label(register).split(", ", 1)[1] for register in parts}
    values = {
        "unit": "kWh",
        "x": months["start"].cast(pl.Datetime("us")).dt.epoch("s").to_list(),
        "parts": [{"label": names[register], "v": months[register].to_list()} for register in parts],
    }
    rows = [
        [words.month(row["start"]), *(words.quantity(row[register], register) for register in parts), _shared(row, parts)]
        for row in reversed(months.to_dicts())
    ]
    title = f"{kind.capitalize()} in the community"
    return figure(
        "stack",
        title,
        "What was shared, layer by layer, and what the grid gave or took, by month.",
        values,
        table(("Month", *names.values(), "Shared"), rows, caption=f"{title}, by month"),
    )


def _shared(row: dict[str, float | None], parts: list[str]) -> str:
    """Return the shared part of what all parts add up to; none where a part is not known."""
    values = [row[register] for register in parts]
    if any(value is None for value in values) or not sum(values):  # type: ignore[arg-type]
        return words.NONE
    shared = sum(row[register] or 0 for register in parts if not register.endswith("remaining"))
    return words.percent(shared / sum(values))  # type: ignore[arg-type]
