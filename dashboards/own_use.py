"""Own use, for dashboards of an installation whose settings name gross generation: a row on Home for each such home.

InfluxQL lays the series of a home side by side, hour by hour, and takes the hours that have all of them: a missing part
is no zero. Grafana adds most of it up, since InfluxDB 1.x makes those hours anew for each sum that it is asked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from zlib import crc32

from connectors.registry import SOURCES
from dashboards import transformations as t
from dashboards.influxql import DAYS, IN_TIME, every, select, union
from dashboards.model import Dashboard, Panel, Query, Row
from dashboards.panels import BLUE, GREEN, NOT_A_NUMBER, SHARE, by_name, by_pattern, fixed, over_time, stat, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.own_use import Household, Part

HOURS: Final = "time(1h)"
NO_HOUR: Final = "No hour in this time has what was made, fed in and bought"

# InfluxQL has no constants.
NUMBERS: Final = {"Made": '"made"', "Fed in": '"fed_in"', "Bought": '"bought"', "Hours": '"made" * 0 + 1'}
"""What is told of an hour, and may be added up over many; all else follows from the sums."""

FROM_SUMS: Final = (
    t.of_two("Used oneself", "Made", "-", "Fed in"),
    t.of_two("Used in all", "Used oneself", "+", "Bought"),
    t.of_two("Share of own use", "Used oneself", "/", "Made"),
    t.of_two("Self-sufficiency", "Used oneself", "/", "Used in all"),
    t.tidied(
        *("Month", "Made", "Used oneself", "Fed in", "Bought", "Used in all", "Share of own use", "Self-sufficiency"),
        "Hours",
    ),
)


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
        _by_month(first + 3, household),
    ]


def _is(source: str, part: Part) -> str:
    point, register = part
    return every(f"\"source\" = '{source}'", f"\"metering_point\" = '{point}'", f"\"register\" = '{register}'")


def _whole_hours(household: Household) -> str:
    """Return the numbers of the hours of which each part is there."""
    each = [
        select(f'"energy_kwh" AS "{kind}"', "hourly_reading", _is(household.source, part), IN_TIME)
        for kind, parts in household.parts.items()
        for part in parts
    ]
    kinds = ", ".join(f'sum("{kind}") AS "{kind}", count("{kind}") AS "{kind}_parts"' for kind in household.parts)
    hours = select(kinds, union(each), IN_TIME, by=HOURS)
    whole = [f'"{kind}_parts" = {len(parts)}' for kind, parts in household.parts.items()]
    what = ", ".join(f'{value} AS "{name}"' for name, value in NUMBERS.items())
    return select(what, union([hours]), *whole, IN_TIME)


_FORMATS: Final = (
    by_name("Hours", unit="none", decimals=0),
    by_pattern("/^(Share of own use|Self-sufficiency)$/", unit=SHARE, decimals=0, mappings=[NOT_A_NUMBER]),
)


def _in_all(number: int, household: Household) -> Panel:
    return stat(
        number,
        "Made and used",
        "What was made, used oneself, fed in and bought in the chosen time, how much of what was made was used "
        "oneself, how much of all that was used was made oneself, and the hours that this is known of.",
        Query(_whole_hours(household), form="table"),
        empty=NO_HOUR,
        width=24,
        transformations=[*t.sums(), *FROM_SUMS],
        overrides=_FORMATS,
    )


def _by_day(number: int, household: Household, zone: str) -> Panel:
    sums = 'sum("Made") - sum("Fed in") AS "Used oneself", sum("Fed in") AS "Fed in"'
    return over_time(
        number,
        "Made by day",
        "What was made each day, by whether it was used oneself or fed in; hours that lack a part are left out.",
        Query(select(sums, union([_whole_hours(household)]), IN_TIME, by=DAYS, zone=zone), "$col"),
        decimals=1,
        width=10,
        stacked=True,
        empty=NO_HOUR,
        overrides=[by_name("Used oneself", color=fixed(GREEN)), by_name("Fed in", color=fixed(BLUE))],
    )


def _by_month(number: int, household: Household) -> Panel:
    return table(
        number,
        "Own use by month",
        "What was made, used oneself, fed in and bought each month of a year, with both shares; hours that lack "
        "a part are left out, and the others counted.",
        Query(_whole_hours(household), form="table"),
        decimals=0,
        width=14,
        sort="Month",
        since="now-12M/M",
        empty=NO_HOUR,
        transformations=[*t.months(*NUMBERS), *FROM_SUMS],
        overrides=_FORMATS,
    )
