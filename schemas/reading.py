"""The reading: the columns of a candidate, and the rules that it must keep to be stored.

A rule's name is the reason under which a row that breaks it is quarantined.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import dataframely as dy
import polars as pl

from schemas.registers import REGISTERS, RESOLUTIONS

INSTANT: Final = pl.Datetime("us", "UTC")

BEFORE_ALL_METERS: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""No meter told its hours then. Services send the year 1 for a time that they do not have."""

CANDIDATE: Final = pl.Schema(
    {
        "metering_point": pl.String(),
        "register": pl.String(),
        "start": INSTANT,
        "end": INSTANT,
        "resolution": pl.String(),
        "quantity": pl.Float64(),
        "unit": pl.String(),
        # The operator's flag as sent; null where the operator has none.
        "verified": pl.Boolean(),
        # True where the operator marks the value as estimated; null where it has no such mark.
        "estimated": pl.Boolean(),
        "operator_version": pl.Int64(),
        # Index of the source row in `Candidates.verbatim`.
        "row": pl.UInt32(),
    }
)
"""What a connector makes of an answer: the operator's words translated, nothing judged, nothing dropped."""

_UNITS: Final = {name: register.unit for name, register in REGISTERS.items()}


def _lasts() -> pl.Expr:
    return (pl.col("end") - pl.col("start")).dt.total_microseconds()


def _interval() -> pl.Expr:
    return pl.col("resolution").replace_strict(RESOLUTIONS, default=None, return_dtype=pl.Int64()) * 1_000_000


class Reading(dy.Schema):
    """A reading that may be stored: one value of one register for one interval.

    `quantity` is in the register's unit (`schemas.registers`) and finite: dataframely refuses NaN and
    infinity of a `Float64` by default. The three primary-key columns name a reading; an answer that gives
    two different values for one key has both refused, since neither can be trusted over the other.
    """

    metering_point = dy.String(primary_key=True, min_length=1)
    register = dy.String(primary_key=True)
    start = dy.Datetime(primary_key=True, time_unit="us", time_zone="UTC", min=BEFORE_ALL_METERS)
    end = dy.Datetime(time_unit="us", time_zone="UTC")
    resolution = dy.String()
    quantity = dy.Float64(min=0)
    unit = dy.String()
    verified = dy.Bool(nullable=True)
    estimated = dy.Bool(nullable=True)
    operator_version = dy.Int64(nullable=True)
    row = dy.UInt32()

    @dy.rule()
    def register_is_known(cls) -> pl.Expr:  # noqa: N805 - dataframely's rules are class methods
        """The register stands in the catalogue."""
        return pl.col("register").is_in(list(REGISTERS))

    @dy.rule()
    def resolution_is_known(cls) -> pl.Expr:  # noqa: N805
        """The resolution is one that is stored; a quarter-hour is never taken for an hour."""
        return pl.col("resolution").is_in(list(RESOLUTIONS))

    @dy.rule()
    def unit_is_the_registers(cls) -> pl.Expr:  # noqa: N805
        """The unit is the register's: nothing is converted by guess."""
        return pl.col("unit").eq_missing(pl.col("register").replace_strict(_UNITS, default=None))

    @dy.rule()
    def lasts_one_interval(cls) -> pl.Expr:  # noqa: N805
        """The end lies exactly one interval after the start."""
        return _lasts() == _interval()

    @dy.rule()
    def starts_on_the_grid(cls) -> pl.Expr:  # noqa: N805
        """The start is a whole multiple of the interval since midnight UTC (every zone here has whole hours)."""
        return pl.col("start").dt.epoch("us") % _interval() == 0
