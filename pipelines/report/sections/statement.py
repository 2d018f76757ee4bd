"""The statement of the last month: what each register came to, and what was restated since it was last issued."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.report import words
from pipelines.report.html import Html, element, table
from pipelines.statement import TOTAL

if TYPE_CHECKING:
    from pipelines.report.gather import Gathered
    from pipelines.statement import Statement

_HEADS = ("Metering point", "Register", "Came to", "There", "Settled", "Restated", "New", "Corrected", "Since")


def statement(gathered: Gathered) -> Html | None:
    """Return a table for each operator whose registers tell what is shared; None where none does."""
    shown = [_of(gathered, one) for one in gathered.statements]
    return element("section", *shown, id="statement") if shown else None


def _of(gathered: Gathered, told: Statement) -> Html:
    names = {point.metering_point: point.name for point in gathered.points}
    rows = [_row(row, names, told) for row in pl.concat([told.rows, told.totals]).iter_rows(named=True)]
    month = words.month(told.month)
    return element(
        "details",
        element("summary", element("h2", f"Statement of {month}, {told.source.name}")),
        element(
            "p",
            f"What every register came to in {month}. Restated is what changed since the statement of that month was "
            "last issued with `wattline statement`; this page issues none.",
            class_="small",
        ),
        table(_HEADS, rows, caption=f"Statement of {month}", naming=2),
    )


def _row(row: dict[str, Any], names: dict[str, str], told: Statement) -> list[str]:
    register, since = row["register"], row["previous_statement"]
    whose = "Total" if row["name"] == TOTAL and row["metering_point"] is None else names[row["metering_point"]]
    changes = [words.NONE] * 4
    if since is not None:
        restated = words.number(row["restated"], 3)
        changes = [
            f"{'+' if row['restated'] > 0 else ''}{restated}\u00a0{words.unit(register)}",
            words.count(row["new"]),
            words.count(row["corrected"]),
            words.moment(since, told.source.zone),
        ]
    return [
        whose,
        words.label(register),
        words.quantity(row["quantity"], register),
        words.share(row["present"], row["expected"]),
        words.share(row["settled"], row["present"]),
        *changes,
    ]
