"""Values as JSON text, written by polars a series at a time, with the faults that concern single values."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from sandbox import tampering
from sandbox.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.faults import Fault

    Change = Callable[[pl.Expr], pl.Expr]

_OFF_GRID: Final = timedelta(minutes=7)


def _quoted(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), text, pl.lit('"'))


def _time(instant: pl.Expr) -> pl.Expr:
    return instant.dt.to_string('"%Y-%m-%dT%H:%M:%SZ"')


def _always(text: str) -> Change:
    return lambda _: pl.lit(text)


def _without_zone(time: pl.Expr) -> pl.Expr:
    return time.str.replace("Z", "", literal=True)


_KEYS: Final = {
    "quantity": "value",
    "start": "startedAt",
    "end": "endedAt",
    "type": "type",
    "version": "version",
    "calculated": "calculated",
}
_CELLS: Final = {
    "quantity": pl.col("quantity").cast(pl.String).fill_null("null"),
    "start": _time(pl.col("start")),
    "end": _time(pl.col("end")),
    "type": _quoted(pl.col("type")),
    "version": pl.col("version").cast(pl.String),
    "calculated": pl.when("calculated").then(pl.lit("true")).otherwise(pl.lit("false")),
}
_CELL_FAULTS: Final[dict[FaultKind, dict[str, Change]]] = {
    FaultKind.NULL_VALUE: {"quantity": _always("null")},
    FaultKind.TEXT_VALUE: {"quantity": _quoted},
    FaultKind.NAN_VALUE: {"quantity": _always("NaN")},
    FaultKind.OFF_GRID: {
        "start": lambda _: _time(pl.col("start") + _OFF_GRID),
        "end": lambda _: _time(pl.col("end") + _OFF_GRID),
    },
    FaultKind.NAIVE_TIME: {"start": _without_zone, "end": _without_zone},
}


def written(frame: pl.DataFrame, faults: Sequence[Fault]) -> str:
    """Write the rows of a series as a JSON list.

    Columns: `quantity`, `start`, `calculated`, and where the endpoint has them `end`, `type`, `version`.
    """
    cells = {name: cell for name, cell in _CELLS.items() if name in frame.columns}
    value_key = pl.lit(_KEYS["quantity"])
    for fault in faults:
        for name, change in _CELL_FAULTS.get(fault.kind, {}).items():
            if name in cells:
                cells[name] = pl.when(tampering.touched(fault)).then(change(cells[name])).otherwise(cells[name])
        if fault.kind is FaultKind.RENAMED_VALUE:
            value_key = pl.when(tampering.touched(fault)).then(pl.lit("values")).otherwise(value_key)
    parts: list[pl.Expr] = []
    for name, cell in cells.items():
        key = value_key if name == "quantity" else pl.lit(_KEYS[name])
        parts += [pl.lit(',"' if parts else '{"'), key, pl.lit('":'), cell]
    row = pl.concat_str(*parts, pl.lit("}"))
    return f"[{frame.select(row.str.join(',')).item() or ''}]"


def list_key(name: str, faults: Sequence[Fault]) -> str:
    """Return the key of the list of values."""
    return "series" if any(fault.kind is FaultKind.RENAMED_ENVELOPE for fault in faults) else name


def unit(name: str, faults: Sequence[Fault]) -> str:
    """Return the unit to be told."""
    return "MW" if any(fault.kind is FaultKind.WRONG_UNIT for fault in faults) else name
