"""Capacity charge (Norway): the month's three highest hours on three days, their step and price, and 36 months back."""

from __future__ import annotations

from typing import Final

from connectors.elvia.charge import CHARGE
from connectors.elvia.source import ELVIA
from dashboards import transformations as t
from dashboards.influxql import DAYS, IN_TIME, POINT, every, select, tag_values, union
from dashboards.model import Dashboard, Query, Row, Variable
from dashboards.panels import (
    BLUE,
    GREEN,
    KRONER,
    KW,
    MOMENT,
    ORANGE,
    RED,
    by_name,
    by_query,
    fixed,
    over_time,
    stat,
    table,
    thresholds,
)
from dashboards.pricing import at_prices, by_tariff, saved
from schemas.charge import CAPS

ZONE: Final = ELVIA.zone.key
MINE: Final = every(f"\"source\" = '{ELVIA.name}'", POINT, "\"register\" = 'consumption'")
RANKED: Final = every(MINE, '"rank" =~ /^[0-$ranks]$/')
"""Ranks beyond the month's `ranks` are left over from before a correction. (None is "0": with no rank, none.)"""

THIS_MONTH: Final = "now/M"
THREE_YEARS: Final = "now-36M/M"
NO_MONTH: Final = "No hour of this month has arrived yet"


def _step_mappings() -> list[dict[str, object]]:
    # The first that fits counts, so that a bound belongs to the lower step.
    return [
        {"type": "range", "options": {"from": above or 0, "to": to, "result": {"text": name, "index": step}}}
        for step in CHARGE.steps
        for name, (above, to) in [(CHARGE.label(step), CHARGE.bounds_of(step))]
    ]


def _margin() -> str:
    """Return what is left to the upper bound of the step; nothing in the highest step."""
    parts = []
    for step, bound in enumerate(CHARGE.bounds):
        above, _ = CHARGE.bounds_of(step)
        within = every(*([f'"computed_kwh" > {above}'] if above else []), f'"computed_kwh" <= {bound}')
        parts.append(select(f'{bound} - "computed_kwh" AS "left"', "capacity_basis", MINE, within, IN_TIME))
    return select('last("left") AS "Left to the next step"', union(parts), IN_TIME)


def _three_highest() -> str:
    highest = select('top("energy_kwh", 1) AS "Energy"', "hourly_reading", MINE, IN_TIME, by=DAYS, zone=ZONE)
    return select('top("Energy", 3) AS "Energy"', union([highest]), IN_TIME)


def _basis(measured: str, name: str, *conditions: str) -> Query:
    return Query(select(f'"{measured}"', "capacity_basis", MINE, *conditions, IN_TIME), name)


# Of every rank: how many a month has is known here of the newest month alone, and that one begins with a single rank.
_ACTUAL: Final = select('mean("energy_kwh") AS "basis"', "monthly_max_hour", MINE, IN_TIME, by=DAYS, zone=ZONE)
_CAPPED: Final = select(
    'mean("cut") AS "basis"',
    union(
        [
            select('"energy_kwh" AS "cut"', "monthly_max_hour", MINE, '"energy_kwh" <= $cap', IN_TIME),
            select('"energy_kwh" * 0 + $cap AS "cut"', "monthly_max_hour", MINE, '"energy_kwh" > $cap', IN_TIME),
        ]
    ),
    IN_TIME,
    by=DAYS,
    zone=ZONE,
)

PANELS: Final = (
    stat(
        1,
        "Basis of this month",
        "The mean of the month's three highest hours on three different days: by the operator, and by our own "
        "readings.",
        Query(
            select(
                '"official_kwh" AS "Official", "computed_kwh" AS "Computed", "missing_hours" AS "Missing hours"',
                "capacity_basis",
                MINE,
                IN_TIME,
            ),
            form="table",
        ),
        unit=KW,
        decimals=2,
        empty=NO_MONTH,
        width=9,
        since=THIS_MONTH,
        transformations=[t.tidied("Official", "Computed", "Missing hours", "Time", rename={"Time": "Month"})],
        overrides=[by_name("Missing hours", unit="none", decimals=0), by_name("Month", unit="time:YYYY-MM")],
    ),
    stat(
        2,
        "Step of this month",
        "The step that the month is in by our own readings so far.",
        Query(select('last("computed_kwh") AS "Step"', "capacity_basis", MINE, IN_TIME), form="table"),
        unit=KW,
        decimals=2,
        empty=NO_MONTH,
        width=5,
        since=THIS_MONTH,
        transformations=[t.tidied(drop=["Time"])],
        mappings=_step_mappings(),
    ),
    stat(
        3,
        "Price of this month",
        "What that step costs in kroner a month with all taxes, by the tariff of the month.",
        by_tariff(lambda period: at_prices(period, "capacity_basis", MINE, ZONE, name="Kroner", form="table")),
        unit=KRONER,
        decimals=0,
        empty="No hour of this month has arrived yet, or its price is not known",
        width=5,
        since=THIS_MONTH,
        transformations=[t.tidied(drop=["Time"])],
    ),
    stat(
        4,
        "Left to the next step",
        "How far the mean of the three highest hours may still rise before the next step is reached.",
        Query(_margin(), form="table"),
        unit=KW,
        decimals=2,
        empty="No hour of this month has arrived yet, or this is the highest step",
        width=5,
        since=THIS_MONTH,
        transformations=[t.tidied(drop=["Time"])],
        colors=thresholds((None, RED), (0.25, ORANGE), (1, GREEN)),
    ),
    table(
        5,
        "The hours that put me there, officially",
        "The operator's own highest hours of the running month, each on a day of its own.",
        Query(
            select(
                '"hour_start" * 1000 AS "Hour", "energy_kwh" AS "Energy", "rank" AS "Rank", "settled" AS "Final"',
                "monthly_max_hour",
                RANKED,
                IN_TIME,
            ),
            form="table",
        ),
        empty="The operator names no hour of this month yet",
        height=6,
        sort="Rank",
        descending=False,
        since=THIS_MONTH,
        transformations=[t.tidied("Rank", "Hour", "Energy", "Final", drop=["Time"])],
        overrides=[by_name("Hour", unit=MOMENT), by_name("Energy", decimals=3)],
    ),
    table(
        6,
        "The hours that put me there, by our own readings",
        "The highest hours of the running month on three different local days.",
        Query(_three_highest(), form="table"),
        empty=NO_MONTH,
        height=6,
        sort="Energy",
        since=THIS_MONTH,
        transformations=[t.tidied("Time", "Energy", rename={"Time": "Hour"})],
        overrides=[by_name("Hour", unit=MOMENT), by_name("Energy", decimals=3)],
    ),
    Row(7, "36 months"),
    over_time(
        8,
        "Basis by month",
        "Each month's basis over three years, officially and by our own readings, with the steps as lines.",
        [_basis("official_kwh", "Official"), _basis("computed_kwh", "Computed")],
        unit=KW,
        since=THREE_YEARS,
        steps=thresholds((None, "transparent"), *((bound, ORANGE) for bound in CHARGE.bounds[:5])),
        overrides=[by_query("A", color=fixed(BLUE)), by_query("B", color=fixed(GREEN))],
    ),
    over_time(
        9,
        "Price by month",
        "What each month's official basis costs by the tariff of that month; a month whose price is not known "
        "is left out.",
        by_tariff(lambda period: at_prices(period, "capacity_basis", MINE, ZONE, basis="official_kwh", name="Kroner")),
        unit=KRONER,
        decimals=0,
        width=12,
        since=THREE_YEARS,
        overrides=[by_name("Kroner", color=fixed(BLUE))],
    ),
    table(
        10,
        "Months in which the two differ",
        "Months of which no hour is missing here, and whose official basis is another than ours all the same.",
        Query(
            select(
                '"official_kwh" AS "Official", "computed_kwh" AS "Computed", "difference_kwh" AS "Difference"',
                "capacity_basis",
                MINE,
                '"missing_hours" = 0',
                '("difference_kwh" > 0.0005 OR "difference_kwh" < -0.0005)',
                IN_TIME,
            ),
            form="table",
        ),
        unit=KW,
        decimals=3,
        empty="None: every complete month is what the operator says",
        sort="Time",
        since=THREE_YEARS,
        transformations=[t.tidied("Time", "Official", "Computed", "Difference", rename={"Time": "Month"})],
        overrides=[by_name("Month", unit="time:YYYY-MM")],
    ),
    Row(11, "Had no hour been above $cap kW"),
    over_time(
        12,
        "Basis with a cap",
        "Each month's official basis, and what it had been with no hour above the chosen cap.",
        [Query(_ACTUAL, "As it was"), Query(_CAPPED, "With the cap")],
        unit=KW,
        width=12,
        since=THREE_YEARS,
        overrides=[by_query("A", color=fixed(BLUE)), by_query("B", color=fixed(GREEN))],
    ),
    over_time(
        13,
        "Kroner saved by the cap",
        "What the lower step had saved each month by its tariff; 0 where the step had been the same.",
        by_tariff(lambda period: saved(period, _ACTUAL, _CAPPED, ZONE, name="Saved")),
        unit=KRONER,
        decimals=0,
        width=12,
        since=THREE_YEARS,
        overrides=[by_name("Saved", color=fixed(GREEN))],
    ),
)

CAPACITY: Final = Dashboard(
    uid="wattline-capacity",
    title="Capacity charge (Norway)",
    description="The three highest hours of each month, the step that they make, and what it costs.",
    time=("now-36M/M", "now"),
    variables=[
        Variable(
            "metering_point",
            "Metering point",
            "The metering point that is shown.",
            tag_values("capacity_basis", "metering_point", f"\"source\" = '{ELVIA.name}'"),
        ),
        Variable(
            "cap",
            "Cap, kW",
            "No hour above this, for the comparison at the end.",
            choices={str(cap): str(cap) for cap in CAPS},
            default="5",
        ),
        Variable(
            "ranks",
            "Ranks",
            "How many official hours the newest month has.",
            select('last("ranks")', "capacity_basis", MINE, IN_TIME),
            hidden=True,
        ),
    ],
    panels=PANELS,
)
