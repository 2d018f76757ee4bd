"""What each month had cost, had no hour been above some kW: of use to whoever may spread a load over more hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, table
from pipelines.report.plotdata import DECIMALS, epoch
from schemas.charge import CAPS
from schemas.peak import RANKS

if TYPE_CHECKING:
    from datetime import date

    from pipelines.report.gather import Point
    from pipelines.report.html import Content, Html
    from schemas.charge import CapacityCharge

FIRST_CHOICE: Final = 5
"""Where no cap had saved anything."""
MONTHS_IN_A_YEAR: Final = 12


def cap(point: Point) -> Html | None:
    """Return what each cap had given by month; None where the hours have no price, or the report no room."""
    if point.charge is None or point.peaks.is_empty() or point.detail != "hours":
        return None
    months = _months(point)
    capped = [_at(point.charge, months, kw) for kw in CAPS]
    values = {
        "x": epoch(months["month"]),
        "actual": _rounded(months["basis"]),
        "caps": capped,
        "lines": list(point.charge.bounds),
        "cap": max((one["cap"] for one in capped if any(one["saved"])), default=FIRST_CHOICE),
    }
    rows = [_row(one) for one in capped]
    heads = ("No hour above", "Saved in the last 12 months", "Saved in all", "Months in a lower step")
    return element(
        "section",
        figure(
            "caps",
            "Had no hour been above",
            "Each month's official basis, and what it had been with the three highest hours cut to a cap. The cap is "
            "taken to make no other hour higher. What a lower step had saved is told by pointing, and in the table.",
            values,
            table(heads, rows, caption="What a cap had saved"),
        ),
    )


def _months(point: Point) -> pl.DataFrame:
    """Return `month` (its first day), `hours` (the operator's highest) and `basis` (their mean), in order."""
    local = pl.col("start").dt.convert_time_zone(point.zone.key).dt.date().alias("month")
    return (
        point.peaks.filter(pl.col("rank") <= RANKS)
        .group_by(local)
        .agg(hours=pl.col("quantity"), basis=pl.col("quantity").mean())
        .sort("month")
    )


def _at(charge: CapacityCharge, months: pl.DataFrame, kw: int) -> dict[str, Any]:
    """Return the basis of each month under a cap, and the kroner that had saved; None where a price is not known."""
    cut = months.with_columns(capped=pl.col("hours").list.eval(pl.element().clip(upper_bound=kw)).list.mean())
    saved = [_saved(charge, *row) for row in cut.select("month", "basis", "capped").iter_rows()]
    return {"cap": kw, "v": _rounded(cut["capped"]), "saved": saved}


def _saved(charge: CapacityCharge, month: date, basis: float, capped: float) -> float | None:
    was, were = charge.price(basis, month), charge.price(capped, month)
    return None if was is None or were is None else was - were


def _rounded(values: pl.Series) -> list[float]:
    return values.round(DECIMALS).to_list()


def _row(one: dict[str, Any]) -> list[Content]:
    known = [kroner for kroner in one["saved"] if kroner is not None]
    year = [kroner for kroner in one["saved"][-MONTHS_IN_A_YEAR:] if kroner is not None]
    return [
        f"{one['cap']}\u00a0kW",
        words.kroner(sum(year) if year else None),
        words.kroner(sum(known) if known else None),
        f"{sum(kroner > 0 for kroner in known)} of {len(known)}",
    ]
