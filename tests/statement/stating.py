"""What a statement should say, computed from what the simulated operators serve, and by nothing of the product."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.statement import draw_up, issue
from sandbox.leneda import truth
from schemas.time import month_window
from tests.leneda.plant import WORTH

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipelines.flow import Flow
    from pipelines.statement import Statement
    from tests.leneda.plant import Plant

LUXEMBOURG: Final = ZoneInfo("Europe/Luxembourg")
MAY: Final = date(2026, 5, 1)
JUNE: Final = date(2026, 6, 1)
EXACT: Final = 1e-9


def issued(flow: Flow, month: date, connections: Collection[str] | None = None) -> Statement:
    """Draw a statement up and issue it."""
    statement = draw_up(flow, month, {}, connections)
    issue(flow, statement)
    return statement


def row(frame: pl.DataFrame, register: str = "consumption", point: str | None = None) -> dict[str, Any]:
    """Return the one row of a register, of a metering point where several have it."""
    mine = frame.filter(pl.col("register") == register)
    (found,) = (mine if point is None else mine.filter(pl.col("metering_point") == point)).rows(named=True)
    return found


def served(plant: Plant, point: str, register: str, month: date, at: datetime) -> pl.DataFrame:
    """Return what Leneda serves at an instant of a month, in kWh (or the register's own unit)."""
    frame = truth.served(plant.world, point, register, month_window(month, LUXEMBOURG), at).drop_nulls("quantity")
    return frame.select("start", pl.col("quantity") * WORTH[register])


def kwh(frame: pl.DataFrame) -> float:
    """Return the sum of what is served."""
    return float(frame["quantity"].sum())
