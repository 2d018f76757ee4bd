"""What the meters measured, and what the operator shows of it: pure functions, the oracle of the tests.

`readings` is what a meter counted; `served` is exactly what the API answers at an instant; `peaks` is what
it answers as the highest hours. The same window, world and instant give the same frame in every process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from sandbox import profile, publication
from sandbox.hours import OSLO, hours
from schemas.time import HOUR, Window, floor_hour, local_day, month_window

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.plans import Correction
    from sandbox.world import World

_QUANTITY = {"consumption": profile.consumption, "production": profile.production}
_DAYS_THAT_COUNT = 3


def readings(metering_point: str, register: str, window: Window) -> pl.DataFrame:
    """Return what the meter counted first, before any correction: `start` (UTC), `quantity` (kWh, 3 decimals).

    One row for each hour that starts in the window. Raises KeyError for a register that no household has.
    """
    return _counted(metering_point, register, window).select("start", "quantity")


def served(world: World, metering_point: str, register: str, window: Window, now: datetime) -> pl.DataFrame:
    """Return what the API serves at `now`: `start` (UTC), `quantity` (kWh, 3 decimals), `verified`; in order.

    One row for each hour that starts in the window, lies in the contract, is published by `now` and is not
    absent; corrected as far as corrections show. Raises KeyError for a metering point that nobody has.
    """
    household = world.households[metering_point]
    if register not in household.registers:
        window = Window(window.start, window.start)
    # The future is cut off here only for speed; `published` decides.
    seen = window.clip(household.contract).clip(Window(window.start, max(window.start, floor_hour(now))))
    frame = _counted(metering_point, register, seen).filter(publication.published(world, now))
    if household.sparse and register == "production":
        frame = frame.filter(pl.col("quantity") > 0)
    if world.sporadic:
        frame = frame.with_columns(quantity=publication.revalued(now))
    for absence in world.absences:
        if absence.applies(metering_point, register, now):
            frame = frame.filter(~_within(absence.window))
    frame = _corrected(frame, (c for c in world.corrections if c.applies(metering_point, register, now)))
    verified = pl.lit(not household.innlandet) & (pl.col("start") < world.publication.verified_until(now))
    for plan in world.unverified:
        if plan.applies(metering_point, register, now):
            verified &= ~_within(plan.window)
    return frame.select("start", "quantity", verified=verified)


def peaks(world: World, metering_point: str, register: str, instant: datetime, now: datetime) -> pl.DataFrame:
    """Return the highest hours of the instant's local month and of the month before.

    From what is served at `now`, hours that end by `instant` count. Of each local day the highest hour, of
    the month the three highest days; in each month ascending by quantity. Columns: `months_back` (0, 1),
    `start` (UTC), `quantity` (kWh), `verified`. A month without any hour has no row.
    """
    month = local_day(instant, OSLO).replace(day=1)
    frames = []
    for months_back in (0, 1):
        window = month_window(month, OSLO)
        seen = window.clip(Window(window.start, max(window.start, floor_hour(instant))))
        month = local_day(window.start - HOUR, OSLO).replace(day=1)
        if not seen:
            # As of a month's first instant, its own peaks are none.
            continue
        highest = (
            served(world, metering_point, register, seen, now)
            .with_columns(day=pl.col("start").dt.convert_time_zone(OSLO.key).dt.date())
            .sort("quantity", "start", descending=[True, False])
            .unique("day", keep="first", maintain_order=True)
            .head(_DAYS_THAT_COUNT)
            .reverse()
        )
        frames.append(
            highest.select(pl.lit(months_back, pl.Int64).alias("months_back"), "start", "quantity", "verified")
        )
    return pl.concat(frames)


def _counted(metering_point: str, register: str, window: Window) -> pl.DataFrame:
    traits = profile.Traits.of(metering_point)
    return (
        hours(window)
        .with_columns(
            hour_luck=profile.luck(pl.col("hour"), traits.seed),
            day_luck=profile.luck(pl.col("day"), traits.seed),
        )
        # Polars divides by a constant through its reciprocal, which is a last digit off; rounding mends that.
        .with_columns(quantity=(_QUANTITY[register](traits) / 1000).round(3))
    )


def _within(window: Window) -> pl.Expr:
    return (pl.col("start") >= window.start) & (pl.col("start") < window.end)


def _corrected(frame: pl.DataFrame, corrections: Iterable[Correction]) -> pl.DataFrame:
    for correction in sorted(corrections, key=lambda correction: correction.shows):
        value = pl.lit(correction.quantity) if correction.factor is None else pl.col("quantity") * correction.factor
        frame = frame.with_columns(
            quantity=pl.when(_within(correction.window)).then(value.round(3)).otherwise("quantity")
        )
    return frame
