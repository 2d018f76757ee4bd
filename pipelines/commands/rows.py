"""What `wattline export` writes: current readings by hour, or summed by local day or month. Missing stays missing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from pipelines.load.projection import DECIMALS
from schemas.hours import HOURLY, derived_hours
from schemas.registers import REGISTERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

    from pipelines.flow import Flow
    from pipelines.store.home import SourceStore

By = Literal["hour", "day", "month"]

_UNITS: Final = {name: register.unit for name, register in REGISTERS.items()}


@dataclass(frozen=True)
class Wanted:
    """Which readings, and how they are shown."""

    by: By
    connections: Collection[str] | None
    """None: all that the store holds."""
    first: date | None
    last: date | None
    """The first and the last local day, both included."""
    names: Mapping[str, str]
    """Friendly names of metering points."""

    def chosen(self) -> pl.Expr:
        """Tell whether a row's connection is wanted."""
        return pl.lit(value=True) if self.connections is None else pl.col("connection").is_in(list(self.connections))

    def between(self, day: pl.Expr) -> pl.Expr:
        """Tell whether a local day is wanted."""
        since = pl.lit(value=True) if self.first is None else day >= self.first
        return since & (pl.lit(value=True) if self.last is None else day <= self.last)

    def labels(self, source: str) -> list[pl.Expr]:
        """Return the columns that say whose a row is."""
        name = pl.col("metering_point").replace_strict(dict(self.names), default=None, return_dtype=pl.String)
        whose = [pl.lit(source).alias("source"), *map(pl.col, ("connection", "metering_point"))]
        return [*whose, name.alias("name"), pl.col("register")]


def rows(flow: Flow, wanted: Wanted) -> Iterator[pl.DataFrame]:
    """Yield frames with the same columns, the first may be without a row; hours month by month."""
    if wanted.by == "hour":
        yield from _hours(flow.store, wanted)
    else:
        yield _sums(flow, wanted)


def _hours(store: SourceStore, wanted: Wanted) -> Iterator[pl.DataFrame]:
    log = store.readings
    local = pl.col("start").dt.convert_time_zone(log.zone.key)
    months = [
        month
        for month in log.months()
        if (wanted.first is None or month >= wanted.first.replace(day=1))
        and (wanted.last is None or month <= wanted.last)
    ]
    for frame in chain([log.shape.schema.to_frame(eager=True)], map(log.current, months)):
        hours = pl.concat([frame.filter(pl.col("resolution") == HOURLY), derived_hours(frame)])
        yield (
            hours.filter(wanted.chosen(), wanted.between(local.dt.date()))
            .sort("connection", "metering_point", "register", "start")
            .select(
                *wanted.labels(store.source.name),
                start_local=local.dt.to_string("%Y-%m-%dT%H:%M:%S%:z"),
                start_utc="start",
                value="quantity",
                unit=_unit(),
                settled="settled",
                revision="revision",
            )
        )


def _sums(flow: Flow, wanted: Wanted) -> pl.DataFrame:
    source = flow.source
    by_day = flow.coverage().filter(wanted.chosen(), wanted.between(pl.col("day")))
    date = pl.col("day") if wanted.by == "day" else pl.col("day").dt.month_start()
    whose = ("connection", "metering_point", "register")
    something = pl.col("quantity").is_not_null().any()
    counts = ("expected", "present", "settled", "missing")
    return (
        by_day.group_by(*whose, date.alias("local_date"))
        .agg(pl.when(something).then(pl.col("quantity").sum().round(DECIMALS)).alias("sum"), pl.col(counts).sum())
        .sort(*whose, "local_date")
        .select(*wanted.labels(source.name), "local_date", "sum", _unit().alias("unit"), *counts)
    )


def _unit() -> pl.Expr:
    return pl.col("register").replace_strict(_UNITS, return_dtype=pl.String)
