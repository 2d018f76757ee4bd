"""Every hour of the metering points in a report, and what was corrected: read month by month."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.hours import HOURLY, derived_hours
from schemas.reading import INSTANT
from schemas.revision import READINGS, current
from schemas.time import local_day, local_midnight

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from pipelines.store.log import Log

HOURS: Final = pl.Schema(
    {
        "metering_point": pl.String(),
        "register": pl.String(),
        "start": INSTANT,
        "quantity": pl.Float64(),
        "settled": pl.Boolean(),
        "revision": pl.Int64(),
    }
)

QUARTERS: Final = pl.Schema({name: HOURS[name] for name in ("metering_point", "register", "start", "quantity")})
QUARTER: Final = "PT15M"
QUARTERS_BACK: Final = timedelta(days=365)
"""How far back quarter-hours are shown; hours are without end."""

CORRECTIONS: Final = pl.Schema(
    {
        "metering_point": pl.String(),
        "register": pl.String(),
        # The local day that was corrected, and the local day on which that became known.
        "day": pl.Date(),
        "known": pl.Date(),
        "readings": pl.Int64(),
        "before": pl.Float64(),
        "after": pl.Float64(),
    }
)
"""What was corrected: sums of the corrected readings alone, before and after."""


@dataclass(frozen=True)
class Hours:
    """One metering point's hours (`HOURS`), quarter-hours (`QUARTERS`) and corrections (`CORRECTIONS`)."""

    hours: pl.DataFrame = field(default_factory=lambda: HOURS.to_frame(eager=True))
    quarters: pl.DataFrame = field(default_factory=lambda: QUARTERS.to_frame(eager=True))
    corrections: pl.DataFrame = field(default_factory=lambda: CORRECTIONS.to_frame(eager=True))

    def of(self, register: str) -> pl.DataFrame:
        """Return the hours of one register, in order."""
        return self.hours.filter(pl.col("register") == register).sort("start")

    def quarters_of(self, register: str) -> pl.DataFrame:
        """Return the quarter-hours of one register, in order."""
        return self.quarters.filter(pl.col("register") == register).sort("start")


def hours_of(log: Log, metering_points: Collection[str], registers: Collection[str], now: datetime) -> dict[str, Hours]:
    """Return hours and the newest quarter-hours of these registers, and the corrections of all, by metering point."""
    hours, quarters, corrections = ([schema.to_frame(eager=True)] for schema in (HOURS, QUARTERS, CORRECTIONS))
    since = local_midnight(local_day(now, log.zone) - QUARTERS_BACK, log.zone)
    for month in log.months():
        rows = log.read(month).filter(pl.col("metering_point").is_in(list(metering_points)))
        shown = current(rows, READINGS).filter(pl.col("register").is_in(list(registers)))
        hourly = pl.concat([shown.filter(pl.col("resolution") == HOURLY), derived_hours(shown)])
        hours.append(hourly.select(HOURS.names()))
        of_quarters = shown.filter(pl.col("resolution") == QUARTER, pl.col("start") >= since)
        quarters.append(of_quarters.select(QUARTERS.names()))
        corrections.append(_corrections(rows, log.zone.key))
    by_point = [
        pl.concat(parts).partition_by("metering_point", as_dict=True, maintain_order=True)
        for parts in (hours, quarters, corrections)
    ]
    return {
        point: Hours(
            *(
                found.get((point,), parts[0])
                for found, parts in zip(by_point, (hours, quarters, corrections), strict=True)
            )
        )
        for point in metering_points
    }


def _corrections(log: pl.DataFrame, zone: str) -> pl.DataFrame:
    key = READINGS.key
    local = [pl.col(name).dt.convert_time_zone(zone).dt.date() for name in ("start", "known_at")]
    changed = log.with_columns(before=pl.col("quantity").shift(1).over(key)).filter(
        pl.col("revision") > 0, pl.col("seq") == pl.col("seq").min().over(*key, "revision")
    )
    return (
        changed.group_by("metering_point", "register", local[0].alias("day"), local[1].alias("known"))
        .agg(readings=pl.len().cast(pl.Int64), before=pl.col("before").sum(), after=pl.col("quantity").sum())
        .select(CORRECTIONS.names())
    )
