"""The store's readings as InfluxDB's measurements: pure frames, one a measurement.

Names of measurements, tags and fields are the design's section 9. Nothing that can change is a tag, since a
changed tag doubles the point. Times are starts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.influxdb.lines import lines
from schemas.peak import RANKS
from schemas.reading import INSTANT
from schemas.registers import REGISTERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from connectors.influxdb.lines import Lines

TAGS: Final = ("source", "metering_point", "register")

QUANTITIES: Final = tuple(dict.fromkeys(register.field for register in REGISTERS.values()))
"""The fields that carry a quantity; a register fills exactly one of them."""

READINGS: Final = {"PT1H": "hourly_reading", "PT15M": "quarter_hour_reading"}
"""The measurement of each resolution."""

DECIMALS: Final = 9
"""Sums are rounded far below what a meter tells, since adding in another order must not look like a change."""

CAPACITY_REGISTER: Final = "consumption"


@dataclass(frozen=True)
class Points:
    """A measurement's points: `time` and `connection`, the tags, and the fields (null ones are left out)."""

    measurement: str
    tags: tuple[str, ...]
    fields: tuple[str, ...]
    frame: pl.DataFrame

    def of(self, frame: pl.DataFrame) -> Points:
        """Return the same measurement with other rows."""
        return replace(self, frame=frame)

    def lines(self) -> Iterator[Lines]:
        """Yield the points as line protocol."""
        return lines(self.frame, measurement=self.measurement, tags=self.tags, fields=self.fields, time="time")


def _quantities(column: str = "quantity") -> list[pl.Expr]:
    """Spread the quantity over the fields, each register's own."""
    registers = {
        field: [name for name, register in REGISTERS.items() if register.field == field] for field in QUANTITIES
    }
    return [
        pl.when(pl.col("register").is_in(names)).then(pl.col(column)).alias(field) for field, names in registers.items()
    ]


def readings(current: pl.DataFrame) -> list[Points]:
    """Return current readings by resolution, in order of time."""
    fields = (*QUANTITIES, "settled", "verified", "revision")
    return [
        Points(
            measurement,
            TAGS,
            fields,
            current.filter(pl.col("resolution") == resolution)
            .sort("start")
            .select("connection", *TAGS, *_quantities(), "settled", "verified", "revision", time="start"),
        )
        for resolution, measurement in READINGS.items()
    ]


def _midnight(day: pl.Expr, zone: ZoneInfo) -> pl.Expr:
    return day.cast(pl.Datetime("us")).dt.replace_time_zone(zone.key).dt.convert_time_zone("UTC")


def local_days(coverage: pl.DataFrame, source: str, zone: ZoneInfo) -> Points:
    """Return the sums and counts of every local day; no sum where nothing is present."""
    return _local("local_day", coverage, source, zone, pl.col("day"))


def local_months(coverage: pl.DataFrame, source: str, zone: ZoneInfo) -> Points:
    """Return the sums and counts of every local month; no sum where nothing is present."""
    return _local("local_month", coverage, source, zone, pl.col("day").dt.month_start())


def _local(measurement: str, coverage: pl.DataFrame, source: str, zone: ZoneInfo, period: pl.Expr) -> Points:
    counts = ("expected", "present", "settled", "missing")
    something = pl.col("quantity").is_not_null().any()
    frame = (
        coverage.group_by("connection", "metering_point", "register", period.alias("period"))
        .agg(pl.when(something).then(pl.col("quantity").sum()).alias("quantity"), pl.col(counts).sum())
        .with_columns(pl.col("quantity").round(DECIMALS))
        .sort("period", "metering_point", "register")
        .select(
            "connection",
            "metering_point",
            "register",
            *_quantities(),
            *counts,
            source=pl.lit(source),
            time=_midnight(pl.col("period"), zone),
        )
    )
    return Points(measurement, TAGS, (*QUANTITIES, *counts), frame)


def monthly_max_hours(peaks: pl.DataFrame) -> Points:
    """Return the operator's own highest hours; `hour_start` in epoch seconds."""
    frame = peaks.sort("start", "metering_point", "register", "rank").select(
        "connection",
        *TAGS,
        "settled",
        "verified",
        rank=pl.col("rank").cast(pl.String),
        energy_kwh=pl.col("quantity"),
        hour_start=pl.col("hour_start").dt.epoch("s"),
        time=pl.col("start"),
    )
    return Points("monthly_max_hour", (*TAGS, "rank"), ("energy_kwh", "hour_start", "verified", "settled"), frame)


def capacity_basis(coverage: pl.DataFrame, peaks: pl.DataFrame, source: str, zone: ZoneInfo) -> Points:
    """Return, per month, the mean of the three highest hours on three days: the operator's and our own.

    A month is settled when it is over and each of its official peaks is.
    """
    key = ("connection", "metering_point", "register", "start")
    computed = (
        coverage.filter(pl.col("register") == CAPACITY_REGISTER, pl.col("resolution") == "PT1H")
        .with_columns(start=_midnight(pl.col("day").dt.month_start(), zone))
        .group_by(key)
        .agg(
            computed_kwh=pl.col("max_quantity").top_k(RANKS).mean().round(DECIMALS),
            missing_hours=pl.col("missing").sum(),
            has_hours=(pl.col("present") > 0).any(),
            last_day=pl.col("day").max(),
        )
    )
    official = (
        peaks.filter(pl.col("register") == CAPACITY_REGISTER)
        .group_by(key)
        .agg(
            official_kwh=pl.col("average").sort_by("seq").last(),
            ranks=pl.len().cast(pl.Int64),
            peaks_settled=pl.col("settled").all(),
        )
    )
    month_end = pl.col("start").dt.convert_time_zone(zone.key).dt.month_end().dt.date()
    frame = (
        computed.join(official, on=key, how="full", coalesce=True)
        .with_columns(
            ranks=pl.col("ranks").fill_null(0),
            settled=pl.col("peaks_settled").fill_null(value=False)
            & (pl.col("last_day") >= month_end).fill_null(value=True),
            difference_kwh=(pl.col("computed_kwh") - pl.col("official_kwh")).round(DECIMALS),
        )
        .filter(pl.col("has_hours").fill_null(value=True) | (pl.col("ranks") > 0))
        .sort("start", "metering_point")
        .with_columns(source=pl.lit(source), time=pl.col("start").cast(INSTANT))
    )
    fields = ("official_kwh", "computed_kwh", "difference_kwh", "ranks", "missing_hours", "settled")
    return Points("capacity_basis", TAGS, fields, frame.select("connection", *TAGS, *fields, "time"))


def register_balance(coverage: pl.DataFrame, source: str, zone: ZoneInfo) -> Points:
    """Return, per local day, what was measured and what layers and remainder add up to, where both are there."""
    frame = coverage.filter(pl.col("compared") > 0).select(
        "connection",
        "metering_point",
        "register",
        source=pl.lit(source),
        time=_midnight(pl.col("day"), zone),
        measured_kwh=pl.col("measured").round(DECIMALS),
        explained_kwh=pl.col("explained").round(DECIMALS),
        residual_kwh=(pl.col("measured") - pl.col("explained")).round(DECIMALS),
    )
    return Points("register_balance", TAGS, ("measured_kwh", "explained_kwh", "residual_kwh"), frame)


SYNC_RUN: Final = "sync_run"

OF_A_METERING_POINT: Final = (
    *READINGS.values(),
    "local_day",
    "local_month",
    "monthly_max_hour",
    "capacity_basis",
    "register_balance",
)
"""Every measurement that has metering points in it."""

_SYNC_RUN: Final = pl.Schema(
    {
        "source": pl.String(),
        "connection": pl.String(),
        "time": INSTANT,
        "ok": pl.Boolean(),
        **dict.fromkeys(("calls", "new", "corrected", "confirmed", "quarantined", "refused", "lag_s"), pl.Int64()),
        "cause": pl.String(),
    }
)


def sync_runs(rows: Sequence[Mapping[str, object]]) -> Points:
    """Return one point a connection on what a run did; `lag_s` is the age of the newest reading's start."""
    tags = ("source", "connection")
    fields = tuple(name for name in _SYNC_RUN if name not in (*tags, "time"))
    return Points(SYNC_RUN, tags, fields, pl.DataFrame(rows, schema=_SYNC_RUN))
