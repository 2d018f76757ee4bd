"""A point of our own, written, read back and deleted: what permissions and settings alone do not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.influxdb.errors import CannotDo
from connectors.influxdb.influxql import identifier, instant
from connectors.influxdb.lines import lines
from pipelines.commands.doctor.finding import Finding
from schemas.reading import INSTANT

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.influxdb.base import Database

MEASUREMENT: Final = "wattline_probe"
TAGS: Final = {"writer": "doctor"}
VALUE: Final = 1.5


def probe_database(database: Database, subject: str, when: datetime) -> Finding:
    """Return how the probe went; `when` is the oldest instant for which readings will be written.

    Raises:
        OutsideError: the server failed, or does not let this user write.
    """
    frame = pl.DataFrame({**TAGS, "value": [VALUE], "when": pl.Series([when], dtype=INSTANT)})
    for part in lines(frame, measurement=MEASUREMENT, tags=tuple(TAGS), fields=("value",), time="when"):
        for refused in database.write(part).refused:
            words = f"refuses a point of {when:%Y-%m-%d}: {refused.words}; let it keep points for ever"
            return Finding(subject, words, ok=False)
    if not database.readable:
        return Finding(subject, f"a point was written; it cannot be read back and stays, as {MEASUREMENT}")
    if not _is_there(database, when):
        return Finding(subject, "a point was written and is not there; look at its retention and its log", ok=False)
    try:
        database.delete(MEASUREMENT, tags=TAGS)
    except CannotDo:
        return Finding(subject, f"a point was written and read; it cannot be deleted and stays, as {MEASUREMENT}")
    if _is_there(database, when):
        return Finding(subject, "a point was written and read, and could not be deleted", ok=False)
    return Finding(subject, "a point was written, read and deleted")


def _is_there(database: Database, when: datetime) -> bool:
    statement = f'SELECT "value" FROM {identifier(MEASUREMENT)} WHERE time = {instant(when)}'  # noqa: S608 - quoted
    return any(VALUE in row for series in database.query(statement) for row in series.rows)
