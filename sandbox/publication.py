"""When an hour is published, when it is verified, and which hours come late or are corrected by themselves.

Sources: hours arrive within one to two hours of their start, the last two of a day only after midnight (by
01:30), and yesterday is verified from about 06:00.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from sandbox.hours import OSLO
from schemas.time import DAY, local_day, local_midnight

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.world import World

_MINUTE: Final = timedelta(minutes=1)
_DAY_IN_MINUTES: Final = 24 * 60
# The last two hours of a day share the ninety minutes after midnight.
_EVENING: Final = 22
_EVENING_SHARE: Final = 45


@dataclass(frozen=True)
class Publication:
    """How long the operator takes; the delays count from an hour's start and lie `earliest` <= delay < `latest`."""

    earliest: timedelta = timedelta(hours=1)
    latest: timedelta = timedelta(hours=2)
    verified_at: time = time(6)

    def verified_until(self, now: datetime) -> datetime:
        """Return the end of the newest local day that is verified at `now`."""
        local = now.astimezone(OSLO)
        today = local.date() if local.time() >= self.verified_at else local_day(now, OSLO) - DAY
        return local_midnight(today, OSLO)


def published(world: World, now: datetime) -> pl.Expr:
    """Tell whether an hour is published at `now`."""
    share = pl.col("hour_luck") // 1000 % 1000
    earliest, latest = world.publication.earliest // _MINUTE, world.publication.latest // _MINUTE
    evening_from = (24 - pl.col("local_hour")) * 60 + (pl.col("local_hour") - _EVENING) * _EVENING_SHARE
    delay = (
        pl.when(pl.col("local_hour") >= _EVENING)
        .then(evening_from + share * _EVENING_SHARE // 1000)
        .otherwise(earliest + share * (latest - earliest) // 1000)
    )
    if world.sporadic:
        delay += pl.when(_comes_late()).then(_days_late() * _DAY_IN_MINUTES).otherwise(0)
    return pl.col("hour") * 60 + delay <= _minutes(now)


def revalued(now: datetime) -> pl.Expr:
    """Return the quantity with the corrections that a world has by itself, as far as they show at `now`.

    About one day in 45 has three evening hours re-valued, at noon three to five days later; one of eight
    such days forty days later.
    """
    draw = pl.col("day_luck") // 11
    happens = (draw % 45 == 0) & pl.col("local_hour").is_between(17, 19)
    days = pl.when(draw // 45 % 8 == 0).then(40).otherwise(3 + draw // 360 % 3)
    shows = happens & ((pl.col("day") + days) * _DAY_IN_MINUTES + _DAY_IN_MINUTES // 2 <= _minutes(now))
    percent = 80 + draw // 1080 % 19
    return pl.when(shows).then((pl.col("quantity") * percent / 100).round(3)).otherwise("quantity")


def _comes_late() -> pl.Expr:
    """Tell the hours that come days late by themselves: four around noon, on about one day in 40."""
    return (pl.col("day_luck") // 7 % 40 == 0) & pl.col("local_hour").is_between(10, 13)


def _days_late() -> pl.Expr:
    return 2 + pl.col("day_luck") // 280 % 6


def _minutes(instant: datetime) -> int:
    return int(instant.timestamp()) // 60
