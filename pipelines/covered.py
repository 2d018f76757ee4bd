"""Coverage of everything in the store, as of now: what the load projects, the status tells and the checks judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.coverage import DAYS, SERIES, coverage
from schemas.time import DAY, local_midnight

SUMS_OR_NOTHING: Final = ("hours_quantity", "compared", "measured", "explained", "unbalanced")

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from pipelines.store.home import SourceStore


def covered(days: pl.DataFrame, store: SourceStore, configured: Collection[str], now: datetime) -> pl.DataFrame:
    """Return `schemas.coverage.coverage` of all series; `days` are some or all of the store's.

    Nothing is expected any more of a connection that was taken out of the settings, nor of a register to which access
    was lost: what they brought stays, and what came after their last day is not missing.
    """
    days, source = _by_owner(days), store.source
    expected_until = source.expected_until(now)
    no_more = pl.col("connection").is_in(list(configured)).not_()
    for subject in store.ledger.no_longer_read():
        no_more |= (pl.col("metering_point") == subject.metering_point) & (pl.col("register") == subject.register)
    parts = [coverage(days.filter(~no_more), source.zone, expected_until)]
    for rows in days.filter(no_more).partition_by(*SERIES):
        newest = rows.select(pl.col("day").max()).item()
        parts.append(coverage(rows, source.zone, min(expected_until, local_midnight(newest + DAY, source.zone))))
    return pl.concat(parts)


def _by_owner(days: pl.DataFrame) -> pl.DataFrame:
    """Give a metering point's days to the connection that reads it now; a day that two had a part of becomes one."""
    owners = days.group_by("metering_point").agg(pl.col("connection").sort_by("last_start").last())
    highest = pl.col("max_quantity").arg_max()
    return (
        days.drop("connection")
        .join(owners, on="metering_point")
        .group_by(*SERIES, "day")
        .agg(
            pl.col("present", "settled", "verified", "corrected", "quantity").sum(),
            pl.col("first_start").min(),
            pl.col("last_start").max(),
            pl.col("max_quantity").max(),
            pl.col("max_start").get(highest),
            pl.col("hours").sum(),
            # Null, where nobody has it, is not 0.
            *(pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()) for name in SUMS_OR_NOTHING),
            pl.col("worst").max(),
        )
        .select(DAYS.names())
        .sort(*SERIES, "day")
    )
