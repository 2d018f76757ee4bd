"""What a metering point's registers count in an interval: closed forms in whole watts, vars or litres, no state.

Expressions over the columns of `intervals` and the two lucks; `hour_luck` is the interval's own. A register
that no meter counts is computed of the column `measured`, so that the registers always add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl

from sandbox import profile
from sandbox.hours import Place

if TYPE_CHECKING:
    from collections.abc import Callable

LUXEMBOURG: Final = ZoneInfo("Europe/Luxembourg")
PLACE: Final = Place(LUXEMBOURG, noon=695, shortest=240, growth=245)


def _reactive_consumption(traits: profile.Traits) -> pl.Expr:
    return profile.consumption(traits) * (120 + pl.col("hour_luck") // 300 % 160) // 1000


def _reactive_production(traits: profile.Traits) -> pl.Expr:
    return profile.consumption(traits) * (pl.col("hour_luck") // 700 % 60) // 1000


def _gas_volume(traits: profile.Traits) -> pl.Expr:
    """Litres of gas in an hour: heating when it is cold, and hot water in the morning and the evening."""
    heated = traits.heating * 3 * pl.col("cold") * (500 + pl.col("day_luck") % 800) // 1_000_000
    water = pl.when(pl.col("local_hour").is_in([6, 7, 19, 20])).then(pl.col("hour_luck") // 50 % 4000).otherwise(0)
    return (heated + water) // 11


MEASURED: Final[dict[str, Callable[[profile.Traits], pl.Expr]]] = {
    "consumption": profile.consumption,
    "production": profile.production,
    "reactive_consumption": _reactive_consumption,
    "reactive_production": _reactive_production,
    "gas_volume": _gas_volume,
}
"""What meters count, by register: watts, vars, litres."""


AT_GRID: Final[dict[str, Callable[[pl.Expr, pl.Series], pl.Expr]]] = {
    "consumption": lambda used, made: (used - made).clip(lower_bound=0),
    "production": lambda used, made: (made - used).clip(lower_bound=0),
}
"""What a grid meter counts of what a house uses and its panels make: watts, by register."""


def _shared(least: int, in_sun: int, divisor: int) -> pl.Expr:
    """Return a layer's part, from per mille of the whole; all layers together stay below the whole."""
    share = (least + pl.col("sun") * in_sun // 1000) * (600 + pl.col("hour_luck") // divisor % 401)
    return pl.col("measured") * share // 1_000_000


_LAYERS: Final = {
    "shared_layer1": _shared(0, 260, 3),
    "shared_layer2": _shared(10, 140, 17),
    "shared_layer3": _shared(20, 90, 101),
    "shared_layer4": _shared(30, 40, 1009),
}
_STANDARD_LITRES: Final = pl.col("measured") * (940 + pl.col("day_luck") // 13 % 40) // 1000

COMPUTED: Final[dict[str, pl.Expr]] = {
    **{f"{side}_{layer}": part for side in ("consumption", "production") for layer, part in _LAYERS.items()},
    **{
        f"{side}_remaining": pl.col("measured") - pl.sum_horizontal(*_LAYERS.values())
        for side in ("consumption", "production")
    },
    "gas_standard_volume": _STANDARD_LITRES,
    "gas_energy": _STANDARD_LITRES * (11_050 + pl.col("day_luck") // 29 % 300) // 1000,
}
"""What is computed of what a meter counts, by register: watts, standard litres, watt-hours."""
