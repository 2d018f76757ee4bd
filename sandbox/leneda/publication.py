"""Which days come late, and which values are corrected by themselves, in a world that is `sporadic`.

Days are numbered from 1970; `newest` is the newest that is published.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from datetime import date

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).date()


def number(day: date) -> int:
    """Return a day's number."""
    return (day - _EPOCH).days


def published(newest: int, *, sporadic: bool) -> pl.Expr:
    """Tell whether a value's day is published: about one in 40 comes one to five days late."""
    late = pl.when(pl.col("day_luck") // 7 % 40 == 0).then(1 + pl.col("day_luck") // 280 % 5).otherwise(0)
    return pl.col("day") + (late if sporadic else 0) <= newest


def revalued(newest: int) -> tuple[pl.Expr, pl.Expr]:
    """Return what is measured, and the version, with the corrections that a world has by itself.

    About one day in 45 has the values of three evening hours corrected, two to five days after they were
    published; on one of eight such days it takes forty.
    """
    draw = pl.col("day_luck") // 11
    happens = (draw % 45 == 0) & pl.col("local_hour").is_between(17, 19)
    days = pl.when(draw // 135 % 8 == 0).then(40).otherwise(2 + draw // 360 % 4)
    shows = happens & (pl.col("day") + days <= newest)
    percent = 80 + draw // 1440 % 19
    measured = pl.when(shows).then(pl.col("measured") * percent // 100).otherwise("measured")
    return measured, pl.col("version") + shows.cast(pl.Int64)
