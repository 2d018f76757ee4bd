"""Read back what was written: counts and sums of a month, from the database and from the store."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.influxdb.influxql import identifier, where
from pipelines.load.projection import READINGS, TAGS
from schemas.hours import HOURLY
from schemas.registers import REGISTERS
from schemas.time import month_window

if TYPE_CHECKING:
    from datetime import date

    from connectors.base import Source
    from connectors.influxdb.base import Database

TOLERANCE: Final = 1e-6


def difference(database: Database, days: pl.DataFrame, source: Source, month: date) -> str | None:
    """Say in words where the month in the database is not what the store holds; None where they are equal.

    Args:
        database: where the month was loaded.
        days: `schemas.coverage.DAYS` of the month, of the connections that belong to this database.
        source: the source whose points are compared.
        month: the first of the operator's local month.
    """
    words = []
    for resolution, measurement in READINGS.items():
        # Every series has its hours; those of one that is read by the quarter-hour are derived.
        of_hours = resolution == HOURLY
        rows = (
            days.filter(pl.lit(of_hours) | (pl.col("resolution") == resolution))
            .group_by("metering_point", "register")
            .agg(
                pl.col("hours" if of_hours else "present").sum(),
                pl.col("hours_quantity" if of_hours else "quantity").sum(),
            )
        )
        found = _found(database, measurement, rows["register"].unique().to_list(), source, month)
        for point, register, present, quantity in rows.iter_rows():
            count, total = found.get((point, register), (0, 0.0))
            if count != present or not isclose(total, quantity, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
                words.append(
                    f"{register} in {measurement}: {count} of {present} points, sum {total:.6f} of {quantity:.6f}"
                )
    return "; ".join(words) or None


def _found(
    database: Database, measurement: str, registers: list[str], source: Source, month: date
) -> dict[tuple[str, str], tuple[int, float]]:
    tag, *series_tags = TAGS
    window = month_window(month, source.zone)
    condition = where({tag: source.name}, window.start, window.end)
    found: dict[tuple[str, str], tuple[int, float]] = {}
    for name in sorted({REGISTERS[register].field for register in registers}):
        field, groups = identifier(name), ", ".join(map(identifier, series_tags))
        answer = database.query(
            f"SELECT count({field}), sum({field}) FROM {identifier(measurement)}{condition} GROUP BY {groups}"  # noqa: S608 - every part is quoted
        )
        for series in answer:
            row = dict(zip(series.columns, series.rows[0], strict=True))
            count, total = row["count"], row["sum"]
            if isinstance(count, (int, float)) and isinstance(total, (int, float)):
                point, register = (series.tags[name] for name in series_tags)
                found[point, register] = (int(count), float(total))
    return found
