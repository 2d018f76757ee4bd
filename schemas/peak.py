"""The official peak: one of the highest hours of a local month, as the operator names it.

Elvia's `maxhours` gives up to three a month, on three different days, and their mean; the capacity charge
(kapasitetsledd) is set by that mean.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import dataframely as dy
import polars as pl

from schemas.reading import BEFORE_ALL_METERS, INSTANT
from schemas.registers import REGISTERS

RANKS: Final = 3
"""Peaks that count in a month: the three highest hours on three different days."""

LONGEST_MONTH: Final = timedelta(days=31, hours=1)
"""October, in which an hour comes twice."""

CANDIDATE: Final = pl.Schema(
    {
        "metering_point": pl.String(),
        "register": pl.String(),
        # The UTC instant at which the operator's local month begins.
        "start": INSTANT,
        "rank": pl.Int64(),
        "quantity": pl.Float64(),
        "unit": pl.String(),
        "hour_start": INSTANT,
        "hour_end": INSTANT,
        # The operator's own mean of the month's peaks, the same on each of them.
        "average": pl.Float64(),
        "verified": pl.Boolean(),
        "row": pl.UInt32(),
    }
)
"""What a connector makes of an answer about peaks; `rank` 1 is the highest hour."""

_UNITS: Final = {name: register.unit for name, register in REGISTERS.items()}


class Peak(dy.Schema):
    """An official peak that may be stored."""

    metering_point = dy.String(primary_key=True, min_length=1)
    register = dy.String(primary_key=True)
    start = dy.Datetime(primary_key=True, time_unit="us", time_zone="UTC", min=BEFORE_ALL_METERS)
    rank = dy.Int64(primary_key=True, min=1, max=RANKS)
    quantity = dy.Float64(min=0)
    unit = dy.String()
    hour_start = dy.Datetime(time_unit="us", time_zone="UTC")
    hour_end = dy.Datetime(time_unit="us", time_zone="UTC")
    average = dy.Float64(min=0)
    verified = dy.Bool(nullable=True)
    row = dy.UInt32()

    @dy.rule()
    def register_is_known(cls) -> pl.Expr:  # noqa: N805 - dataframely's rules are class methods
        """The register stands in the catalogue."""
        return pl.col("register").is_in(list(REGISTERS))

    @dy.rule()
    def unit_is_the_registers(cls) -> pl.Expr:  # noqa: N805
        """The unit is the register's: nothing is converted by guess."""
        return pl.col("unit").eq_missing(pl.col("register").replace_strict(_UNITS, default=None))

    @dy.rule()
    def lasts_one_hour(cls) -> pl.Expr:  # noqa: N805
        """The peak is an hour, however it is cut."""
        return (pl.col("hour_end") - pl.col("hour_start")) == pl.duration(hours=1)

    @dy.rule()
    def lies_in_its_month(cls) -> pl.Expr:  # noqa: N805
        """The hour is not before its month, nor after the longest there is (only the operator's zone tells more)."""
        return pl.col("hour_start").is_between(pl.col("start"), pl.col("start") + LONGEST_MONTH, closed="left")

    @dy.rule()
    def names_an_hour_once(cls) -> pl.Expr:  # noqa: N805
        """No hour has two ranks: of two values for it neither can be trusted over the other."""
        return ~pl.struct("metering_point", "register", "start", "hour_start").is_duplicated()
