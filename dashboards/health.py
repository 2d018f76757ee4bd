"""Data health: what arrived, what is late, what was corrected or set aside, and how the runs went."""

from __future__ import annotations

from typing import Final

from dashboards import transformations as t
from dashboards.influxql import DAYS, IN_TIME, POINT, SOURCE, by_zone, every, select
from dashboards.model import Dashboard, Panel, Query, Row
from dashboards.panels import (
    GREEN,
    ORANGE,
    RED,
    SECONDS,
    SHARE,
    by_name,
    calendar,
    fixed,
    over_time,
    stat,
    table,
    thresholds,
)
from dashboards.variables import FAILED_RUNS, METERING_POINTS, SOURCE_OF_ALL

THESE: Final = every(SOURCE, POINT)
DUE: Final = '"expected" > 0'
"""A day that lacks everything and is not late yet expects nothing."""


_OF_RUNS: Final = {
    "connection": "Connection",
    "ok": "Went well",
    "cause": "Cause",
    "calls": "Calls",
    "new": "New",
    "corrected": "Corrected",
    "confirmed": "Became final",
    "quarantined": "Quarantined",
    "refused": "Refused",
    "lag_s": "Lag",
}


def _runs_by_day(number: int, title: str, description: str, what: dict[str, str], color: str) -> Panel:
    def of_zone(field: str, name: str) -> list[Query]:
        return by_zone(
            lambda holds, zone: Query(
                select(f'sum("{field}")', "sync_run", SOURCE, holds, IN_TIME, by=DAYS, zone=zone), name
            )
        )

    first = next(iter(what.values()))
    return over_time(
        number,
        title,
        description,
        [query for field, name in what.items() for query in of_zone(field, name)],
        unit="none",
        decimals=0,
        width=8,
        empty="No run in this time",
        overrides=[by_name(first, color=fixed(color))],
    )


PANELS: Final = (
    stat(
        1,
        "Coverage",
        "The share of expected intervals that arrived, of all chosen metering points.",
        Query(select('sum("present") / sum("expected") AS "Coverage"', "local_day", THESE, DUE, IN_TIME), form="table"),
        unit=SHARE,
        width=6,
        transformations=[t.tidied(drop=["Time"])],
        colors=thresholds((None, RED), (0.9, ORANGE), (1, GREEN)),
    ),
    stat(
        2,
        "Missing intervals",
        "How many intervals should have arrived by the operator's normal delay, and did not.",
        Query(select('sum("missing") AS "Missing"', "local_day", THESE, IN_TIME), form="table"),
        unit="none",
        decimals=0,
        width=6,
        transformations=[t.tidied(drop=["Time"])],
        colors=thresholds((None, GREEN), (1, ORANGE)),
    ),
    stat(
        3,
        "Settled",
        "The share of what arrived that the operator will not change in the ordinary way any more.",
        Query(
            select('sum("settled") / sum("present") AS "Settled"', "local_day", THESE, '"present" > 0', IN_TIME),
            form="table",
        ),
        unit=SHARE,
        width=6,
        transformations=[t.tidied(drop=["Time"])],
    ),
    stat(
        4,
        "Runs that failed",
        "How many runs of a connection failed in the chosen time.",
        Query(select('count("calls") AS "Failed"', "sync_run", SOURCE, '"ok" = false', IN_TIME), form="table"),
        unit="none",
        decimals=0,
        empty="0",
        width=6,
        transformations=[t.tidied(drop=["Time"])],
        colors=thresholds((None, GREEN), (1, RED)),
    ),
    calendar(
        5,
        "Coverage by day",
        "For each register and local day the share of expected intervals that arrived; a production that "
        "pauses at night is never whole.",
        Query(
            select('"present" / "expected"', "local_day", THESE, DUE, IN_TIME, by='"metering_point", "register"'),
            "$tag_metering_point $tag_register",
        ),
    ),
    table(
        6,
        "Days with missing intervals",
        "Each local day that lacks intervals which should have arrived, the newest first.",
        Query(
            select(
                '"metering_point", "register", "missing" AS "Missing", "expected" AS "Expected"',
                "local_day",
                THESE,
                '"missing" > 0',
                IN_TIME,
                order="ORDER BY time DESC LIMIT 1000",
            ),
            form="table",
        ),
        unit="none",
        decimals=0,
        empty="None",
        transformations=[t.tidied(rename={"Time": "Day", "metering_point": "Metering point", "register": "Register"})],
        overrides=[by_name("Day", unit="time:YYYY-MM-DD")],
    ),
    over_time(
        7,
        "Freshness",
        "How old each connection's newest reading was at each run.",
        Query(select('"lag_s"', "sync_run", SOURCE, IN_TIME, by='"connection"'), "$tag_connection"),
        unit=SECONDS,
        decimals=0,
        bars=False,
        width=12,
        empty="No run in this time",
    ),
    Row(8, "What runs brought"),
    _runs_by_day(
        9,
        "Corrections",
        "How many readings operators changed each day, and how many became final.",
        {"corrected": "Corrected", "confirmed": "Became final"},
        ORANGE,
    ),
    _runs_by_day(
        10,
        "Quarantine",
        "How many rows of operators broke a rule each day and were set aside, and how many lines the database refused.",
        {"quarantined": "Quarantined", "refused": "Refused"},
        RED,
    ),
    _runs_by_day(11, "New readings", "How many readings came in for the first time each day.", {"new": "New"}, GREEN),
    table(
        12,
        "Runs",
        "Each run of each connection, the newest first: whether it went well, why not, and what it brought.",
        Query(
            select(
                ", ".join(f'"{column}"' for column in _OF_RUNS),
                "sync_run",
                SOURCE,
                IN_TIME,
                order="ORDER BY time DESC LIMIT 500",
            ),
            form="table",
        ),
        unit="none",
        decimals=0,
        empty="No run in this time",
        width=24,
        height=10,
        transformations=[t.tidied(rename=_OF_RUNS)],
        overrides=[by_name("Lag", unit=SECONDS)],
    ),
)

HEALTH: Final = Dashboard(
    uid="wattline-health",
    title="Data health",
    description="Coverage, late and missing intervals, corrections, quarantine, freshness, and the runs.",
    time=("now-60d/d", "now"),
    variables=[SOURCE_OF_ALL, METERING_POINTS],
    panels=PANELS,
    annotations=[FAILED_RUNS],
)
