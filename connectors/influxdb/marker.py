"""A marker in the database tells whether it is still the one that was filled.

A new, emptied or restored database has none, or another one, and is then filled whole.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.errors import Refused
from connectors.influxdb.influxql import identifier, instant
from connectors.influxdb.lines import lines

if TYPE_CHECKING:
    from connectors.influxdb.base import Database

MEASUREMENT: Final = "wattline_target"

# In the future, so that a database with a finite retention takes it and never drops it.
_WHEN: Final = datetime(2100, 1, 1, tzinfo=UTC)


def read_marker(database: Database) -> str | None:
    """Return the marker that stands in the database, if any.

    Raises:
        CannotDo: nothing can be read back from this server.
    """
    statement = f'SELECT "id" FROM {identifier(MEASUREMENT)} WHERE time = {instant(_WHEN)}'  # noqa: S608 - quoted
    for series in database.query(statement):
        return str(series.rows[-1][series.columns.index("id")])
    return None


def write_marker(database: Database, marker: str) -> None:
    """Write a marker over any that was there.

    Raises:
        Refused: the database does not take it; the message says why.
    """
    frame = pl.DataFrame({"time_utc": [_WHEN], "id": [marker]})
    for part in lines(frame, measurement=MEASUREMENT, tags=(), fields=("id",), time="time_utc"):
        for line in database.write(part).refused:
            msg = f"InfluxDB refused the marker of this database: {line.words}"
            raise Refused(msg, status=400)
