"""The operator's peaks beside our own: do both name the same hours?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.base import Feed
from pipelines.load.projection import capacity_basis

if TYPE_CHECKING:
    from pipelines.flow import Flow

TOLERANCE_KWH: Final = 1e-6


def differing_peaks(flow: Flow) -> list[str]:
    """Return the finished months whose official and computed capacity basis differ, a line each.

    Months with missing hours are left out: there the operator knows more than we were told. So is the
    running month, which the operator computes up to another hour.
    """
    if Feed.PEAKS not in flow.store.logs:
        return []
    log = flow.store.logs[Feed.PEAKS]
    peaks = pl.concat([log.shape.schema.to_frame(eager=True), *(log.current(month) for month in log.months())])
    zone = flow.source.zone
    basis = capacity_basis(flow.coverage(), peaks, flow.source.name, zone).frame
    differing = basis.filter(
        pl.col("settled"), pl.col("missing_hours") == 0, pl.col("difference_kwh").abs() > TOLERANCE_KWH
    )
    return [
        f"{row['connection']}, {row['time'].astimezone(zone):%Y-%m}: official {row['official_kwh']:.3f} kWh, "
        f"computed {row['computed_kwh']:.3f} kWh"
        for row in differing.iter_rows(named=True)
    ]
