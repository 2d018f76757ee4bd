"""Shared energy: which layer of the community it came from or went to, and what the grid had to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, table
from pipelines.report.plotdata import epoch, spans
from schemas.balance import PARTS
from schemas.registers import REMAINING

if TYPE_CHECKING:
    from pipelines.report.gather import Point
    from pipelines.report.html import Html


def community(point: Point) -> Html | None:
    """Return the parts of consumption and of production by month; None where nothing is shared."""
    found = [drawn for kind in PARTS if (drawn := _of(point, kind))]
    return element("section", *found) if found else None


def _of(point: Point, kind: str) -> Html | None:
    parts = [register for register in PARTS[kind] if register in point.series]
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
        "x": epoch(months["start"]),
        "parts": [{"label": names[register], "v": months[register].to_list()} for register in parts],
    }
    rows = [
        [
            words.month(row["start"]),
            *(words.quantity(row[register], register) for register in parts),
            _shared(row, parts),
        ]
        for row in reversed(months.to_dicts())
    ]
    title = f"{kind.capitalize()} in the community"
    return figure(
        "stack",
        title,
        f"What was shared, layer by layer, and what was not, by month. {_balance(point, kind)}",
        values,
        table(("Month", *names.values(), "Shared"), rows, caption=f"{title}, by month"),
    )


def _balance(point: Point, kind: str) -> str:
    """Tell whether the parts add up to what was measured."""
    if kind not in point.series:
        return ""
    days = point.series[kind].days.filter(pl.col("compared") > 0)
    wrong = days.filter(pl.col("unbalanced") > 0)["day"].to_list()
    compared = words.counted(days.height, "day")
    if days.is_empty():
        return "No day has all parts, so they cannot be compared with what was measured."
    if not wrong:
        return f"They add up to what was measured on each of {compared}."
    count = words.count(len(wrong))
    return f"They do not add up to what was measured on {count} of {compared}, last on {words.day(max(wrong))}."


def _shared(row: dict[str, Any], parts: list[str]) -> str:
    """Return the shared part of what all parts add up to; none where a part is not known."""
    values = {register: row[register] for register in parts}
    if None in values.values() or not sum(values.values()):
        return words.NONE
    remaining = sum(value for register, value in values.items() if register.endswith(REMAINING))
    return words.percent(1 - remaining / sum(values.values()))
