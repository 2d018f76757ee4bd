"""What the report is made from: metering points and their registers, out of the store alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from pipelines.households import households
from pipelines.peaks import basis_by_month, official_peaks
from pipelines.report.readings import Hours, hours_of
from pipelines.statement import draw_up
from pipelines.status import status
from schemas.own_use import own_use
from schemas.registers import REGISTERS, RESOLUTIONS
from schemas.time import DAY, local_day

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from pipelines.flow import Flow
    from pipelines.statement import Statement
    from pipelines.status import ConnectionStatus, SeriesStatus
    from schemas.charge import CapacityCharge
    from schemas.own_use import Household

MAIN: Final = ("consumption", "production", "gas_energy", "gas_standard_volume", "gas_volume")
"""The registers that a metering point is read for; of gas, the first that is there."""

Detail = Literal["hours", "days", "list"]
"""How much of a metering point is shown: every hour; days of a year, and months; or a row in the list."""

HOURS_UP_TO: Final = 20
DAYS_UP_TO: Final = 300
"""A report on more metering points tells less of each, so that it still opens: an hour's worth is 6 bytes."""


@dataclass(frozen=True)
class Series:
    """One register of a metering point."""

    register: str
    days: pl.DataFrame
    """`schemas.coverage.coverage`, without gaps."""
    hours: pl.DataFrame
    """`start`, `quantity`, `settled`, `revision`, in order; none where the report is on many points."""
    quarters: pl.DataFrame
    """`start`, `quantity`, of the last year; none where it is not read by the quarter-hour, or as above."""
    status: SeriesStatus

    @property
    def until(self) -> datetime:
        """Where the newest reading ends."""
        return self.status.last_start + timedelta(seconds=RESOLUTIONS[self.status.resolution])


@dataclass(frozen=True)
class Point:
    """One metering point."""

    key: str
    """What its parts are called in the page."""
    source: str
    connection: str
    metering_point: str
    name: str
    zone: ZoneInfo
    now: datetime
    expected_until: datetime
    series: Mapping[str, Series]
    """By register, in the catalogue's order."""
    basis: pl.DataFrame
    """The capacity basis by month, as it is projected into InfluxDB; none where the operator has no peaks."""
    peaks: pl.DataFrame
    """The operator's own highest hours of each month: `start` (of the month), `rank`, `quantity`, ..."""
    charge: CapacityCharge | None
    """What such hours cost."""
    corrections: pl.DataFrame
    detail: Detail

    @property
    def today(self) -> date:
        """The operator's calendar day."""
        return local_day(self.now, self.zone)

    @property
    def main(self) -> list[Series]:
        """The registers that the point is read for; of gas one."""
        found = [self.series[name] for name in MAIN if name in self.series]
        gas = [one.register for one in found if one.register.startswith("gas")]
        return [one for one in found if one.register not in gas[1:]]

    @property
    def groups(self) -> list[list[Series]]:
        """The same registers, those together that belong into one plot: electricity both ways, gas by itself."""
        electricity = [one for one in self.main if not one.register.startswith("gas")]
        gas = [one for one in self.main if one.register.startswith("gas")]
        return [group for group in (electricity, gas) if group]


@dataclass(frozen=True)
class Home:
    """A connection that makes energy, where the settings name what counts all of it."""

    household: Household
    names: Mapping[str, str]
    """Of its metering points."""
    zone: ZoneInfo
    today: date
    expected_until: datetime
    hours: pl.DataFrame
    """`schemas.own_use.OWN_USE`; never empty."""


@dataclass
class Gathered:
    """All that the page tells of."""

    now: datetime
    detail: Detail
    points: list[Point] = field(default_factory=list)
    connections: list[tuple[ConnectionStatus, ZoneInfo]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    """Of the last month, where a register tells what is shared."""
    homes: list[Home] = field(default_factory=list)
    """Where the report has hours."""


def gather(flows: Iterable[Flow], names: Mapping[str, str], chosen: Collection[str] | None, now: datetime) -> Gathered:
    """Read the stores of all sources. `chosen`: the connections that are wanted; None for all that are kept."""
    stores = [_Kept(flow, chosen) for flow in flows]
    count = sum(len(kept.points) for kept in stores)
    detail: Detail = "hours" if count <= HOURS_UP_TO else "days" if count <= DAYS_UP_TO else "list"
    gathered = Gathered(now, detail)
    for kept in stores:
        connections, statuses = status(kept.flow, now)
        zone = kept.flow.source.zone
        gathered.connections += [(one, zone) for one in connections if chosen is None or one.connection in chosen]
        details = kept.details(now) if detail == "hours" else {}
        if detail != "list" and kept.shares:
            last_month = (local_day(now, zone).replace(day=1) - DAY).replace(day=1)
            gathered.statements.append(draw_up(kept.flow, last_month, names, chosen))
        gathered.homes += kept.homes(names, details, now)
        by_series = {(one.metering_point, one.register): one for one in statuses}
        for connection, metering_point in kept.points:
            gathered.points.append(
                Point(
                    key=f"p{len(gathered.points) + 1}",
                    source=kept.flow.source.name,
                    connection=connection,
                    metering_point=metering_point,
                    name=names.get(metering_point) or kept.name_of(connection, metering_point),
                    zone=zone,
                    now=now,
                    expected_until=kept.flow.source.expected_until(now),
                    series=kept.series_of(metering_point, by_series, details),
                    basis=kept.basis.filter(pl.col("metering_point") == metering_point),
                    peaks=kept.peaks.filter(pl.col("metering_point") == metering_point),
                    charge=kept.flow.source.charge,
                    corrections=details.get(metering_point, Hours()).corrections,
                    detail=detail,
                )
            )
    return gathered


class _Kept:
    """One source's part of the store."""

    def __init__(self, flow: Flow, chosen: Collection[str] | None) -> None:
        self.flow = flow
        coverage = flow.coverage()
        days = coverage if chosen is None else coverage.filter(pl.col("connection").is_in(list(chosen)))
        self.points = days.select("connection", "metering_point").unique().sort(pl.all()).rows()
        self.basis, self.peaks = basis_by_month(flow), official_peaks(flow)
        self._days = days.partition_by("metering_point", "register", as_dict=True, maintain_order=True)
        self._siblings = Counter(connection for connection, _ in self.points)

    @property
    def shares(self) -> bool:
        """Tell whether a register says what is shared."""
        return any(REGISTERS[register].layer is not None for _, register in self._days)

    def name_of(self, connection: str, metering_point: str) -> str:
        """Name a metering point that the settings have no name for."""
        return connection if self._siblings[connection] == 1 else f"{connection} …{metering_point[-4:]}"

    def details(self, now: datetime) -> dict[str, Hours]:
        """Return the hours and the corrections of every metering point."""
        return hours_of(self.flow.store.readings, {point for _, point in self.points}, MAIN, now)

    def homes(self, names: Mapping[str, str], details: Mapping[str, Hours], now: datetime) -> Iterator[Home]:
        """Yield the homes whose own use can be told of some hour at least."""
        source = self.flow.source
        series = [
            (connection, point, register)
            for connection, point in self.points
            if point in details
            for of, register in self._days
            if of == point
        ]
        for found in households(source.name, self.flow.connections, series):
            points = sorted({point for parts in found.parts.values() for point, _ in parts})
            hours = own_use(pl.concat([details[point].hours for point in points]), found)
            if not hours.is_empty():
                called = {point: names.get(point) or self.name_of(found.connection, point) for point in points}
                today = local_day(now, source.zone)
                yield Home(found, called, source.zone, today, source.expected_until(now), hours)

    def series_of(
        self,
        metering_point: str,
        statuses: Mapping[tuple[str, str], SeriesStatus],
        details: Mapping[str, Hours],
    ) -> dict[str, Series]:
        """Return a metering point's registers in the catalogue's order."""
        detail = details.get(metering_point, Hours())
        return {
            register: Series(
                register,
                days,
                detail.of(register),
                detail.quarters_of(register),
                statuses[metering_point, register],
            )
            for register in REGISTERS
            if (days := self._days.get((metering_point, register))) is not None
        }
