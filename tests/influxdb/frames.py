"""Frames of readings as the tests of the database write them. Metering points are synthetic."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.influxdb.lines import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.influxdb.base import Database
    from connectors.influxdb.lines import Lines

POINT: Final = "707057500000000018"
NEW_YEAR: Final = datetime(2025, 1, 1, tzinfo=UTC)


ACTIONS: Final[Mapping[str, Callable[[Database], object]]] = {
    "write": lambda database: database.write(as_lines(hours(3))),
    "query": lambda database: database.query('SELECT * FROM "hourly_reading"'),
    "delete": lambda database: database.delete("hourly_reading", tags={}),
}
"""What may be asked of a database, where each must fail alike."""

EVERY_ACTION: Final[list[Callable[[Database], object]]] = [*ACTIONS.values(), lambda database: database.exists()]


def hours(count: int, *, point: str = POINT, start: datetime = NEW_YEAR) -> pl.DataFrame:
    """Return consecutive hours; the n-th has n / 8 kWh, which sums are exact of."""
    return pl.select(
        metering_point=pl.lit(point),
        start=pl.datetime_range(start, pl.lit(start).dt.offset_by(f"{count}h"), "1h", closed="left"),
        energy_kwh=pl.int_range(count) / 8,
        settled=pl.lit(value=True),
    )


def as_lines(frame: pl.DataFrame, fields: Sequence[str] = ("energy_kwh", "settled")) -> Lines:
    """Return the lines of one request."""
    (part,) = lines(frame, measurement="hourly_reading", tags=("metering_point",), fields=fields, time="start")
    return part


def stored(database: Database, field: str = "energy_kwh") -> dict[int, object]:
    """Return a field's values by the second at which they stand."""
    return {
        int(str(row[0])): row[1]
        for series in database.query(f'SELECT "{field}" FROM "hourly_reading"')  # noqa: S608 - ours
        for row in series.rows
    }
