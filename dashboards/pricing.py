"""Kroner out of kW by InfluxQL, which has no table to look things up in.

A price of steps is the first step's, and for each bound that is exceeded what the next step costs more. Each of these
is a subquery's rows; their sum by month is the price.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from connectors.elvia.charge import CHARGE
from dashboards.influxql import DAYS, IN_TIME, every, select, union
from dashboards.model import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dashboards.model import Format
    from schemas.charge import Period


def by_tariff(make: Callable[[Period], Query]) -> list[Query]:
    """Make a query for each tariff, which finds the months in which that was valid."""
    return [make(period) for period in CHARGE.periods]


def _valid(period: Period) -> str:
    """Hold the months of a tariff; times without a zone are those of the statement's tz()."""
    since = f"time >= '{period.tariff.valid_from}'"
    return since if period.valid_to is None else every(since, f"time < '{period.valid_to}'")


def _rises(period: Period) -> Iterator[tuple[int, float]]:
    """Yield each bound with what the step above it costs more."""
    for bound, (below, above) in zip(CHARGE.bounds, pairwise(period.tariff.kroner), strict=False):
        yield bound, above - below


def _known(period: Period, basis: str) -> str:
    """Hold the bases whose step has a known price."""
    steps = len(period.tariff.kroner)
    return f'"{basis}" <= {CHARGE.bounds[steps - 1]}' if steps <= len(CHARGE.bounds) else f'"{basis}" >= 0'


def at_prices(
    period: Period,
    measurement: str,
    mine: str,
    zone: str,
    *,
    name: str,
    basis: str = "computed_kwh",
    form: Format = "time_series",
) -> Query:
    """Return the price of each month of a tariff by the field `basis`."""
    holds = (mine, _known(period, basis), _valid(period), IN_TIME)
    first = select(f'{period.tariff.kroner[0]} + 0 * "{basis}" AS "kr"', measurement, *holds, zone=zone)
    rises = [
        select(f'{more} + 0 * "{basis}" AS "kr"', measurement, *holds, f'"{basis}" > {bound}', zone=zone)
        for bound, more in _rises(period)
    ]
    what = f'sum("kr") AS "{name}"'
    return Query(select(what, union([first, *rises]), _valid(period), IN_TIME, by=DAYS, zone=zone), name, form)


def saved(period: Period, actual: str, capped: str, zone: str, *, name: str) -> Query:
    """Return what the months of a tariff had cost less, had their `basis` been that of the other statement."""
    holds = (_known(period, "basis"), _valid(period), IN_TIME)
    nothing = select('0 * "basis" AS "kr"', union([actual]), *holds, zone=zone)
    parts = [
        select(f'{sign}{more} + 0 * "basis" AS "kr"', union([statement]), *holds, f'"basis" > {bound}', zone=zone)
        for bound, more in _rises(period)
        for sign, statement in (("", actual), ("-", capped))
    ]
    what = f'sum("kr") AS "{name}"'
    return Query(select(what, union([nothing, *parts]), _valid(period), IN_TIME, by=DAYS, zone=zone), name)
