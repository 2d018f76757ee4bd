"""The marker by which a database is known again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.errors import Refused
from connectors.influxdb.base import RefusedLine, Written
from connectors.influxdb.marker import MEASUREMENT, read_marker, write_marker
from tests.influxdb.frames import as_lines, hours

if TYPE_CHECKING:
    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings


def test_marker_is_read_back(database: Database) -> None:
    """A new database has no marker; the one that was written last is the one that is read."""
    before = read_marker(database)

    write_marker(database, "first")
    write_marker(database, 'second "one"')

    assert before is None
    assert read_marker(database) == 'second "one"'


def test_emptied_database_has_none(database: Database, influx_settings: InfluxSettings) -> None:
    """Dropping the database drops the marker, and so it is filled again."""
    write_marker(database, "first")

    database.query(f'DROP DATABASE "{influx_settings.database}"')
    database.create()

    assert read_marker(database) is None


def test_finite_retention_keeps_the_marker(database: Database, influx_settings: InfluxSettings) -> None:
    """A database that keeps a day takes the marker, and never looks new for having dropped it."""
    name = influx_settings.database
    database.query(f'CREATE RETENTION POLICY "day" ON "{name}" DURATION 1d REPLICATION 1 DEFAULT')

    write_marker(database, "first")

    assert read_marker(database) == "first"


def test_marker_is_no_reading(database: Database) -> None:
    """The marker stands in a measurement of its own, which can be dropped without touching a reading."""
    database.write(as_lines(hours(3)))
    write_marker(database, "first")

    database.delete(MEASUREMENT, tags={})

    assert read_marker(database) is None
    assert database.query('SELECT count("energy_kwh") FROM "hourly_reading"')[0].rows[0][1] == 3


def test_refused_marker_raises(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that does not take the marker is never believed to have it."""
    refusing = Written(0, (RefusedLine(b"", "partial write: max-values-per-tag limit exceeded"),))
    monkeypatch.setattr(database, "write", lambda _: refusing)

    with pytest.raises(Refused, match="marker of this database: partial write: max-values"):
        write_marker(database, "first")
