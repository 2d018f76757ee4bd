"""The balance of registers: what was measured is what was shared in each layer, plus what remained.

Source of the rule: the identity that the grid operators compute the sharing registers by, interval by interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.registers import LAYERS, REMAINING

if TYPE_CHECKING:
    from collections.abc import Sequence

PARTS: Final = {
    measured: (*(f"{measured}_{layer}" for layer in LAYERS), f"{measured}_{REMAINING}")
    for measured in ("consumption", "production")
}
"""The registers that a measured register is divided into."""

_ALL: Final = 1 + len(LAYERS) + 1
"""The measured register, each layer, and the remainder."""

TOLERANCE_KWH: Final = 0.001
"""Per interval. Operators give three decimals of a kW: six rounded quarter-hours are off by 0.00075 kWh at most."""

BALANCE: Final = pl.Schema(
    {
        # Intervals of the day that can be compared, see `balance`.
        "compared": pl.Int64(),
        "measured": pl.Float64(),
        # Sum of layers and remainder.
        "explained": pl.Float64(),
        # Those of them where the two differ by more than the tolerance, and the largest difference of one.
        "unbalanced": pl.Int64(),
        "worst": pl.Float64(),
    }
)
"""A day's balance, in kWh; `residual`, where it is told, is `measured` - `explained`."""


def balance(readings: pl.DataFrame, series: Sequence[str], day: pl.Expr) -> pl.DataFrame:
    """Compare measured registers with their parts, interval by interval.

    Args:
        readings: current readings.
        series: the columns that name a series, `register` among them.
        day: the local day of a reading, under the name `day`.

    Returns:
        `series`, `day` and `BALANCE`, a row for each measured register and day with an interval to compare. That is
        one for which the remainder is there, and each layer that the metering point has on that day. Where these are
        not all layers, the others may be late, lost or never granted: parts that fall short tell nothing then, and
        the interval is left out; parts that exceed what was measured are wrong all the same.
    """
    whose = [name for name in series if name != "register"]
    measured_by = {part: measured for measured, parts in PARTS.items() for part in (measured, *parts)}
    remainder = pl.col("part") == pl.concat_str("register", pl.lit(f"_{REMAINING}"))
    is_measured = pl.col("part") == pl.col("register")
    difference = pl.col("measured") - pl.col("explained")
    return (
        readings.filter(pl.col("register").is_in(list(measured_by)))
        .rename({"register": "part"})
        .with_columns(day, register=pl.col("part").replace_strict(measured_by, return_dtype=pl.String))
        .with_columns(parts_of_day=pl.col("part").n_unique().over(*whose, "register", "day"))
        .group_by(*whose, "register", "day", "start")
        .agg(
            measured=pl.col("quantity").filter(is_measured).sum(),
            explained=pl.col("quantity").filter(~is_measured).sum(),
            all_layers=pl.col("parts_of_day").first() == _ALL,
            comparable=is_measured.any() & remainder.any() & (pl.len() == pl.col("parts_of_day").first()),
        )
        .filter(pl.col("comparable") & (pl.col("all_layers") | (difference <= TOLERANCE_KWH)))
        .group_by(*whose, "register", "day")
        .agg(
            compared=pl.len().cast(pl.Int64),
            unbalanced=(difference.abs() > TOLERANCE_KWH).sum().cast(pl.Int64),
            worst=difference.abs().max(),
            measured=pl.col("measured").sum(),
            explained=pl.col("explained").sum(),
        )
        .select(*series, "day", *BALANCE.names())
    )
