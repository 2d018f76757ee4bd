"""How much a household uses and makes in an hour: a closed form in whole watt-hours, with no state.

Every number follows from the metering point's id and the hour, on any machine and in any process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zlib import crc32

import polars as pl

# Watt-hours of a household's habits by local hour.
_WEEKDAY: Final = [120, 100, 90, 90, 100, 180, 480, 720, 520, 320, 280, 300, 330, 300, 310, 480, 900, 1150, 1050]
_WEEKDAY_LATE: Final = [900, 820, 700, 450, 220]
_WEEKEND: Final = [160, 130, 110, 100, 100, 120, 180, 320, 560, 760, 820, 780, 800, 760, 700, 760, 950, 1150, 1100]
_WEEKEND_LATE: Final = [950, 880, 780, 560, 320]
HABITS: Final = pl.Series("habit", [*_WEEKDAY, *_WEEKDAY_LATE, *_WEEKEND, *_WEEKEND_LATE], dtype=pl.Int64)

# A Mersenne prime: squares of what is below it fit into 64 bits, so nothing depends on how overflow wraps.
_PRIME: Final = 2_147_483_647


@dataclass(frozen=True)
class Traits:
    """What is particular to one household; powers in watts, `size` in percent."""

    seed: int
    base: int
    size: int
    heating: int
    charger: int
    panels: int

    @classmethod
    def of(cls, metering_point: str) -> Traits:
        """Derive a household's traits from its metering point's id."""
        seed = crc32(metering_point.encode()) % _PRIME
        return cls(
            seed=seed,
            base=120 + seed % 331,
            size=60 + seed // 7 % 91,
            heating=900 + seed // 11 % 2600,
            charger=(0, 3600, 7200)[seed // 13 % 3],
            panels=4000 + seed // 17 % 6000,
        )


def luck(key: pl.Expr, seed: int) -> pl.Expr:
    """Scatter whole numbers evenly over 0 to about two thousand million, the same way everywhere."""
    mixed = (key * 48_271 + seed) % _PRIME
    mixed = (mixed * mixed + 1_013_904_223 + seed) % _PRIME
    return (mixed * mixed + 12_345) % _PRIME


def consumption(traits: Traits) -> pl.Expr:
    """Watt-hours used, from the columns of `hours` and the two lucks: base, habits, heating, a car at night."""
    habit = pl.lit(HABITS).gather(pl.col("local_hour") + pl.when("weekend").then(24).otherwise(0))
    lived = habit * traits.size * (60 + pl.col("hour_luck") % 81) // 10_000
    heated = traits.heating * pl.col("cold") * (600 + pl.col("day_luck") % 800) // 1_000_000
    charges = (pl.col("day_luck") // 1000 % 3 == 0) & (pl.col("local_hour") < 2 + pl.col("day_luck") // 5000 % 4)
    charged = traits.charger * (900 + pl.col("hour_luck") // 100 % 101) // 1000
    return traits.base + lived + heated + pl.when(charges).then(charged).otherwise(0)


def production(traits: Traits) -> pl.Expr:
    """Watt-hours made by solar panels: nothing at night, less in winter and under clouds."""
    clouds = (150 + pl.col("day_luck") % 851) * (80 + pl.col("hour_luck") % 21)
    return traits.panels * pl.col("sun") * clouds // 100_000_000
