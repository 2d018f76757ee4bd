"""Own use, for dashboards of an installation whose settings name gross generation: a row on Home for each such home.

InfluxQL adds up hour by hour, over the series of a home together, and takes the hours that have all of them: a missing
part is no zero. Its sums are floats throughout; counts are compared, never divided.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from zlib import crc32

from connectors.registry import SOURCES
from dashboards import transformations as t
from dashboards.influxql import DAYS, IN_TIME, every, select, union
from dashboards.model import Dashboard, Panel, Query, Row
from dashboards.panels import BLUE, GREEN, NOT_A_NUMBER, SHARE, by_name, fixed, over_time, stat, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.own_use import Household, Part

HOURS: Final = "time(1h)"
NO_HOUR: Final = "No hour in this time has what was made, fed in and bought"

OWN: Final = 'sum("made") - sum("fed_in")'
ALL: Final = f'{OWN} + sum("bought")'
SUMS: Final = {
    "Made": 'sum("made")',
    "Used oneself": OWN,
    "Fed in": 'sum("fed_in")',
    "Bought": 'sum("bought")',
    "Used in all": ALL,
    "Hours": 'count("made")',
}
SHARES: Final = {"Share of own use": ("Used oneself", "Made"), "Self-sufficiency": ("Used oneself", "Used in all")}


def with_own_use(home: Dashboard, households: Sequence[Household]) -> Dashboard:
    """Return Home with a row of panels for each household below the others."""
    return replace(home, panels=[*home.panels, *(panel for each in households for panel in _row(each))])


def _row(household: Household) -> list[Panel | Row]:
    # From the connection's name, so that a number stays whichever others come and go.
    first = 1000 + crc32(household.connection.encode()) % 1_000_000 * 10
    zone = SOURCES[household.source].zone.key
    return [
        Row(first, f"Own use: {household.connection}"),
        _in_all(first + 1, household),
        _by_day(first + 2, household, zone),
        _by_month(first + 3, household, zone),
    ]


def _is(source: str, part: Part) -> str:
    point, register = part
    return every(f"\"source\" = '{source}'", f"\"metering_point\" = '{point}'", f"\"register\" = '{register}'")


def _whole_hours(household: Household) -> str:
    """Return the hours of which each part is there: `made`, `fed_in`, `bought`, kWh."""
    each = [
        select(f'"energy_kwh" AS "{kind}"', "hourly_reading", _is(household.source, part), IN_TIME)
        for kind, parts in household.parts.items()
        for part in parts
    ]
    kinds = ", ".join(f'sum("{kind}") AS "{kind}", count("{kind}") AS "{kind}_parts"' for kind in household.parts)
    hours = select(kinds, union(each), IN_TIME, by=HOURS)
    whole = [f'"{kind}_parts" = {len(parts)}' for kind, parts in household.parts.items()]
    return select('"made", "fed_in", "bought"', union([hours]), *whole, IN_TIME)


def _share(part: str, whole: str, name: str, hours: str) -> Query:
    """Return a share; none of nothing, which InfluxQL would call 0."""
    sums = select(f'{SUMS[part]} AS "part", {SUMS[whole]} AS "whole"', union([hours]), IN_TIME)
    return Query(select(f'"part" / "whole" AS "{name}"', union([sums]), '"whole" > 0', IN_TIME), form="table")


def _named(*names: str) -> str:
    return ", ".join(f'{SUMS[name]} AS "{name}"' for name in names)


_FORMATS: Final = (
    by_name("Hours", unit="none", decimals=0),
    *(by_name(name, unit=SHARE, decimals=0, mappings=[NOT_A_NUMBER]) for name in SHARES),
)


def _in_all(number: int, household: Household) -> Panel:
    hours = _whole_hours(household)
    return stat(
        number,
        "Made and used",
        "What was made, used oneself, fed in and bought in the chosen time, how much of what was made was used "
        "oneself, how much of all that was used was made oneself, and the hours that this is known of.",
        [
            Query(select(_named(*SUMS), union([hours]), IN_TIME), form="table"),
            *(_share(part, whole, name, hours) for name, (part, whole) in SHARES.items()),
        ],
        empty=NO_HOUR,
        width=24,
        transformations=[t.tidied(drop=["Time"])],
        overrides=_FORMATS,
    )


def _days(household: Household, zone: str, *names: str) -> str:
    return select(_named(*names), union([_whole_hours(household)]), IN_TIME, by=DAYS, zone=zone)


def _by_day(number: int, household: Household, zone: str) -> Panel:
    return over_time(
        number,
        "Made by day",
        "What was made each day, by whether it was used oneself or fed in; hours that lack a part are left out.",
        Query(_days(household, zone, "Used oneself", "Fed in"), "$col"),
        decimals=1,
        width=10,
        stacked=True,
        empty=NO_HOUR,
        overrides=[by_name("Used oneself", color=fixed(GREEN)), by_name("Fed in", color=fixed(BLUE))],
    )


def _by_month(number: int, household: Household, zone: str) -> Panel:
    return table(
        number,
        "Own use by month",
        "What was made, used oneself, fed in and bought each month over three years, with both shares; hours that lack "
        "a part are left out, and the others counted.",
        Query(_days(household, zone, *SUMS), form="table"),
        decimals=0,
        width=14,
        sort="Month",
        since="now-36M/M",
        empty=NO_HOUR,
        transformations=[*t.months(*SUMS), *(t.of_two(name, a, "/", b) for name, (a, b) in SHARES.items())],
        overrides=_FORMATS,
    )
