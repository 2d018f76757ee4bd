"""The operator's peaks beside our own: do both name the same hours?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.base import Feed
from pipelines.load.projection import capacity_basis
from schemas.revision import PEAKS

if TYPE_CHECKING:
    from pipelines.flow import Flow

TOLERANCE_KWH: Final = 1e-6


def official_peaks(flow: Flow) -> pl.DataFrame:
    """Return the operator's own highest hours of every month, in the columns of their log."""
    log = flow.store.logs.get(Feed.PEAKS)
    months = [log.current(month) for month in log.months()] if log else []
    return pl.concat([PEAKS.schema.to_frame(eager=True), *months])


def basis_by_month(flow: Flow) -> pl.DataFrame:
    """Return the capacity basis of every month, the operator's and our own, as it is projected into InfluxDB.

    Without a row where the operator names no peaks.
    """
    of_peaks = flow.coverage() if Feed.PEAKS in flow.store.logs else flow.coverage().clear()
    return capacity_basis(of_peaks, official_peaks(flow), flow.source.name, flow.source.zone).frame


def differing_peaks(flow: Flow) -> list[str]:
    """Return the finished months whose official and computed capacity basis differ, a line each.

    Months with missing hours are left out: there the operator knows more than we were told. So is the
    running month, which the operator computes up to another hour.
    """
    zone = flow.source.zone
    differing = basis_by_month(flow).filter(
        pl.col("settled"), pl.col("missing_hours") == 0, pl.col("difference_kwh").abs() > TOLERANCE_KWH
    )
    return [
        f"{row['connection']}, {row['time'].astimezone(zone):%Y-%m}: official {row['official_kwh']:.3f} kWh, "
        f"computed {row['computed_kwh']:.3f} kWh"
        for row in differing.iter_rows(named=True)
    ]
