"""The bodies of `GET /api/v1/maxhours` (one hour a month) and `/api/v2/maxhours` (three, on three days)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from sandbox import truth
from sandbox.elvia import rows
from sandbox.elvia.text import stamp
from sandbox.faults import FaultKind
from schemas.time import floor_hour

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sandbox.elvia.query import Query
    from sandbox.faults import Fault
    from sandbox.households import Household
    from sandbox.world import World


def point_v1(world: World, household: Household, query: Query, now: datetime, faults: Sequence[Fault]) -> str:
    """Write one metering point with the highest hour of each month and register."""
    hours = (rows.written(month.tail(1), faults) for month in _months(world, household, query, now, faults))
    return f'{_head(household, query, "Time")}"{_list_key(faults, "maxHours")}":[{",".join(hours)}]}}'


def point_v2(world: World, household: Household, query: Query, now: datetime, faults: Sequence[Fault]) -> str:
    """Write one metering point with the three highest hours and their mean, of each month and register."""
    aggregates = ",".join(
        f'{{"averageValue":{month.select(pl.col("quantity").mean()).item()},"uom":"kWh",'
        f'"noOfMonthsBack":{month["months_back"][0]},"maxHours":[{rows.written(month, faults)}]}}'
        for month in _months(world, household, query, now, faults)
    )
    return f'{_head(household, query, "Date")}"{_list_key(faults, "maxHoursAggregate")}":[{aggregates}]}}'


def _head(household: Household, query: Query, contract_bound: str) -> str:
    """Write what both versions begin with; the contract's keys end in Time in v1 and in Date in v2."""
    return (
        f'{{"meteringPointId":"{household.metering_point}","customerContract":'
        f'{{"start{contract_bound}":{stamp(household.contract_start)},'
        f'"end{contract_bound}":{stamp(household.contract_end)}}},'
        f'"maxHoursCalculatedTime":{stamp(query.window.end)},"maxHoursFromTime":{stamp(query.window.start)},'
        f'"maxHoursToTime":{stamp(floor_hour(query.window.end))},'
    )


def _list_key(faults: Sequence[Fault], name: str) -> str:
    return "series" if any(fault.kind is FaultKind.RENAMED_ENVELOPE for fault in faults) else name


def _months(
    world: World, household: Household, query: Query, now: datetime, faults: Sequence[Fault]
) -> Iterator[pl.DataFrame]:
    """Yield the peaks of each month that has any, this month first, each register by itself."""
    registers = household.registers if query.include_production else ("consumption",)
    peaks = pl.concat(
        truth.peaks(world, household.metering_point, register, query.window.end, now).with_columns(
            production=pl.lit(register == "production")
        )
        for register in registers
    ).sort("months_back", maintain_order=True)
    peaks = rows.misarranged(peaks, [fault for fault in faults if fault.kind is not FaultKind.QUARTER_HOURS])
    for _, month in peaks.group_by("months_back", "production", maintain_order=True):
        yield month
