"""Home: one register of one metering point, today, over the year and by the hour of the day."""

from __future__ import annotations

from typing import Final

from dashboards import transformations as t
from dashboards.influxql import DAYS, IN_TIME, POINT, REGISTER, SOURCE, WEEKS, by_zone, every, select, union
from dashboards.model import Dashboard, Panel, Query, Row
from dashboards.panels import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    RED,
    SHARE,
    bars,
    by_name,
    by_query,
    fixed,
    over_time,
    stat,
    table,
)
from dashboards.variables import FAILED_RUNS, METERING_POINT, REGISTER_OF_ENERGY, SOURCE_OF_ALL

MINE: Final = every(SOURCE, POINT, REGISTER)
AT_POINT: Final = every(SOURCE, POINT)
COMPLETE: Final = '"missing" = 0'
HOLED: Final = '"missing" > 0'
SETTLED: Final = '"settled" >= "present"'
PROVISIONAL: Final = '"settled" < "present"'
FULL_DAY: Final = '(("expected" >= 23 AND "expected" <= 25) OR "expected" >= 92)'
"""Not the running day: its intervals are expected one by one as they come. A day has 23 to 25 hours, or four times as
many quarter-hours."""

TALL: Final = 6


def _running_total(number: int, name: str, measurement: str, newest: str, since: str) -> Panel:
    """Return what came together so far, and the newest interval in it: the last row of a running sum has both."""
    what = {"Newest hour": "hour", "Newest day": "day"}[newest]
    return stat(
        number,
        name,
        f"The energy of {name.lower()} as far as it has arrived, and the {what} that is the newest in it.",
        Query(select(f'cumulative_sum("energy_kwh") AS "{name}"', measurement, MINE, IN_TIME), form="table"),
        empty=f"No {what} of {name.lower()} has arrived yet",
        height=TALL,
        since=since,
        transformations=[t.tidied(name, "Time", rename={"Time": newest})],
        overrides=[by_name(newest, unit="time:YYYY-MM-DD" + (" HH:mm" if what == "hour" else ""))],
    )


def _past(number: int, name: str, measurement: str, since: str, shift: str) -> Panel:
    what = {"local_day": "Day", "local_month": "Month"}[measurement]
    counted = f'"energy_kwh" AS "{name}", "present" AS "Intervals", "missing" AS "Missing intervals"'
    return stat(
        number,
        name,
        f"The energy of {name.lower()}, how many intervals it is the sum of, and how many are overdue.",
        Query(select(counted, measurement, MINE, IN_TIME), form="table"),
        empty=f"No reading of {name.lower()}",
        height=TALL,
        since=since,
        shift=shift,
        transformations=[t.tidied(name, "Intervals", "Missing intervals", "Time", rename={"Time": what})],
        overrides=[
            by_name("Intervals", unit="none", decimals=0),
            by_name("Missing intervals", unit="none", decimals=0, color=fixed(RED)),
            by_name(what, unit="time:YYYY-MM-DD" if what == "Day" else "time:YYYY-MM"),
        ],
    )


def _states(measurement: str, *, of_days: bool) -> list[Query]:
    """Split periods by what is known of them: complete and final, complete and provisional, with holes."""
    if not of_days:
        kinds = {"Complete": COMPLETE, "With missing intervals": HOLED}
    else:
        kinds = {
            "Final": every(COMPLETE, SETTLED),
            "Provisional": every(COMPLETE, PROVISIONAL),
            "With missing intervals": HOLED,
        }
    return [Query(select('"energy_kwh"', measurement, MINE, IN_TIME, kind), alias) for alias, kind in kinds.items()]


def _weeks(holds: str, zone: str) -> Query:
    return Query(select('sum("energy_kwh")', "local_day", MINE, holds, IN_TIME, by=WEEKS, zone=zone), "Week")


def _bought_and_sold(measurement: str, *conditions: str) -> str:
    return union([_register(measurement, name, register, *conditions) for name, register in _GRID.items()])


def _register(measurement: str, name: str, register: str, *conditions: str) -> str:
    holds = f"\"register\" = '{register}'"
    return select(f'"energy_kwh" AS "{name}"', measurement, AT_POINT, holds, *conditions, IN_TIME)


_GRID: Final = {"Bought": "consumption", "Sold": "production"}
_NET: Final = 'sum("Bought") - sum("Sold")'


def _net_month(holds: str, zone: str) -> Query:
    # Every point lies at a local midnight, so that a group of one day holds one month.
    return Query(select(_NET, _bought_and_sold("local_month", holds), IN_TIME, by=DAYS, zone=zone), "Net")


_HOURS: Final = Query(select(f'"energy_kwh" AS "{t.KWH}"', "hourly_reading", MINE, IN_TIME), form="table")

PANELS: Final = (
    _running_total(1, "Today", "hourly_reading", "Newest hour", "now/d"),
    _past(2, "Yesterday", "local_day", "now/d", "1d/d"),
    _running_total(3, "This month", "local_day", "Newest day", "now/M"),
    _past(4, "Last month", "local_month", "now/M", "1M/M"),
    stat(
        5,
        "This year against last year, to the same day",
        "The sums of the days since 1 January that are complete in both years, so that like is compared with like.",
        Query(select(f'"energy_kwh" AS "{t.KWH}"', "local_day", MINE, COMPLETE, FULL_DAY, IN_TIME), form="table"),
        empty="No day of the year is known in both years",
        width=8,
        height=TALL,
        since="now-1y/y",
        transformations=t.same_days_of_two_years(),
        overrides=[by_name("Change", unit=SHARE)],
    ),
    over_time(
        6,
        "Hours",
        "Each hour's energy; the operator may still change the provisional ones, and an hour without a bar has "
        "not arrived.",
        [
            Query(select('"energy_kwh"', "hourly_reading", MINE, IN_TIME, f'"settled" = {state}'), alias)
            for alias, state in (("Final", "true"), ("Provisional", "false"))
        ],
        overrides=[by_query("A", color=fixed(BLUE)), by_query("B", color=fixed(ORANGE))],
    ),
    over_time(
        7,
        "Days",
        "Each local day's energy, with 23 or 25 hours where the clocks change; a day with missing intervals "
        "sums those there are.",
        _states("local_day", of_days=True),
        decimals=1,
        width=12,
        overrides=[
            by_query("A", color=fixed(BLUE)),
            by_query("B", color=fixed(ORANGE)),
            by_query("C", color=fixed(RED)),
        ],
    ),
    over_time(
        8,
        "Weeks",
        "Each week's energy, Monday to Sunday, over half a year.",
        by_zone(_weeks),
        decimals=1,
        width=12,
        since="now-26w/w",
        overrides=[by_query("A", color=fixed(BLUE)), by_query("B", color=fixed(BLUE))],
    ),
    over_time(
        9,
        "Months",
        "Each calendar month's energy over three years; a month with missing intervals sums those there are.",
        _states("local_month", of_days=False),
        decimals=0,
        since="now-36M/M",
        overrides=[by_query("A", color=fixed(BLUE)), by_query("B", color=fixed(RED))],
    ),
    Row(10, "When"),
    table(
        11,
        "Highest hours of this month",
        "The ten hours of the running month with the most energy.",
        Query(select('top("energy_kwh", 10) AS "Energy", "settled"', "hourly_reading", MINE, IN_TIME), form="table"),
        empty="No hour of this month has arrived yet",
        sort="Energy",
        since="now/M",
        transformations=[t.tidied("Time", "Energy", "settled", rename={"Time": "Hour", "settled": "Final"})],
        overrides=[by_name("Hour", unit="time:YYYY-MM-DD HH:mm")],
    ),
    bars(
        12,
        "Profile",
        "The mean energy of each hour of the day in the chosen time.",
        _HOURS,
        x="Hour",
        transformations=t.profile(),
    ),
    table(
        13,
        "Weekday and hour",
        "The mean energy of each hour of each weekday in the chosen time.",
        _HOURS,
        width=24,
        heat="continuous-BlYlRd",
        transformations=t.heat_map("E ddd"),
    ),
    table(
        14,
        "Day and hour",
        "The energy of each hour of each day in the chosen time; an empty cell is an hour that has not arrived.",
        _HOURS,
        width=24,
        height=14,
        heat="continuous-BlYlRd",
        transformations=t.heat_map("YYYY-MM-DD ddd"),
    ),
    Row(15, "Bought and sold"),
    stat(
        16,
        "Bought, sold and net",
        "What the metering point took from the grid and fed into it in the chosen time, by whole days.",
        Query(
            select(
                f'sum("Bought") AS "Bought", sum("Sold") AS "Sold", {_NET} AS "Net"',
                _bought_and_sold("local_day"),
                IN_TIME,
            ),
            form="table",
        ),
        width=8,
        height=8,
        transformations=[t.tidied(drop=["Time"])],
    ),
    over_time(
        17,
        "Bought, sold and net by month",
        "What the metering point took from the grid and fed into it each month, and the difference where both "
        "are known.",
        [
            *(Query(_register("local_month", name, register), name) for name, register in _GRID.items()),
            *by_zone(_net_month),
        ],
        decimals=0,
        width=16,
        since="now-36M/M",
        overrides=[
            by_name("Bought", color=fixed(BLUE)),
            by_name("Sold", color=fixed(GREEN)),
            by_name("Net", color=fixed(PURPLE)),
        ],
    ),
)

HOME: Final = Dashboard(
    uid="wattline-home",
    title="Home",
    description="One register of one metering point: today, days, weeks, months, years, and hours of the day.",
    time=("now-30d/d", "now"),
    variables=[SOURCE_OF_ALL, METERING_POINT, REGISTER_OF_ENERGY],
    panels=PANELS,
    annotations=[FAILED_RUNS],
)
