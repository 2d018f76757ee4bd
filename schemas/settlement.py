"""Settled or provisional: when a value counts as final, though an operator may still correct it.

Two marks exist. An operator's own flag (Elvia's `verified`) settles a value at once. Age settles it where the
flag says nothing: Elhub locks values five days after the day, Leneda re-delivers for seven. A flag is *mute*
at a metering point where it never says yes, as Elvia announces for Innlandet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from schemas.time import DAY, local_day, local_midnight

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

OLDEST_DAY: Final = 60
NEWEST_DAY: Final = 6
FEWEST_DAYS: Final = 14
"""A flag is judged on the local days 6 to 60 before the newest reading, and on no fewer than 14 of them."""


@dataclass(frozen=True)
class Settlement:
    """One operator's rule.

    `full_days` is how many full local days must lie between a reading's day and the reading of it. `by_age`
    says where age counts: at every metering point, or only where the flag is mute.
    """

    full_days: int
    by_age: Literal["always", "where_the_flag_is_mute"]

    def aged_before(self, read_at: datetime, zone: ZoneInfo) -> datetime:
        """Return the instant before which everything read at `read_at` is settled by its age."""
        return local_midnight(local_day(read_at, zone) - self.full_days * DAY, zone)

    def aged_from(self, day: date) -> date:
        """Return the local day from which on whatever is read of `day` is settled by its age."""
        return day + (self.full_days + 1) * DAY


def settled(rule: Settlement, *, aged_before: datetime, mute: pl.Expr) -> pl.Expr:
    """Tell whether a reading is settled, from `start`, `verified` and `estimated`.

    Args:
        rule: the operator's rule.
        aged_before: see `Settlement.aged_before`, for the instant at which the rows were read.
        mute: whether the flag of the row's metering point is mute.
    """
    aged = pl.col("start") < aged_before
    counts = pl.lit(value=True) if rule.by_age == "always" else mute
    by_age = aged & counts & ~pl.col("estimated").fill_null(value=False)
    return pl.col("verified").fill_null(value=False) | by_age


@dataclass(frozen=True)
class FlagVerdict:
    """Whether a metering point's flag is mute, and why, in words for people."""

    mute: bool
    reason: str


def judge_flag(days: pl.DataFrame, before: FlagVerdict | None) -> FlagVerdict:
    """Judge one metering point's flag.

    Args:
        days: one row a local day that has readings: `day` (Date), `present`, `verified` (counts).
        before: the last verdict; it stands where the days say too little.
    """
    stands = before or FlagVerdict(mute=False, reason="too few days to judge the flag by")
    if days.is_empty():
        return stands
    newest: date = days["day"].max()  # type: ignore[assignment]
    seen = days.filter(
        pl.col("day").is_between(newest - timedelta(days=OLDEST_DAY), newest - timedelta(days=NEWEST_DAY)),
        pl.col("present") > 0,
    )
    fully = seen.filter(pl.col("verified") == pl.col("present"))
    if not fully.is_empty():
        return FlagVerdict(mute=False, reason=f"{fully['day'].max()!s} is fully verified")
    if seen.height < FEWEST_DAYS:
        return stands
    if seen["verified"].sum() == 0:
        first, last = seen["day"].min(), seen["day"].max()
        return FlagVerdict(
            mute=True, reason=f"no hour of the {seen.height} days from {first!s} to {last!s} is verified"
        )
    return stands
