"""A real InfluxDB 2.x, where one is given: what is written, read, refused and hidden.

Loading, commands, dashboards and alert rules are tested on it as well: their tests take the server that is given
in the place of Debian's (tests/support/influx.py).
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest
from pydantic import SecretStr

from connectors.errors import OutsideError, Refused, RenewCredential
from connectors.influxdb.base import Limit
from connectors.influxdb.database import connect
from connectors.influxdb.errors import DatabaseMissing, NotConfigured
from connectors.influxdb.lines import Lines
from connectors.influxdb.marker import read_marker, write_marker
from connectors.influxdb.settings import InfluxSettings
from schemas.time import DAY, floor_hour, utc_now
from tests.influxdb.frames import ACTIONS, NEW_YEAR, POINT, as_lines, hours, stored
from tests.support.real_influx2 import WHERE_GIVEN, Influx2Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.influxdb.base import Database

pytestmark = WHERE_GIVEN

BUCKET: Final = "connector"
MADE: Final = "connector_made"


@pytest.fixture(scope="module")
def server() -> Iterator[Influx2Server]:
    """The server, without the buckets of these tests when they are over."""
    with Influx2Server() as given:
        given.drop(BUCKET)
        yield given
        given.drop(BUCKET)
        given.drop(MADE)


@pytest.fixture
def bucket_id(server: Influx2Server) -> Iterator[str]:
    """The id of a new and empty bucket."""
    server.drop(BUCKET)
    yield server.make(BUCKET)
    server.drop(BUCKET)


@pytest.fixture
def bucket(server: Influx2Server, bucket_id: str) -> Iterator[Database]:
    """The bucket, by a token that may read and write it and nothing else, as the documentation asks for."""
    with (
        server.token("read", "write", bucket_id=bucket_id) as token,
        closing(connect(server.settings(BUCKET, token))) as opened,
    ):
        yield opened


def test_bucket_is_there(bucket: Database) -> None:
    """It is found, kept for ever, and the marker comes back."""
    write_marker(bucket, "first")

    assert bucket.version.startswith("2.")
    assert bucket.exists()
    assert bucket.limit() is None
    assert read_marker(bucket) == "first"


def test_every_value_is_read_back(bucket: Database) -> None:
    """What is written is what is read; a bad line is set aside; a deletion takes just its window."""
    frame = hours(1000)
    expected = dict(zip(frame["start"].dt.epoch("s"), frame["energy_kwh"], strict=True))
    bad = f"hourly_reading,metering_point={POINT} energy_kwh=abc 1735689600"

    written = bucket.write(Lines(pl.concat([as_lines(frame).text, pl.Series([bad])])))

    assert (written.accepted, [refused.line for refused in written.refused]) == (1000, [bad.encode()])
    assert stored(bucket) == expected

    end = NEW_YEAR + timedelta(hours=500)
    bucket.delete("hourly_reading", tags={"metering_point": POINT}, start=NEW_YEAR, end=end)

    assert stored(bucket) == {stamp: value for stamp, value in expected.items() if stamp >= end.timestamp()}


def test_long_answers_are_whole(bucket: Database) -> None:
    """An answer in several pieces, of ten thousand rows each, is put together."""
    for start in range(3):
        bucket.write(as_lines(hours(9000, start=NEW_YEAR - start * 9000 * timedelta(hours=1))))

    assert len(stored(bucket)) == 27_000


def test_type_conflict(bucket: Database) -> None:
    """2.x stores the others of a request in which one line has the wrong type, and that one is named."""
    texts = [f"m,t=x value={value} {1735689600 + hour * 3600}" for hour, value in enumerate(["1", '"a"', "3"])]

    written = bucket.write(Lines(pl.Series(texts)))

    assert [refused.line.decode() for refused in written.refused] == [texts[1]]
    assert "field type conflict" in written.refused[0].words
    assert written.accepted == 2


@pytest.mark.parametrize("value", ['a "b"', "it's", "a,b =c", "é"])
def test_tags_of_any_text(bucket: Database, value: str) -> None:
    """A deletion finds a tag whatever is in it."""
    escaped = value.replace(" ", "\\ ").replace(",", "\\,").replace("=", "\\=")
    bucket.write(Lines(pl.Series([f"m,t={escaped} x=1 1735689600", "m,t=other x=1 1735689600"])))

    bucket.delete("m", tags={"t": value})

    assert [row[1] for series in bucket.query('SELECT "t", "x" FROM "m"') for row in series.rows] == ["other"]


def test_short_retention(server: Influx2Server) -> None:
    """Points that are too old are refused, without their metering point in the words; how long is kept is told."""
    server.drop(BUCKET)
    bucket_id = server.make(BUCKET, keep_s=30 * 24 * 3600)
    lately = floor_hour(utc_now()) - 2 * DAY
    with closing(connect(server.settings(BUCKET))) as short:
        written = short.write(Lines(pl.concat([as_lines(hours(24, start=lately)).text, as_lines(hours(1)).text])))
        write_marker(short, "first")

        assert (written.accepted, len(written.refused)) == (24, 1)
        assert "outside retention policy" in written.refused[0].words
        assert POINT not in written.refused[0].words
        assert read_marker(short) == "first"
        assert short.limit() == Limit(30 * DAY, f"influx bucket update --id {bucket_id} --retention 0")
        with pytest.raises(Refused, match="outside retention policy") as caught:
            short.write(as_lines(hours(1000)))
        assert POINT not in str(caught.value)


def test_make_a_bucket(server: Influx2Server) -> None:
    """A token for all buckets, as the web page makes them, is enough to make one, though it sees no organization."""
    server.drop(MADE)
    with server.token("read", "write") as token, closing(connect(server.settings(MADE, token))) as opened:
        assert not opened.exists()
        opened.create()

        assert opened.exists()
        assert opened.limit() is None
        assert opened.write(as_lines(hours(3))).accepted == 3


def test_a_token_of_another_bucket(server: Influx2Server, bucket_id: str) -> None:
    """It hears that there is none, or that 2.x hides it, and cannot make it."""
    assert bucket_id
    server.drop(MADE)
    with (
        server.token("read", "write", bucket_id=server.make(MADE)) as token,
        closing(connect(server.settings(BUCKET, token))) as opened,
    ):
        assert not opened.exists()
        with pytest.raises(DatabaseMissing, match="shows none that the token may not read"):
            read_marker(opened)
        with pytest.raises(RenewCredential, match="insufficient permissions"):
            opened.write(as_lines(hours(1)))
        with pytest.raises(OutsideError):
            opened.create()


def test_a_token_that_may_only_read(server: Influx2Server, bucket: Database, bucket_id: str) -> None:
    """It reads; a write or a deletion is a credential to mend and no bad line."""
    bucket.write(as_lines(hours(3)))
    with (
        server.token("read", bucket_id=bucket_id) as token,
        closing(connect(server.settings(BUCKET, token))) as opened,
    ):
        assert len(stored(opened)) == 3
        for action in ("write", "delete"):
            with pytest.raises(RenewCredential, match="insufficient permissions"):
                ACTIONS[action](opened)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_revoked_token(server: Influx2Server, bucket_id: str, action: str) -> None:
    """It is a credential to renew, whatever is asked."""
    with server.token("read", "write", bucket_id=bucket_id) as token:
        opened = connect(server.settings(BUCKET, token))
        ACTIONS[action](opened)

    with pytest.raises(RenewCredential, match=r"refused \(401\)"):
        ACTIONS[action](opened)
    opened.close()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_missing_bucket(server: Influx2Server, action: str) -> None:
    """The words name what makes it."""
    server.drop(MADE)
    with (
        closing(connect(server.settings(MADE))) as opened,
        pytest.raises(DatabaseMissing, match=f"'{MADE}': run `wattline doctor --create`"),
    ):
        ACTIONS[action](opened)


def test_another_organization(server: Influx2Server, bucket_id: str) -> None:
    """One that the server does not know, or the token does not see, is a fault in the settings."""
    with server.token("read", "write", bucket_id=bucket_id) as token:
        settings = server.settings(BUCKET, token).model_copy(update={"org": "elsewhere"})
        with closing(connect(settings)) as opened, pytest.raises(NotConfigured, match="mend `org`"):
            opened.write(as_lines(hours(1)))


def test_by_the_settings_of_1x(server: Influx2Server, bucket: Database, bucket_id: str) -> None:
    """A user made for the API of 1.x writes, reads and deletes; a bucket cannot be made by that API."""
    with server.user("read", "write", bucket_id=bucket_id) as (name, password):
        settings = InfluxSettings(
            url=server.url, database=BUCKET, username=name, password=SecretStr(password), api="auto"
        )
        with closing(connect(settings)) as opened:
            assert (opened.api, opened.exists(), opened.limit()) == ("v1", True, None)
            assert opened.write(as_lines(hours(10))).accepted == 10
            opened.delete("hourly_reading", tags={}, start=NEW_YEAR, end=NEW_YEAR + timedelta(hours=4))
            assert len(stored(opened)) == len(stored(bucket)) == 6
            opened.delete("hourly_reading", tags={"metering_point": POINT})
            assert stored(bucket) == {}
        with closing(connect(settings.for_database(MADE).model_copy(update={"bucket": None}))) as missing:
            server.drop(MADE)
            with pytest.raises(DatabaseMissing):
                missing.write(as_lines(hours(1)))
            with pytest.raises(NotConfigured, match="`org`, `bucket` and `token`"):
                missing.create()


def test_by_a_mapping(server: Influx2Server, bucket_id: str) -> None:
    """A bucket that an upgrade named `database/retention policy` is read back through the mapping that it made."""
    name = f"{BUCKET}_up/autogen"
    server.drop(name)
    assert bucket_id
    server.map(server.make(name), f"{BUCKET}_up", "autogen")
    with closing(connect(server.settings(name))) as opened:
        assert opened.exists()
        assert opened.write(as_lines(hours(10))).accepted == 10
        assert len(stored(opened)) == 10
    server.drop(name)
