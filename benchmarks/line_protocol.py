"""Line protocol by polars expressions, against influxdb-client's Points, from the same rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from influxdb_client.client.write.point import Point
from influxdb_client.domain.write_precision import WritePrecision

from benchmarks.timing import best_of, show
from connectors.influxdb.lines import lines

ROWS = 100_000
TAGS = ("source", "metering_point", "register")
FIELDS = ("energy_kwh", "settled", "verified", "revision")


def _frame() -> pl.DataFrame:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return pl.DataFrame({"number": range(ROWS)}).select(
        source=pl.lit("elvia"),
        metering_point=pl.lit("707057500000000018"),
        register=pl.lit("consumption"),
        energy_kwh=(pl.col("number") % 5000) / 1000,
        settled=pl.lit(value=True),
        verified=pl.col("number") % 2 == 0,
        revision=pl.lit(0),
        time=pl.lit(start) + pl.col("number") * timedelta(hours=1),
    )


def _by_expressions(frame: pl.DataFrame) -> int:
    parts = lines(frame, measurement="hourly_reading", tags=TAGS, fields=FIELDS, time="time")
    return sum(len(part.body) for part in parts)


def _by_points(frame: pl.DataFrame) -> int:
    length = 0
    for row in frame.iter_rows(named=True):
        point: Any = Point("hourly_reading")  # type: ignore[no-untyped-call]
        point = point.time(row["time"], WritePrecision.S)
        for tag in TAGS:
            point = point.tag(tag, row[tag])
        for field in FIELDS:
            point = point.field(field, row[field])
        length += len(point.to_line_protocol())
    return length


def run() -> None:
    """Print rows a second of both, and how many times faster one is."""
    frame = _frame()
    ours, _ = best_of(5, lambda: _by_expressions(frame))
    theirs, _ = best_of(1, lambda: _by_points(frame))
    show("line protocol by expressions, rows/s", f"{ROWS / ours:,.0f}")
    show("line protocol by influxdb-client's Points, rows/s", f"{ROWS / theirs:,.0f}")
    show("times faster", f"{theirs / ours:.0f}")
