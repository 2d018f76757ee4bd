"""Fleet: every metering point of a source in one table, to sort, to filter, and to look into."""

from __future__ import annotations

from typing import Final

from dashboards import transformations as t
from dashboards.influxql import IN_TIME, REGISTER, SOURCE, every, select, tag_values, union
from dashboards.model import Dashboard, Json, Panel, Query, Variable
from dashboards.panels import GREEN, ORANGE, RED, SHARE, by_name, stat, table, thresholds
from dashboards.variables import FAILED_RUNS, NO_ENERGY, SOURCE_OF_ALL

ALL: Final = every(SOURCE, REGISTER)
EACH: Final = '"metering_point"'

# Months begin at local midnights, which are an hour apart in summer and winter: the bounds have a day to spare.
THAT_MONTH: Final = "time < ${__from}ms + 27d"
A_YEAR_BEFORE: Final = every("time >= ${__from}ms - 367d", "time < ${__from}ms - 364d")

TO_HOME: Final = {
    "title": "Show this metering point",
    "url": "/d/wattline-home?var-source=${source}&var-metering_point=${__value.raw}&var-register=${register}",
}
TO_HEALTH: Final = {
    "title": "Show its data health",
    "url": "/d/wattline-health?var-source=${source}&var-metering_point=${__value.raw}",
}

_COLUMNS: Final = (
    "metering_point",
    "Coverage",
    "Settled",
    "Missing",
    "Time",
    "Month",
    "Energy",
    "Change",
    "A year before",
)


def _count(number: int, title: str, description: str, condition: str, color: Json) -> Panel:
    sums = select('sum("missing") AS "holes", sum("present") AS "there"', "local_day", ALL, IN_TIME, by=EACH)
    return stat(
        number,
        title,
        description,
        Query(
            select(f'count("holes") AS "{title}"', union([sums]), *([condition] if condition else []), IN_TIME),
            form="table",
        ),
        unit="none",
        decimals=0,
        empty="0",
        width=6,
        transformations=[t.tidied(drop=["Time"])],
        colors=color,
    )


def _worst() -> str:
    shares = select('sum("present") * 1.0 / sum("expected") AS "share"', "local_day", ALL, IN_TIME, by=EACH)
    return select('min("share") AS "Lowest coverage"', union([shares]), IN_TIME)


PANELS: Final = (
    _count(
        1,
        "Metering points",
        "How many metering points have this register in the chosen time.",
        "",
        thresholds((None, GREEN)),
    ),
    _count(
        2,
        "With missing intervals",
        "How many of them lack an interval that should have arrived.",
        '"holes" > 0',
        thresholds((None, GREEN), (1, ORANGE)),
    ),
    stat(
        3,
        "Lowest coverage",
        "The lowest share of expected intervals that arrived, of any metering point.",
        Query(_worst(), form="table"),
        unit=SHARE,
        decimals=1,
        width=6,
        transformations=[t.tidied(drop=["Time"])],
        colors=thresholds((None, RED), (0.9, ORANGE), (1, GREEN)),
    ),
    stat(
        4,
        "Oldest news of a connection",
        "How old the newest reading was at the last run, of the connection that lags most.",
        Query(
            select(
                'max("lag") AS "Lag"',
                union([select('last("lag_s") AS "lag"', "sync_run", SOURCE, IN_TIME, by='"connection"')]),
                IN_TIME,
            ),
            form="table",
        ),
        unit="s",
        decimals=0,
        width=6,
        empty="No run in this time",
        transformations=[t.tidied(drop=["Time"])],
    ),
    table(
        5,
        "Metering points of the fleet",
        "Each metering point's coverage, settled share, missing intervals and newest reading in the chosen "
        "time, and the energy "
        "of the first month that begins in that time, against the same month a year before where that time begins "
        "with the month; a column's head sorts, a metering point leads on.",
        [
            Query(
                select(
                    'sum("present") / sum("expected") AS "Coverage", sum("settled") / sum("present") AS "Settled", '
                    'sum("missing") AS "Missing"',
                    "local_day",
                    ALL,
                    IN_TIME,
                    by=EACH,
                ),
                form="table",
            ),
            Query(select('last("energy_kwh") AS "Value"', "hourly_reading", ALL, IN_TIME, by=EACH), form="table"),
            Query(
                select('first("energy_kwh") AS "Energy"', "local_month", ALL, THAT_MONTH, IN_TIME, by=EACH),
                form="table",
            ),
            Query(
                select('last("energy_kwh") AS "A year before"', "local_month", ALL, A_YEAR_BEFORE, by=EACH),
                form="table",
            ),
        ],
        decimals=0,
        width=24,
        height=18,
        sort="Coverage",
        descending=False,
        transformations=[
            # Of the times, that of the newest reading and the month are worth a column.
            t.time_again("Month", only="C"),
            *(t.tidied(drop=["Time"], only=ref) for ref in "ACD"),
            t.tidied(drop=["Value"]),
            t.joined(),
            *t.change("Change", "Energy", "A year before"),
            t.tidied(*_COLUMNS, rename={"metering_point": "Metering point", "Time": "Newest reading"}),
        ],
        overrides=[
            by_name(
                "Coverage",
                unit=SHARE,
                decimals=1,
                thresholds=thresholds((None, RED), (0.9, ORANGE), (1, GREEN)),
                custom__cellOptions={"type": "color-text"},
                color={"mode": "thresholds"},
            ),
            by_name("Settled", unit=SHARE, decimals=1),
            by_name("Missing", unit="none", decimals=0),
            by_name("Newest reading", unit="dateTimeFromNow"),
            by_name("Month", unit="time:YYYY-MM"),
            by_name("Change", unit=SHARE, decimals=0),
            by_name("Metering point", links=[TO_HOME, TO_HEALTH], custom__minWidth=200),
        ],
    ),
    table(
        6,
        "Connections",
        "How each connection's last run went, and how old its newest reading was then.",
        Query(
            select(
                'last("lag_s") AS "Lag", last("ok") AS "Went well", last("calls") AS "Calls", last("new") AS "New", '
                'last("corrected") AS "Corrected", last("quarantined") AS "Quarantined"',
                "sync_run",
                SOURCE,
                IN_TIME,
                by='"connection"',
            ),
            form="table",
        ),
        unit="none",
        decimals=0,
        width=24,
        empty="No run in this time",
        transformations=[t.tidied("connection", "Went well", rename={"connection": "Connection"}, drop=["Time"])],
        overrides=[by_name("Lag", unit="s")],
    ),
)

FLEET: Final = Dashboard(
    uid="wattline-fleet",
    title="Fleet",
    description="Every metering point's coverage, lag, missing intervals, and a month's energy.",
    time=("now-1M/M", "now"),
    variables=[
        SOURCE_OF_ALL,
        Variable(
            "register",
            "Register",
            "What is measured, of what is measured in kWh.",
            tag_values("local_day", "register", SOURCE, NO_ENERGY),
        ),
    ],
    panels=PANELS,
    annotations=[FAILED_RUNS],
)
