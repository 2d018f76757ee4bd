"""What the meters measured, and what Leneda shows of it: pure functions, the oracle of the tests.

`readings` is what was counted; `served` is exactly what `time-series` answers to somebody who may read it;
`aggregated` and `hours` are what the sums are. Quantities are in the register's own unit (kW, kVAR, m³, Nm³,
kWh) with three decimals. The registers of a metering point add up to the last watt: consumption = its shared
layers 1 to 4 + remaining, and production likewise, whatever was corrected without naming a register.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import polars as pl

from sandbox.hours import intervals
from sandbox.leneda import profile, publication
from sandbox.leneda.profile import LUXEMBOURG, PLACE
from sandbox.leneda.registers import REGISTERS
from sandbox.profile import Traits, luck
from schemas.time import DAY, HOUR, Window, local_midnight

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.leneda.registers import Register
    from sandbox.plans import Correction, Plan
    from sandbox.world import World


class Level(StrEnum):
    """What values are summed by; all but the last follow the calendar of Luxembourg, weeks from Monday."""

    HOUR = "Hour"
    DAY = "Day"
    WEEK = "Week"
    MONTH = "Month"
    INFINITE = "Infinite"


_SPANS: Final = {Level.DAY: "1d", Level.WEEK: "1w", Level.MONTH: "1mo"}


def readings(metering_point: str, register: str, window: Window, plant: str | None = None) -> pl.DataFrame:
    """Return what was counted first, before any correction: `start` (UTC), `quantity`; in order.

    One row for each interval that starts in the window. `plant`: the metering point of panels behind this one.
    Raises KeyError for an unknown register.
    """
    frame = _counted(metering_point, REGISTERS[register], window, plant)
    return frame.select("start", quantity=_decimal(_of_register(register)))


def served(world: World, metering_point: str, register: str, window: Window, now: datetime) -> pl.DataFrame:
    """Return what `time-series` serves at `now`, in order of time (the API's order is another).

    Columns: `start` (UTC), `quantity` (null where it comes without a number), `version`, `type`, `calculated`.
    One row for each interval that starts in the window, on a day that is published by `now`, and is not
    absent; corrected as far as corrections show, each of which raises the version by one. Raises KeyError for
    a metering point or register that does not exist.
    """
    point = world.leneda.metering_points[metering_point]
    meant = REGISTERS[register]
    newest = world.leneda.switches.newest_day(now)
    until = local_midnight(newest + DAY, LUXEMBOURG) if register in point.registers else point.since
    seen = window.clip(Window(point.since, max(point.since, until)))
    frame = (
        _counted(metering_point, meant, seen, point.plant)
        .filter(publication.published(publication.number(newest), sporadic=world.sporadic))
        .with_columns(version=pl.lit(1, pl.Int64))
    )
    if world.sporadic:
        measured, version = publication.revalued(publication.number(newest))
        frame = frame.with_columns(measured=measured, version=version)
    corrections = sorted(
        (correction for correction in world.corrections if correction.applies(metering_point, register, now)),
        key=lambda correction: correction.shows,
    )
    frame = _corrected(frame, "measured", (each for each in corrections if each.register is None))
    frame = frame.with_columns(amount=_of_register(register))
    frame = _corrected(frame, "amount", (each for each in corrections if each.register is not None))
    for absence in world.absences:
        if absence.applies(metering_point, register, now):
            frame = frame.filter(~_within(absence))
    frame = frame.select(
        "start",
        "version",
        quantity=_decimal(pl.col("amount")),
        type=pl.lit("Actual"),
        calculated=pl.lit(meant.calculated),
    )
    for oddity in world.leneda.oddities:
        if oddity.applies(metering_point, register, now):
            quantity = pl.when(_within(oddity) & oddity.null).then(None).otherwise("quantity")
            kind = pl.when(_within(oddity)).then(pl.lit(oddity.type or "Actual")).otherwise("type")
            frame = frame.with_columns(quantity=quantity, type=kind)
    return frame.select("start", "quantity", "version", "type", "calculated")


def hours(world: World, metering_point: str, register: str, window: Window, now: datetime) -> pl.DataFrame:
    """Return the hours that `aggregated` serves at `now`, in order: as `aggregated` below, by the hour.

    An hour is whole where `values` is 4 (of gas, 1).
    """
    return aggregated(world, metering_point, register, window, now, level=Level.HOUR)


def aggregated(
    world: World, metering_point: str, register: str, window: Window, now: datetime, *, level: Level
) -> pl.DataFrame:
    """Return the sums that `aggregated` serves at `now`, in order.

    Columns: `start` and `end` (UTC; clipped to the window), `quantity` (kWh, kVARh, or gas's own unit),
    `values` (how many were summed). What has no value has no row. Whether the operator leaves out the sum of an
    hour that lacks a quarter is unknown: here it is the sum of those that there are.
    """
    meant = REGISTERS[register]
    frame = served(world, metering_point, register, window, now).drop_nulls("quantity")
    local = pl.col("start").dt.convert_time_zone(LUXEMBOURG.key)
    if level is Level.INFINITE:
        bounds = pl.lit(window.start), pl.lit(window.end)
    elif level is Level.HOUR:
        bounds = pl.col("start").dt.truncate("1h"), pl.col("start").dt.truncate("1h") + HOUR
    else:
        first = local.dt.truncate(_SPANS[level])
        bounds = first.dt.convert_time_zone("UTC"), first.dt.offset_by(_SPANS[level]).dt.convert_time_zone("UTC")
    thousandths = (pl.col("quantity") * 1000).round().cast(pl.Int64)
    return (
        frame.select(
            start=pl.max_horizontal(bounds[0], pl.lit(window.start)),
            end=pl.min_horizontal(bounds[1], pl.lit(window.end)),
            thousandths=thousandths,
        )
        .group_by("start", "end", maintain_order=True)
        .agg(amount=pl.col("thousandths").sum(), values=pl.len().cast(pl.Int64))
        # In kW over a quarter-hour, a watt is a quarter of a watt-hour: five decimals of a kWh are exact.
        .select("start", "end", (pl.col("amount") / (HOUR // meant.length * 1000)).round(5).alias("quantity"), "values")
    )


def _counted(metering_point: str, register: Register, window: Window, plant: str | None) -> pl.DataFrame:
    if plant is None or register.measured not in profile.AT_GRID:
        return _measured(metering_point, register, register.measured, window)
    used = _measured(metering_point, register, "consumption", window)
    made = _measured(plant, register, "production", window)["measured"]
    return used.with_columns(measured=profile.AT_GRID[register.measured](pl.col("measured"), made))


def _measured(metering_point: str, register: Register, measured: str, window: Window) -> pl.DataFrame:
    traits = Traits.of(metering_point)
    seconds = register.length.seconds
    return (
        intervals(window, PLACE, register.length)
        .with_columns(
            hour_luck=luck(pl.col("start").dt.epoch("s") // seconds, traits.seed),
            day_luck=luck(pl.col("day"), traits.seed),
        )
        .with_columns(measured=profile.MEASURED[measured](traits))
    )


def _of_register(register: str) -> pl.Expr:
    return profile.COMPUTED.get(register, pl.col("measured"))


def _decimal(thousandths: pl.Expr) -> pl.Expr:
    # Polars divides by a constant through its reciprocal, which is a last digit off; rounding mends that.
    return (thousandths / 1000).round(3)


def _within(plan: Plan) -> pl.Expr:
    return (pl.col("start") >= plan.window.start) & (pl.col("start") < plan.window.end)


def _corrected(frame: pl.DataFrame, column: str, corrections: Iterable[Correction]) -> pl.DataFrame:
    for correction in corrections:
        amount = pl.col(column)
        if correction.factor is not None:
            amount = (amount * correction.factor).round().cast(pl.Int64)
        if correction.quantity is not None:
            amount = pl.lit(round(correction.quantity * 1000))
        within = _within(correction)
        frame = frame.with_columns(
            pl.when(within).then(amount).otherwise(column).alias(column), version=pl.col("version") + within
        )
    return frame
