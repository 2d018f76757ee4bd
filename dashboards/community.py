"""Community (Leneda): who shared what by layer, what the grid still gave, quarter-hour load, and gas."""

from __future__ import annotations

from typing import Final

from connectors.leneda.source import LENEDA
from dashboards import transformations as t
from dashboards.influxql import DAYS, IN_TIME, POINT, every, select, tag_values, union
from dashboards.model import Dashboard, Panel, Query, Row, Variable
from dashboards.panels import (
    GREEN,
    KW,
    ORANGE,
    RED,
    SHARE,
    by_name,
    by_pattern,
    curve,
    over_time,
    stat,
    table,
    thresholds,
)

ZONE: Final = LENEDA.zone.key
OF_LENEDA: Final = f"\"source\" = '{LENEDA.name}'"
OURS: Final = every(OF_LENEDA, POINT)

SHARES: Final = '"register" =~ /^(consumption|production)_(shared_layer[1-4]|remaining)$/'
LOADS: Final = '"register" =~ /^(consumption|production)$/'
PER_HOUR: Final = 4
"""Quarter-hours in an hour: kWh in one of them, times this, are kW."""


def _is(register: str) -> str:
    return f"\"register\" = '{register}'"


def _of(register: str, alias: str) -> str:
    return select(f'"energy_kwh" AS "{alias}"', "local_day", OURS, _is(register), IN_TIME)


def _share_of_the_grid(number: int, title: str, description: str, measured: str) -> Panel:
    parts = union([_of(measured, "all"), _of(f"{measured}_remaining", "remaining")])
    sums = 'sum("all") AS "all", sum("remaining") AS "remaining"'
    days = select(sums, parts, IN_TIME, by=f'{DAYS}, "metering_point"', zone=ZONE)
    # A share is of days that have both: others were before the sharing began, or lack the one or the other.
    both = ('"all" >= 0', '"remaining" >= 0')
    return stat(
        number,
        title,
        description,
        Query(select(sums, union([days]), *both, IN_TIME, by='"metering_point"'), form="table"),
        width=6,
        transformations=t.share_of_sums(title, "remaining", "all"),
        overrides=[by_name("Share", unit=SHARE)],
    )


def _layers(number: int, title: str, description: str, measured: str) -> Panel:
    layers = f'"register" =~ /^{measured}_(shared_layer[1-4]|remaining)$/'
    return over_time(
        number,
        title,
        description,
        Query(
            select('sum("energy_kwh")', "local_day", OURS, layers, IN_TIME, by=f'{DAYS}, "register"', zone=ZONE),
            "$tag_register",
        ),
        decimals=1,
        width=12,
        stacked=True,
    )


def _gas(number: int, title: str, register: str, field: str, unit: str) -> Panel:
    return over_time(
        number,
        title,
        f"Each day's {title.lower()} by metering point.",
        Query(
            select(f'"{field}"', "local_day", OURS, _is(register), IN_TIME, by='"metering_point"'),
            "$tag_metering_point",
        ),
        unit=unit,
        decimals=1,
        width=8,
        empty="No reading of gas in this time",
    )


def _load_of_all() -> Query:
    """Return the load of all points together, quarter-hour by quarter-hour."""
    load = f'sum("energy_kwh") * {PER_HOUR} AS "Load"'
    holds = (OURS, _is("consumption"), IN_TIME)
    return Query(select(load, "quarter_hour_reading", *holds, by="time(15m)", zone=ZONE), form="table")


PANELS: Final = (
    _share_of_the_grid(
        1,
        "Still from the grid",
        "What of the consumption no layer of sharing covered, of the days of the chosen time on which both are known.",
        "consumption",
    ),
    _share_of_the_grid(
        2,
        "Still to the grid",
        "What of the production no layer of sharing took, of the days of the chosen time on which both are known.",
        "production",
    ),
    stat(
        3,
        "Largest residual of a day",
        "How far a day's register is at most from the sum of its layers and its remainder; it should be 0.",
        Query(
            select(
                'max("off") AS "Residual"',
                union([select('abs("residual_kwh") AS "off"', "register_balance", OURS, IN_TIME)]),
                IN_TIME,
            ),
            form="table",
        ),
        decimals=3,
        width=6,
        empty="No day has all registers that the balance needs",
        transformations=[t.tidied(drop=["Time"])],
        colors=thresholds((None, GREEN), (0.001, ORANGE), (1, RED)),
    ),
    stat(
        4,
        "Highest quarter-hour",
        "The highest mean load of a quarter-hour of one metering point's consumption in the chosen time.",
        Query(
            select(
                'max("kW") AS "Load"',
                union(
                    [
                        select(
                            f'"energy_kwh" * {PER_HOUR} AS "kW"',
                            "quarter_hour_reading",
                            OURS,
                            _is("consumption"),
                            IN_TIME,
                        )
                    ]
                ),
                IN_TIME,
            ),
            form="table",
        ),
        unit=KW,
        decimals=2,
        width=6,
        transformations=[t.tidied("Load", "Time", rename={"Time": "Quarter-hour"})],
        overrides=[by_name("Quarter-hour", unit="time:YYYY-MM-DD HH:mm")],
    ),
    table(
        5,
        "Who shared what",
        "The energy of each metering point by layer of sharing in the chosen time; an empty cell is a register "
        "it does not have.",
        Query(
            select('sum("energy_kwh")', "local_day", OURS, SHARES, IN_TIME, by='"metering_point", "register"'),
            "$tag_metering_point $tag_register",
        ),
        decimals=1,
        width=24,
        transformations=[
            *t.matrix_of_labels("metering_point", "register"),
            t.tidied(rename={"metering_point\\register": "Metering point"}),
        ],
    ),
    _layers(
        6,
        "Consumption by layer",
        "What covered each day's consumption: the layers of sharing, and the grid.",
        "consumption",
    ),
    _layers(
        7, "Production by layer", "Who took each day's production: the layers of sharing, and the grid.", "production"
    ),
    over_time(
        8,
        "Residual of the balance",
        "Each day's register less its layers and its remainder: other than 0, something is missing or wrong at "
        "the operator.",
        Query(
            select('"residual_kwh"', "register_balance", OURS, IN_TIME, by='"metering_point", "register"'),
            "$tag_metering_point $tag_register",
        ),
        decimals=3,
        bars=False,
        width=12,
        empty="No day has all registers that the balance needs",
    ),
    curve(
        9,
        "Duration curve",
        "The load of all chosen metering points together that was reached or exceeded for so much of the time.",
        _load_of_all(),
        x="Share of the time",
        transformations=t.falling("Load", "Share of the time"),
    ),
    over_time(
        10,
        "Load by quarter-hour",
        "The load of the chosen metering points together, and how many of them have arrived for each quarter-hour.",
        Query(
            select(
                f'sum("energy_kwh") * {PER_HOUR} AS "load", count("energy_kwh") AS "metering points"',
                "quarter_hour_reading",
                OURS,
                LOADS,
                IN_TIME,
                by='time(15m), "register"',
                zone=ZONE,
            ),
            "$tag_register $col",
        ),
        unit=KW,
        bars=False,
        overrides=[by_pattern("/ metering points$/", unit="none", decimals=0, custom__axisPlacement="right")],
    ),
    Row(11, "Gas"),
    _gas(12, "Volume of gas", "gas_volume", "volume_m3", "m3"),
    _gas(13, "Standard volume of gas", "gas_standard_volume", "standard_volume_nm3", "Nm3"),
    _gas(14, "Energy of gas", "gas_energy", "energy_kwh", "kwatth"),
)

COMMUNITY: Final = Dashboard(
    uid="wattline-community",
    title="Community (Leneda)",
    description="Sharing in a community by layer, what the grid still gave and took, quarter-hour load, and gas.",
    time=("now-30d/d", "now"),
    variables=[
        Variable(
            "metering_point",
            "Metering points",
            "The metering points that are shown, or added up.",
            tag_values("local_day", "metering_point", OF_LENEDA),
            several=True,
        )
    ],
    panels=PANELS,
)
