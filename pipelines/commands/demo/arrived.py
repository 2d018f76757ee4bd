"""What arrived: the store's own account of itself, beside what the private InfluxDB answers."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from connectors.influxdb.database import connect
from connectors.influxdb.influxql import identifier, where
from pipelines.commands.output import STORE_ALONE, say, say_table
from pipelines.commands.status import COLUMNS, NAMING, describe, series_cells
from pipelines.load.projection import READINGS, TAGS
from schemas.registers import REGISTERS

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.influxdb.base import Database
    from pipelines.commands.status import NamedSeries
    from pipelines.settings import Settings


def create_database(settings: Settings) -> None:
    """Make the private InfluxDB's database where it isn't there."""
    if settings.influxdb is not None:
        with closing(connect(settings.influxdb)) as database:
            database.create()


def say_what_arrived(settings: Settings, now: datetime) -> bool:
    """Print a row for each register; return whether InfluxDB, where there is one, has every reading."""
    series = describe(settings, now).series
    counts: list[int] | None = None
    if settings.influxdb is not None:
        with closing(connect(settings.influxdb)) as database:
            counts = [_count(database, one) for one in series]
    rows = [[*series_cells(one), "-" if counts is None else f"{counts[place]:,}"] for place, one in enumerate(series)]
    say_table((*COLUMNS, "in InfluxDB"), rows, naming=NAMING)
    say("Hours are the operator's local time.")
    if counts is None:
        say(STORE_ALONE)
        return True
    return counts == [one.readings for one in series]


def _count(database: Database, series: NamedSeries) -> int:
    field, measurement = REGISTERS[series.register].field, READINGS[series.resolution]
    tags = dict(zip(TAGS, (series.source, series.metering_point, series.register), strict=True))
    statement = f"SELECT count({identifier(field)}) FROM {identifier(measurement)}{where(tags, None, None)}"  # noqa: S608
    found = [row[table.columns.index("count")] for table in database.query(statement) for row in table.rows]
    return int(str(found[0])) if found else 0
