"""Local days: what is present, what is missing, what is settled.

Coverage counts an operator's native intervals. Missing are only those after the register's first stored
reading and older than the operator's normal delay, so a day that is still arriving is not alarming, and a
day before the contract is no hole. Missing is never zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.balance import BALANCE, balance
from schemas.hours import HOURLY, whole_hours
from schemas.reading import INSTANT
from schemas.registers import RESOLUTIONS
from schemas.time import DAY, local_day

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

SERIES: Final = ("connection", "metering_point", "register", "resolution")
"""What names a series of readings."""

DAYS: Final = pl.Schema(
    {
        **dict.fromkeys(SERIES, pl.String()),
        # The operator's local calendar day.
        "day": pl.Date(),
        "present": pl.Int64(),
        "settled": pl.Int64(),
        "verified": pl.Int64(),
        # Readings whose current revision is not the first.
        "corrected": pl.Int64(),
        # Sum, in the register's unit, of what is present.
        "quantity": pl.Float64(),
        "first_start": INSTANT,
        "last_start": INSTANT,
        "max_quantity": pl.Float64(),
        "max_start": INSTANT,
        # Hours that are there as a whole, and their sum: less than the above where a quarter of an hour is missing.
        "hours": pl.Int64(),
        "hours_quantity": pl.Float64(),
        # Null where the register is not one that others add up to.
        **BALANCE,
    }
)
"""A summary of current readings by series and local day; only days that have readings."""

FEWEST_DAYS_TO_CALL_SPARSE: Final = 14
MOST_COMPLETE_DAYS_OF_SPARSE: Final = 0.1


def summarise(readings: pl.DataFrame, zone: ZoneInfo) -> pl.DataFrame:
    """Sum current readings up by local day, as `DAYS`, sorted by series and day."""
    day = pl.col("start").dt.convert_time_zone(zone.key).dt.date().alias("day")
    highest = pl.col("quantity").arg_max()
    hours = (
        whole_hours(readings, ("connection", "metering_point", "register"))
        .group_by("connection", "metering_point", "register", day)
        .agg(whole=pl.len().cast(pl.Int64), whole_quantity=pl.col("quantity").sum())
    )
    is_hourly = pl.col("resolution") == HOURLY
    return (
        readings.group_by(*SERIES, day)
        .agg(
            present=pl.len().cast(pl.Int64),
            settled=pl.col("settled").sum().cast(pl.Int64),
            verified=pl.col("verified").fill_null(value=False).sum().cast(pl.Int64),
            corrected=(pl.col("revision") > 0).sum().cast(pl.Int64),
            quantity=pl.col("quantity").sum(),
            first_start=pl.col("start").min(),
            last_start=pl.col("start").max(),
            max_quantity=pl.col("quantity").max(),
            max_start=pl.col("start").get(highest),
        )
        .join(hours, on=("connection", "metering_point", "register", "day"), how="left")
        .join(balance(readings, SERIES, day), on=(*SERIES, "day"), how="left")
        .with_columns(
            hours=pl.when(is_hourly).then("present").otherwise(pl.col("whole").fill_null(0)),
            hours_quantity=pl.when(is_hourly).then("quantity").otherwise("whole_quantity"),
        )
        .sort(*SERIES, "day")
        .select(DAYS.names())
    )


def coverage(days: pl.DataFrame, zone: ZoneInfo, expected_until: datetime) -> pl.DataFrame:
    """Lay the days of every series out without gaps and count what should be there.

    Args:
        days: `DAYS` rows of whole series, from their first reading on.
        zone: the operator's.
        expected_until: the local midnight from which on a missing interval is not late yet.

    Returns:
        The columns of `days` for every local day from the series' first to the last day expected or
        present, with `expected` = `present` + `missing`, and `sparse`. On a day without readings the counts
        are 0 and the quantity is null.
    """
    if days.is_empty():
        return days.with_columns(missing=pl.lit(0, pl.Int64), expected=pl.lit(0, pl.Int64), sparse=pl.lit(value=False))
    last_expected = local_day(expected_until, zone) - DAY
    calendar = (
        days.group_by(*SERIES)
        .agg(
            first_ever=pl.col("first_start").min(),
            first_day=pl.col("day").min(),
            last_day=pl.max_horizontal(pl.col("day").max(), pl.lit(last_expected)),
        )
        .with_columns(day=pl.date_ranges("first_day", "last_day"))
        .explode("day")
        .join(days, on=(*SERIES, "day"), how="left")
    )
    midnight = pl.col("day").cast(pl.Datetime("us")).dt.replace_time_zone(zone.key).dt.convert_time_zone("UTC")
    next_midnight = pl.col("day").dt.offset_by("1d").cast(pl.Datetime("us")).dt.replace_time_zone(zone.key)
    seconds = (next_midnight.dt.convert_time_zone("UTC") - pl.max_horizontal(midnight, "first_ever")).dt.total_seconds()
    interval = pl.col("resolution").replace_strict(RESOLUTIONS, return_dtype=pl.Int64)
    counts = ("present", "settled", "verified", "corrected", "hours")
    is_due = pl.col("day") <= last_expected
    complete = (pl.col("missing") == 0) & is_due
    return (
        calendar.with_columns(pl.col(counts).fill_null(0))
        .with_columns(
            missing=pl.when(is_due).then(seconds // interval - pl.col("present")).otherwise(0).clip(lower_bound=0)
        )
        .with_columns(expected=pl.col("present") + pl.col("missing"))
        .with_columns(
            sparse=(
                (is_due.sum() >= FEWEST_DAYS_TO_CALL_SPARSE)
                & (complete.sum() <= MOST_COMPLETE_DAYS_OF_SPARSE * is_due.sum())
                # A register that falls silent for whole days has holes; one that skips hours of most days is sparse.
                & (((pl.col("present") > 0) & is_due).sum() > is_due.sum() / 2)
            ).over(*SERIES)
        )
        .sort(*SERIES, "day")
        .select(*DAYS.names(), "missing", "expected", "sparse")
    )
