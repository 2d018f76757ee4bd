"""Every hour of the metering points in a report, and what was corrected: read month by month."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.hours import HOURLY, derived_hours
from schemas.reading import INSTANT
from schemas.revision import READINGS, current

if TYPE_CHECKING:
    from collections.abc import Collection

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
    """One metering point's hours (`HOURS`) and corrections (`CORRECTIONS`)."""

    hours: pl.DataFrame = field(default_factory=lambda: HOURS.to_frame(eager=True))
    corrections: pl.DataFrame = field(default_factory=lambda: CORRECTIONS.to_frame(eager=True))

    def of(self, register: str) -> pl.DataFrame:
        """Return the hours of one register, in order."""
        return self.hours.filter(pl.col("register") == register).sort("start")


def hours_of(log: Log, metering_points: Collection[str], registers: Collection[str]) -> dict[str, Hours]:
    """Return the hours of these registers, and the corrections of all, by metering point."""
    hours, corrections = [HOURS.to_frame(eager=True)], [CORRECTIONS.to_frame(eager=True)]
    for month in log.months():
        rows = log.read(month).filter(pl.col("metering_point").is_in(list(metering_points)))
        shown = current(rows, READINGS).filter(pl.col("register").is_in(list(registers)))
        hourly = pl.concat([shown.filter(pl.col("resolution") == HOURLY), derived_hours(shown)])
        hours.append(hourly.select(HOURS.names()))
        corrections.append(_corrections(rows, log.zone.key))
    by_point = [
        pl.concat(parts).partition_by("metering_point", as_dict=True, maintain_order=True)
        for parts in (hours, corrections)
    ]
    return {
        point: Hours(
            *(found.get((point,), empty) for found, empty in zip(by_point, (hours[0], corrections[0]), strict=True))
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
