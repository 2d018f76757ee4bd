"""The hours of a window with what the calendar and the sun say of each; whole numbers only.

Floating-point functions such as a sine may differ in the last digit between machines, so season and sun
are polynomials in integers.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl

from schemas.time import HOUR, floor_hour

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.time import Window

OSLO: Final = ZoneInfo("Europe/Oslo")

_SATURDAY: Final = 6
_WARMEST_DAY: Final = 196
_HALF_YEAR: Final = 182
# Around Oslo: noon by the sun in minutes UTC, and half the length of the shortest day and its growth to the longest.
_NOON, _SHORTEST, _GROWTH = 677, 180, 384


def ceil_hour(instant: datetime) -> datetime:
    """Return the first whole hour at or after the instant."""
    whole = floor_hour(instant)
    return whole if whole == instant else whole + HOUR


@lru_cache(maxsize=32)
def hours(window: Window) -> pl.DataFrame:
    """Return one row for each hour that starts in the window, in order.

    Columns: `start` (UTC), `hour` and `day` (numbered from 1970, the day by the local calendar), `local_hour`,
    `weekend`, `cold` (0 in mid July to 1000 in mid January), `sun` (0 at night to 1000 at noon in summer).
    """
    starts = pl.datetime_range(
        ceil_hour(window.start), ceil_hour(window.end), "1h", closed="left", time_unit="us", time_zone="UTC", eager=True
    )
    local = starts.dt.convert_time_zone(OSLO.key)
    from_warmest = (pl.col("day_of_year") - _WARMEST_DAY).abs() % 365
    distance = pl.min_horizontal(from_warmest, 365 - from_warmest)
    half_day = _SHORTEST + _GROWTH * (1000 - pl.col("cold")) // 1000
    from_noon = (pl.col("hour") % 24 * 60 + 30 - _NOON).abs()
    height = (half_day * half_day - from_noon * from_noon) * 1000 // (half_day * half_day)
    return (
        pl.DataFrame(
            {
                "start": starts,
                "hour": starts.dt.epoch("s") // 3600,
                "day": local.dt.date().cast(pl.Int32).cast(pl.Int64),
                "day_of_year": local.dt.ordinal_day().cast(pl.Int64),
                "local_hour": local.dt.hour().cast(pl.Int64),
                "weekend": local.dt.weekday() >= _SATURDAY,
            }
        )
        .with_columns(cold=distance * distance * (3 * _HALF_YEAR - 2 * distance) * 1000 // _HALF_YEAR**3)
        .with_columns(sun=height.clip(0) * (1000 - pl.col("cold") * 7 // 10) // 1000)
        .drop("day_of_year")
    )
