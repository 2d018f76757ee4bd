"""The intervals of a window with what the calendar and the sun say of each; whole numbers only.

Floating-point functions such as a sine may differ in the last digit between machines, so season and sun
are polynomials in integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl

from schemas.time import HOUR

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.time import Window

_SATURDAY: Final = 6
_WARMEST_DAY: Final = 196
_HALF_YEAR: Final = 182


@dataclass(frozen=True)
class Place:
    """Where meters stand.

    `noon` by the sun in minutes UTC; `shortest` is half the length of the shortest day, `growth` what half
    the longest has more, both in minutes.
    """

    zone: ZoneInfo
    noon: int
    shortest: int
    growth: int


OSLO: Final = ZoneInfo("Europe/Oslo")
NORWAY: Final = Place(OSLO, noon=677, shortest=180, growth=384)


def hours(window: Window) -> pl.DataFrame:
    """Return the hours that start in the window, in Norway."""
    return intervals(window, NORWAY, HOUR)


@lru_cache(maxsize=32)
def intervals(window: Window, place: Place, length: timedelta) -> pl.DataFrame:
    """Return one row for each interval of a length (15 minutes, an hour) that starts in the window, in order.

    Columns: `start` (UTC), `hour` and `day` (numbered from 1970, the day by the local calendar), `local_hour`,
    `weekend`, `cold` (0 in mid July to 1000 in mid January), `sun` (0 at night to 1000 at noon in summer).
    """
    minutes = length // timedelta(minutes=1)
    starts = pl.datetime_range(
        _ceil(window.start, length),
        _ceil(window.end, length),
        length,
        closed="left",
        time_unit="us",
        time_zone="UTC",
        eager=True,
    )
    local = starts.dt.convert_time_zone(place.zone.key)
    from_warmest = (pl.col("day_of_year") - _WARMEST_DAY).abs() % 365
    distance = pl.min_horizontal(from_warmest, 365 - from_warmest)
    half_day = place.shortest + place.growth * (1000 - pl.col("cold")) // 1000
    from_noon = (pl.col("minute") % 1440 + minutes // 2 - place.noon).abs()
    height = (half_day * half_day - from_noon * from_noon) * 1000 // (half_day * half_day)
    return (
        pl.DataFrame(
            {
                "start": starts,
                "minute": starts.dt.epoch("s") // 60,
                "hour": starts.dt.epoch("s") // 3600,
                "day": local.dt.date().cast(pl.Int32).cast(pl.Int64),
                "day_of_year": local.dt.ordinal_day().cast(pl.Int64),
                "local_hour": local.dt.hour().cast(pl.Int64),
                "weekend": local.dt.weekday() >= _SATURDAY,
            }
        )
        .with_columns(cold=distance * distance * (3 * _HALF_YEAR - 2 * distance) * 1000 // _HALF_YEAR**3)
        .with_columns(sun=height.clip(0) * (1000 - pl.col("cold") * 7 // 10) // 1000)
        .drop("minute", "day_of_year")
    )


def _ceil(instant: datetime, length: timedelta) -> datetime:
    """Return the first instant at or after this one at which an interval starts."""
    midnight = instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - (midnight - instant) // length * length
