"""Hours of registers that are read by the quarter-hour: derived from the stored readings, never stored.

Source of the rules: the design's sections 6 and 8. An hour is the sum of its four quarters and exists only when
all four do; its revision is the sum of theirs, so that it rises with each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.registers import RESOLUTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

HOURLY: Final = "PT1H"

_PER_HOUR: Final = {name: RESOLUTIONS[HOURLY] // seconds for name, seconds in RESOLUTIONS.items()}


def whole_hours(readings: pl.DataFrame, key: Sequence[str], *aggregates: pl.Expr) -> pl.DataFrame:
    """Sum readings of less than an hour up to hours; an hour that lacks one of them is not there.

    Args:
        readings: current readings, with `start`, `resolution` and `quantity`; those of whole hours are left out.
        key: the columns that name a series, without `resolution` and `start`.
        aggregates: what else is wanted of an hour's readings.

    Returns:
        The key, `start` (UTC, of the hour), `quantity` (in the register's unit) and the aggregates, in any order.
    """
    parts = pl.col("resolution").replace_strict(_PER_HOUR, return_dtype=pl.UInt32)
    return (
        readings.filter(pl.col("resolution") != HOURLY)
        # Every zone here lies whole hours from UTC, so that local hours are those of UTC.
        .group_by(*key, "resolution", pl.col("start").dt.truncate("1h"))
        .agg(pl.col("quantity").sum(), *aggregates, count=pl.len())
        .filter(pl.col("count") == parts)
        .drop("count", "resolution")
    )


def derived_hours(current: pl.DataFrame) -> pl.DataFrame:
    """Return the hours of current readings of less than an hour, in the columns of the log of readings.

    An hour is settled when each of its quarters is; its `seq` and `known_at` are those of the newest of them, and
    it belongs to the connection that brought that one.
    """
    hours = whole_hours(
        current,
        ("source", "metering_point", "register"),
        pl.col("connection").sort_by("seq").last(),
        pl.col("settled").all(),
        # Null where the operator has no such flag.
        pl.col("verified").min(),
        pl.col("operator_version", "seq", "known_at").max(),
        pl.col("revision").sum(),
    )
    return hours.with_columns(resolution=pl.lit(HOURLY)).select(current.columns)
