"""InfluxDB 2.x as a stand-in answers: what is written, made, asked and deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from connectors.errors import Refused
from connectors.influxdb.base import Limit
from connectors.influxdb.database import connect
from connectors.influxdb.lines import Lines
from connectors.influxdb.marker import read_marker
from connectors.influxdb.v2 import V2
from schemas.time import DAY
from tests.influxdb.frames import NEW_YEAR, POINT, as_lines, hours

if TYPE_CHECKING:
    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings
    from tests.support.influx2 import Influx2


def test_server_is_recognised(bucket: Database, bucket_settings: InfluxSettings) -> None:
    """The version decides the API."""
    assert (bucket.version, bucket.api, bucket.readable) == ("2.7.12", "v2", True)
    assert (type(bucket), bucket.target) == (V2, bucket_settings.target())


def test_create(influx2: Influx2, bucket_settings: InfluxSettings) -> None:
    """A bucket is made when asked, once, kept for ever, in shard groups of 52 weeks."""
    database = connect(bucket_settings)
    before = database.exists()

    database.create()
    made = dict(influx2.buckets)
    database.create()

    rule = {"type": "expire", "everySeconds": 0, "shardGroupDurationSeconds": 52 * 7 * 24 * 3600}
    assert made["energy"].items() >= {"name": "energy", "orgID": "0123456789abcdef"}.items()
    assert made["energy"]["retentionRules"] == [rule]
    assert (before, database.exists(), influx2.buckets) == (False, True, made)
    database.close()


def test_create_by_a_token_of_buckets_alone(influx2: Influx2, bucket_settings: InfluxSettings) -> None:
    """Who sees no organization, but buckets of it, has its id from them."""
    influx2.organizations.clear()
    influx2.buckets["another"] = {"name": "another", "orgID": "0123456789abcdef"}
    database = connect(bucket_settings)

    database.create()

    assert influx2.buckets["energy"]["orgID"] == "0123456789abcdef"
    database.close()


def test_limit(influx2: Influx2, bucket: Database) -> None:
    """How long points are kept is what the bucket's rule says; 0 is for ever."""
    assert bucket.limit() is None

    influx2.buckets["energy"]["retentionRules"] = [{"type": "expire", "everySeconds": 86400}]

    assert bucket.limit() == Limit(DAY, "influx bucket update --id 00ff00ff00ff00ff --retention 0")


def test_lines_arrive_as_they_are(bucket: Database, influx2: Influx2) -> None:
    """Every line arrives, byte by byte, with its times in seconds and nothing of it in the URL."""
    lines = as_lines(hours(3))

    assert bucket.write(lines).accepted == 3

    assert influx2.lines == set(lines.text)
    assert influx2.targets == [f"{influx2.url}/api/v2/write?org=home&bucket=energy&precision=s"]


def test_bad_lines_are_isolated(bucket: Database, influx2: Influx2) -> None:
    """2.x refuses a whole request for one line (400) or a part of it (422): each bad line is found, the rest stored."""
    texts = [f"m x={number} {number}" for number in range(50)]
    texts[0], texts[20], texts[49] = "bad 0", "m x=conflict 20", "bad 49"

    written = bucket.write(Lines(pl.Series(texts)))

    assert [refused.line.decode() for refused in written.refused] == ["bad 0", "m x=conflict 20", "bad 49"]
    assert written.refused[0].words == "unable to parse '...': invalid boolean"
    assert written.accepted == 47
    assert influx2.lines == set(texts) - {"bad 0", "m x=conflict 20", "bad 49"}


def test_body_that_is_too_large_is_halved(bucket: Database, influx2: Influx2) -> None:
    """A request over the server's limit (413) is sent in parts."""
    influx2.largest_body = 500

    assert bucket.write(as_lines(hours(100))).accepted == 100
    assert len(influx2.lines) == 100


def test_refusing_everything_is_said_once(bucket: Database) -> None:
    """Where every line is refused, the message has the reason and not the line."""
    texts = [f"bad,metering_point={POINT} {number}" for number in range(1000)]

    with pytest.raises(Refused, match=r"refused 101 of \d+ lines, .* invalid boolean") as caught:
        bucket.write(Lines(pl.Series(texts)))
    assert POINT not in str(caught.value)


def test_delete(bucket: Database, influx2: Influx2) -> None:
    """A deletion names measurement and tags, and ends before its end, as windows do."""
    bucket.delete(
        "hourly_reading",
        tags={"metering_point": 'a "b"', "register": "consumption"},
        start=NEW_YEAR,
        end=NEW_YEAR + timedelta(hours=1),
    )
    bucket.delete("sync_run", tags={})

    assert influx2.deletions == [
        {
            "start": "2025-01-01T00:00:00Z",
            "stop": "2025-01-01T00:59:59Z",
            "predicate": '_measurement="hourly_reading" AND metering_point="a \\"b\\"" AND register="consumption"',
        },
        {"start": "1677-09-21T00:12:44Z", "stop": "2262-04-11T23:47:16Z", "predicate": '_measurement="sync_run"'},
    ]


def test_query(bucket: Database, influx2: Influx2) -> None:
    """InfluxQL goes to the database that has the bucket's name."""
    assert read_marker(bucket) == "first"

    (query,) = influx2.queries
    assert (query["db"], query.get("rp"), query["epoch"]) == ("energy", None, "s")


def test_bucket_of_an_upgrade(influx2: Influx2, bucket_settings: InfluxSettings) -> None:
    """A bucket that an upgrade from 1.x left is asked for as the database and retention policy it was."""
    database = connect(bucket_settings.for_database("energy/autogen"))
    database.create()

    database.query('SELECT * FROM "m"')

    assert (influx2.queries[0]["db"], influx2.queries[0]["rp"]) == ("energy", "autogen")
    database.close()
