"""The body of `GET /api/v1/metervalues`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from sandbox import truth
from sandbox.elvia import rows
from sandbox.elvia.text import stamp
from sandbox.faults import FaultKind
from schemas.time import floor_hour

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sandbox.elvia.query import Query
    from sandbox.faults import Fault
    from sandbox.households import Household
    from sandbox.world import World


def point(world: World, household: Household, query: Query, now: datetime, faults: Sequence[Fault]) -> str:
    """Write one metering point; its `metervalue` is null where the contract does not touch the asked time."""
    window = query.window.clip(household.contract)
    contract = (
        f'{{"meteringPointId":"{household.metering_point}","customerContract":'
        f'{{"startTime":{stamp(household.contract_start)},"endTime":{stamp(household.contract_end)}}},'
    )
    if not window:
        return contract + '"metervalue":null}'
    kinds = {fault.kind for fault in faults}
    minutes = rows.QUARTER_IN_MINUTES if FaultKind.QUARTER_HOURS in kinds else rows.HOUR_IN_MINUTES
    series = rows.misarranged(_series(world, household, query, now), faults)
    list_key = "series" if FaultKind.RENAMED_ENVELOPE in kinds else "timeSeries"
    until = max(window.start, min(window.end, floor_hour(now)))
    return (
        f'{contract}"metervalue":{{"fromHour":{stamp(window.start)},"toHour":{stamp(until)},'
        f'"resolutionMinutes":{minutes},"{list_key}":[{rows.written(series, faults, minutes)}]}}}}'
    )


def _series(world: World, household: Household, query: Query, now: datetime) -> pl.DataFrame:
    registers = household.registers if query.include_production else ("consumption",)
    series = [
        truth.served(world, household.metering_point, register, query.window, now).with_columns(
            production=pl.lit(register == "production")
        )
        for register in registers
    ]
    return pl.concat(series).sort("start", maintain_order=True) if len(series) > 1 else series[0]
