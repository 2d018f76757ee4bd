"""A real InfluxDB 1.6.7: what is written, read back, refused and deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from connectors.errors import Refused
from connectors.influxdb.base import Limit
from connectors.influxdb.database import connect
from connectors.influxdb.errors import DatabaseMissing, NotConfigured
from connectors.influxdb.lines import LINES_PER_REQUEST, Lines, lines
from connectors.influxdb.writing import MOST_REFUSED
from schemas.time import DAY
from tests.influxdb.frames import ACTIONS, NEW_YEAR, POINT, as_lines, hours, stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.influxdb.base import Database, Series
    from connectors.influxdb.settings import InfluxSettings

HOUR = timedelta(hours=1)


def line(text: str, *, after: int = 0) -> str:
    """Return a line with this field, so many hours after New Year."""
    return f"hourly_reading,metering_point={POINT} {text} {int((NEW_YEAR + after * HOUR).timestamp())}"


def only(series: list[Series]) -> list[list[object]]:
    """Return the rows of the one series."""
    (one,) = series
    return one.rows


def test_server_is_recognised(database: Database, influx_settings: InfluxSettings) -> None:
    """The version comes from the server, and decides the API."""
    assert (database.version[:2], database.api, database.readable) == ("1.", "v1", True)
    assert database.target == influx_settings.target()


def test_create(influx_settings: InfluxSettings) -> None:
    """A database is made when asked, once, kept for ever, in shards of 52 weeks."""
    database = connect(influx_settings)
    before = database.exists()

    database.create()
    database.create()

    assert (before, database.exists()) == (False, True)
    assert only(database.query("SHOW RETENTION POLICIES")) == [["autogen", "0s", "8736h0m0s", 1, True]]
    database.close()


def test_every_value_is_read_back(database: Database) -> None:
    """What is written is what is read, value by value, on exactly its hour."""
    frame = hours(LINES_PER_REQUEST)

    written = database.write(as_lines(frame))

    assert (written.accepted, written.refused) == (LINES_PER_REQUEST, ())
    assert stored(database) == dict(zip(frame["start"].dt.epoch("s"), frame["energy_kwh"], strict=True))


def test_long_answers_are_whole(database: Database) -> None:
    """Answers that come in pieces, of 10,000 rows, are put together: each series once, with all of its rows."""
    points, rows = [POINT, "another"], 12_345
    for point in points:
        for part in lines(
            hours(rows, point=point),
            measurement="hourly_reading",
            tags=("metering_point",),
            fields=("energy_kwh",),
            time="start",
        ):
            database.write(part)

    series = database.query(
        'SELECT "energy_kwh" FROM "hourly_reading" GROUP BY "metering_point"; SELECT "energy_kwh" FROM "hourly_reading"'
    )

    assert [one.tags.get("metering_point") for one in series] == [*points, None]
    assert [len(one.rows) for one in series] == [rows, rows, 2 * rows]
    assert [row[1] for row in series[0].rows] == [hour / 8 for hour in range(rows)]


def test_types_and_escapes_survive(database: Database) -> None:
    """Every type of field and every character that needs escaping comes back as it went."""
    odd = ' a,b=c "d" \\ é\n'
    frame = pl.DataFrame(
        {
            "place": ['at home, "no" =é'],
            "start": [NEW_YEAR],
            "amount": [1e-7],
            "large": [1.7976931348623157e308],
            "number": [-(2**63) + 1],
            "flag": [False],
            "word": [odd],
            "nothing": pl.Series([None], dtype=pl.Float64),
        }
    )
    fields = ("amount", "large", "number", "flag", "word", "nothing")
    for part in lines(frame, measurement="odd", tags=("place",), fields=fields, time="start"):
        assert database.write(part).accepted == 1

    (series,) = database.query('SELECT * FROM "odd" GROUP BY "place"')

    assert series.tags == {"place": 'at home, "no" =é'}
    assert dict(zip(series.columns, series.rows[0], strict=True)) == {
        "time": int(NEW_YEAR.timestamp()),
        "amount": 1e-7,
        "large": 1.7976931348623157e308,
        "number": -(2**63) + 1,
        "flag": False,
        "word": odd,
    }


def test_writing_again_changes_nothing(database: Database) -> None:
    """The same lines, written twice, are there once."""
    for _ in range(2):
        database.write(as_lines(hours(100)))

    assert only(database.query('SELECT count("energy_kwh") FROM "hourly_reading"')) == [[0, 100]]


def test_bad_line_is_isolated(database: Database) -> None:
    """A line that cannot be read is set aside, verbatim, with the server's words beside it; the others are stored."""
    bad = line("energy_kwh=abc", after=70)
    good = as_lines(hours(200)).text
    mixed = Lines(pl.concat([good.head(70), pl.Series([bad]), good.slice(71)]))

    written = database.write(mixed)

    (refused,) = written.refused
    assert (written.accepted, refused.line) == (199, bad.encode())
    assert refused.words.startswith("unable to parse '...': ")
    assert bad not in refused.words
    assert len(stored(database)) == 199


def test_type_conflict_is_isolated(database: Database) -> None:
    """Lines with another type than their field has are set aside; the others are stored."""
    database.write(as_lines(hours(1)))
    texts = [line(f"energy_kwh={after}.5", after=after) for after in range(50)]
    texts[3], texts[40] = line("energy_kwh=3i", after=3), line('energy_kwh="forty"', after=40)

    written = database.write(Lines(pl.Series(texts)))

    assert [refused.line for refused in written.refused] == [texts[3].encode(), texts[40].encode()]
    assert all("field type conflict" in refused.words for refused in written.refused)
    assert (written.accepted, len(stored(database))) == (48, 48)


def test_conflict_does_not_hide_a_bad_line(database: Database) -> None:
    """Of two faults in one request 1.x names one and drops the other without a word: both are found."""
    database.write(as_lines(hours(1)))
    texts = [line("energy_kwh=1.5", after=1), line("energy_kwh=2i", after=2), line("energy_kwh=x", after=3)]

    written = database.write(Lines(pl.Series(texts)))

    assert [refused.line for refused in written.refused] == [text.encode() for text in texts[1:]]
    assert written.accepted == 1


def test_database_that_refuses_everything(database: Database, influx_settings: InfluxSettings) -> None:
    """A database that keeps 30 days refuses a whole year: it is said once and in words, not line by line."""
    name = influx_settings.database
    database.query(f'CREATE RETENTION POLICY "short" ON "{name}" DURATION 30d REPLICATION 1 DEFAULT')

    with pytest.raises(Refused, match=f"refused {MOST_REFUSED + 1} of .* points beyond retention policy") as caught:
        database.write(as_lines(hours(8760, start=datetime(2020, 1, 1, tzinfo=UTC))))
    assert POINT not in str(caught.value)


@pytest.mark.usefixtures("waits")
def test_no_default_retention_policy(database: Database, influx_settings: InfluxSettings) -> None:
    """1.x answers 500 for ever where no retention policy is the default: that is no illness, and is said so."""
    name = influx_settings.database
    database.query(f'DROP RETENTION POLICY "autogen" ON "{name}"')

    with pytest.raises(NotConfigured, match="has no default retention policy"):
        database.write(as_lines(hours(1)))


def test_limit(database: Database, influx_settings: InfluxSettings) -> None:
    """How long points are kept is what the default retention policy says."""
    assert database.limit() is None
    database.query(f'ALTER RETENTION POLICY "autogen" ON "{influx_settings.database}" DURATION 400d')

    remedy = f'ALTER RETENTION POLICY "autogen" ON "{influx_settings.database}" DURATION INF'
    assert database.limit() == Limit(400 * DAY, remedy)


@pytest.mark.parametrize("action", ACTIONS)
def test_database_missing(influx_settings: InfluxSettings, action: str) -> None:
    """Where there is no such database, the message says how to make it."""
    database = connect(influx_settings)

    with pytest.raises(DatabaseMissing, match=f"'{influx_settings.database}': run `wattline doctor --create`"):
        ACTIONS[action](database)
    database.close()


@pytest.mark.parametrize("statement", ['SELECT sum("settled") FROM "hourly_reading"', "SELECT nothing at all"])
def test_failed_query_raises(database: Database, statement: str) -> None:
    """A statement that fails is an error, also where the status is 200."""
    database.write(as_lines(hours(1)))

    with pytest.raises(Refused, match="InfluxDB refuses: "):
        database.query(statement)


@pytest.mark.parametrize(
    ("bounds", "left"),
    [
        ({"start": NEW_YEAR + HOUR, "end": NEW_YEAR + 3 * HOUR}, [0, 3, 4]),
        ({"start": NEW_YEAR + HOUR}, [0]),
        ({"end": NEW_YEAR + 3 * HOUR}, [3, 4]),
        ({}, []),
    ],
)
def test_delete(database: Database, bounds: Mapping[str, datetime], left: list[int]) -> None:
    """Deleting takes just the points with these tags in the half-open window, and leaves the neighbours."""
    other = "it's another"
    database.write(as_lines(pl.concat([hours(5), hours(5, point=other)])))

    database.delete("hourly_reading", tags={"metering_point": POINT}, **bounds)

    kept = {
        series.tags["metering_point"]: [row[1] for row in series.rows]
        for series in database.query('SELECT "energy_kwh" FROM "hourly_reading" GROUP BY "metering_point"')
    }
    assert kept.pop(other) == [0.0, 0.125, 0.25, 0.375, 0.5]
    assert kept.get(POINT, []) == [hour / 8 for hour in left]


def test_delete_quotes_what_it_is_given(database: Database) -> None:
    """A value that looks like InfluxQL is a value."""
    database.write(as_lines(pl.concat([hours(2), hours(1, point="x' OR time > 0 --")])))

    database.delete("hourly_reading", tags={"metering_point": "x' OR time > 0 --"})

    assert len(stored(database)) == 2
