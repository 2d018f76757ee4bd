"""Rows as JSON text, written by polars a series at a time, with the faults that concern rows."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import polars as pl

from sandbox import tampering
from sandbox.faults import FaultKind
from sandbox.hours import OSLO

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sandbox.faults import Fault

    Change = Callable[[pl.Expr], pl.Expr]

HOUR_IN_MINUTES: Final = 60
QUARTER_IN_MINUTES: Final = 15


def _quoted(value: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), value, pl.lit('"'))


def _seventeen_past(time: pl.Expr) -> pl.Expr:
    return time.str.replace(":00:00", ":17:00", literal=True)


def _without_offset(time: pl.Expr) -> pl.Expr:
    return time.str.head(len("2026-01-01T00:00:00"))


def _always(text: str) -> Change:
    return lambda _: pl.lit(text)


_CELL_FAULTS: Final[dict[FaultKind, dict[str, Change]]] = {
    FaultKind.NULL_VALUE: {"value": _always("null")},
    FaultKind.TEXT_VALUE: {"value": _quoted},
    FaultKind.NAN_VALUE: {"value": _always("NaN")},
    FaultKind.RENAMED_VALUE: {"key": _always("values")},
    FaultKind.WRONG_UNIT: {"unit": _always("MWh")},
    FaultKind.OFF_GRID: {"start": _seventeen_past, "end": _seventeen_past},
    FaultKind.NAIVE_TIME: {"start": _without_offset, "end": _without_offset},
}


def misarranged(frame: pl.DataFrame, faults: Sequence[Fault]) -> pl.DataFrame:
    """Apply the faults that add, drop, move or split rows of a series (`start`, `quantity`, ...)."""
    for fault in faults:
        quarters = fault.kind is FaultKind.QUARTER_HOURS
        frame = _in_quarters(frame) if quarters else tampering.misarranged(frame, [fault])
    return frame


def written(frame: pl.DataFrame, faults: Sequence[Fault], minutes: int = HOUR_IN_MINUTES) -> str:
    """Write rows of so many minutes each, comma-separated.

    Columns: `start` (UTC), `quantity`, `production`, `verified`, and for maxhours `months_back`.
    """
    if frame.is_empty():
        return ""
    first, last = frame.select(first=pl.col("start").min(), last=pl.col("start").max()).row(0)
    stamps = pl.lit(_stamps(first, last, minutes))
    place = (pl.col("start") - first).dt.total_minutes() // minutes
    cells = {
        "start": stamps.gather(place),
        "end": stamps.gather(place + 1),
        "key": pl.lit("value"),
        "value": pl.col("quantity").cast(pl.String),
        "unit": pl.lit("kWh"),
    }
    for fault in faults:
        for name, change in _CELL_FAULTS.get(fault.kind, {}).items():
            cells[name] = pl.when(tampering.touched(fault)).then(change(cells[name])).otherwise(cells[name])
    months = [pl.lit('","noOfMonthsBack":'), pl.col("months_back")] if "months_back" in frame.columns else [pl.lit('"')]
    row = pl.concat_str(
        pl.lit('{"startTime":"'),
        cells["start"],
        pl.lit('","endTime":"'),
        cells["end"],
        pl.lit('","'),
        cells["key"],
        pl.lit('":'),
        cells["value"],
        pl.lit(',"uom":"'),
        cells["unit"],
        *months,
        pl.when("production").then(pl.lit(',"production":true')).otherwise(pl.lit(',"production":false')),
        pl.when("verified").then(pl.lit(',"verified":true}')).otherwise(pl.lit(',"verified":false}')),
    )
    return str(frame.select(row.str.join(",")).item())


@lru_cache(maxsize=32)
def _stamps(first: datetime, last: datetime, minutes: int) -> pl.Series:
    """Return every interval's start from `first` to one after `last`, as Norwegian local time with its offset."""
    step = f"{minutes}m"
    starts = pl.datetime_range(first, last, step, time_unit="us", time_zone="UTC", eager=True)
    starts = starts.append(pl.Series([last]).cast(starts.dtype).dt.offset_by(step))
    return starts.dt.convert_time_zone(OSLO.key).dt.to_string("%Y-%m-%dT%H:%M:%S%:z")


def _in_quarters(frame: pl.DataFrame) -> pl.DataFrame:
    quarters = [frame.with_columns(pl.col("start").dt.offset_by(f"{minutes}m")) for minutes in (0, 15, 30, 45)]
    return pl.concat(quarters).with_columns((pl.col("quantity") / 4).round(3)).sort("start", maintain_order=True)
