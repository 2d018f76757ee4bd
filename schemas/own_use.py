"""Own use: what a home used of the energy that it made itself.

No meter counts it. Where one counts all that is made (gross generation), it is that less what the grid meters count as
fed in; all that was used is it and what was bought. With a battery a single hour may come out below zero: what is fed
in then was made earlier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.reading import INSTANT

if TYPE_CHECKING:
    from collections.abc import Iterable

Part = tuple[str, str]
"""A metering point and its register."""

OWN_USE: Final = pl.Schema(
    {
        "start": INSTANT,
        "made": pl.Float64(),
        "fed_in": pl.Float64(),
        "bought": pl.Float64(),
        "used": pl.Float64(),
    }
)
"""kWh of an hour; `used` is what was made and not fed in."""


@dataclass(frozen=True)
class Household:
    """A connection whose plant is metered by itself, and what counts its energy."""

    source: str
    connection: str
    made: tuple[Part, ...]
    fed_in: tuple[Part, ...]
    bought: tuple[Part, ...]

    @classmethod
    def of(cls, source: str, connection: str, made: Iterable[Part], series: Iterable[Part]) -> Household:
        """Return what is known of a household out of the series that are read of it.

        Grid meters are its other metering points: what counts at a plant's own is no trade with the grid.
        """
        plants = tuple(made)
        known = sorted(set(series))
        at_grid = [part for part in known if part[0] not in {point for point, _ in plants}]
        return cls(
            source,
            connection,
            tuple(part for part in plants if part in known),
            tuple(part for part in at_grid if part[1] == "production"),
            tuple(part for part in at_grid if part[1] == "consumption"),
        )

    @property
    def parts(self) -> dict[str, tuple[Part, ...]]:
        """What counts each kind of energy."""
        return {"made": self.made, "fed_in": self.fed_in, "bought": self.bought}


def own_use(hours: pl.DataFrame, household: Household) -> pl.DataFrame:
    """Return `OWN_USE` of the hours of which every part is there, in order.

    `hours` has `metering_point`, `register`, `start` and `quantity` (kWh); what is none of the household's is left out.
    """
    rows = [(*part, kind) for kind, parts in household.parts.items() for part in parts]
    kinds = pl.DataFrame(rows, schema=["metering_point", "register", "kind"], orient="row")
    sums = [pl.col("quantity").filter(pl.col("kind") == kind).sum().alias(kind) for kind in household.parts]
    return (
        hours.drop_nulls("quantity")
        .join(kinds, on=("metering_point", "register"))
        .group_by("start")
        .agg(*sums, count=pl.len())
        .filter(pl.col("count") == len(rows))
        .with_columns(used=pl.col("made") - pl.col("fed_in"))
        .select(OWN_USE.names())
        .cast(OWN_USE)
        .sort("start")
    )
