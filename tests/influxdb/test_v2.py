"""InfluxDB 2.x as a stand-in answers: what is written, made and deleted, and what each refusal becomes."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from pydantic import SecretStr

from connectors.errors import Refused, RenewCredential, SourceChanged, TryLater
from connectors.influxdb.database import connect
from connectors.influxdb.errors import CannotDo, DatabaseMissing, NotConfigured
from connectors.influxdb.lines import Lines
from connectors.influxdb.marker import read_marker
from connectors.influxdb.settings import InfluxSettings
from connectors.influxdb.v2 import V2
from tests.influxdb.frames import ACTIONS, EVERY_ACTION, NEW_YEAR, POINT, as_lines, hours
from tests.support import faults
from tests.support.faults import FaultServer
from tests.support.influx2 import ORG, TOKEN, running_influx2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.influxdb.base import Database
    from tests.support.influx2 import Influx2


@pytest.fixture
def server() -> Iterator[Influx2]:
    """A stand-in without a bucket."""
    with running_influx2() as stand_in:
        yield stand_in


@pytest.fixture
def settings(server: Influx2) -> InfluxSettings:
    """The settings of a bucket in it."""
    return InfluxSettings(url=server.url, org=ORG, bucket="energy", token=SecretStr(TOKEN))


@pytest.fixture
def bucket(settings: InfluxSettings) -> Iterator[Database]:
    """A bucket, made."""
    database = connect(settings)
    database.create()
    yield database
    database.close()


def test_server_is_recognised(bucket: Database, settings: InfluxSettings) -> None:
    """The version decides the API."""
    assert (bucket.version, bucket.api, bucket.readable) == ("2.7.12", "v2", True)
    assert (type(bucket), bucket.target) == (V2, settings.target())


def test_create(server: Influx2, settings: InfluxSettings) -> None:
    """A bucket is made when asked, once, kept for ever, in shard groups of 52 weeks."""
    database = connect(settings)
    before = database.exists()

    database.create()
    made = dict(server.buckets)
    database.create()

    rule = {"type": "expire", "everySeconds": 0, "shardGroupDurationSeconds": 52 * 7 * 24 * 3600}
    assert made["energy"].items() >= {"name": "energy", "orgID": "0123456789abcdef"}.items()
    assert made["energy"]["retentionRules"] == [rule]
    assert (before, database.exists(), server.buckets) == (False, True, made)
    database.close()


def test_lines_arrive_as_they_are(bucket: Database, server: Influx2) -> None:
    """Every line arrives, byte by byte, with its times in seconds and nothing of it in the URL."""
    lines = as_lines(hours(3))

    assert bucket.write(lines).accepted == 3

    assert server.lines == set(lines.text)
    assert server.targets == [f"{server.url}/api/v2/write?org=home&bucket=energy&precision=s"]


def test_bad_lines_are_isolated(bucket: Database, server: Influx2) -> None:
    """2.x refuses a whole request for one line (400) or a part of it (422): each bad line is found, the rest stored."""
    texts = [f"m x={number} {number}" for number in range(50)]
    texts[0], texts[20], texts[49] = "bad 0", "m x=conflict 20", "bad 49"

    written = bucket.write(Lines(pl.Series(texts)))

    assert [refused.line.decode() for refused in written.refused] == ["bad 0", "m x=conflict 20", "bad 49"]
    assert written.refused[0].words == "unable to parse 'bad 0': invalid boolean"
    assert written.accepted == 47
    assert server.lines == set(texts) - {"bad 0", "m x=conflict 20", "bad 49"}


def test_body_that_is_too_large_is_halved(bucket: Database, server: Influx2) -> None:
    """A request over the server's limit (413) is sent in parts."""
    server.largest_body = 500

    assert bucket.write(as_lines(hours(100))).accepted == 100
    assert len(server.lines) == 100


def test_refusing_everything_is_said_once(bucket: Database) -> None:
    """Where every line is refused, the message has the reason and not the line."""
    texts = [f"bad,metering_point={POINT} {number}" for number in range(1000)]

    with pytest.raises(Refused, match=r"refused 101 of \d+ lines, .* invalid boolean") as caught:
        bucket.write(Lines(pl.Series(texts)))
    assert POINT not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "waited"),
    [
        ([(503, {})], [1.0]),
        ([(500, {}), (502, {}), (504, {})], [1.0, 2.0, 4.0]),
        ([(429, {"Retry-After": "7"})], [7]),
        ([(503, {"Retry-After": "60"})], [60]),
    ],
)
def test_busy_server_is_asked_again(
    bucket: Database, server: Influx2, waits: list[float], said: list[tuple[int, dict[str, str]]], waited: list[float]
) -> None:
    """A server that is ill or busy is asked again, never sooner than it asks for."""
    server.said.extend(said)

    assert bucket.write(as_lines(hours(3))).accepted == 3

    assert waits == pytest.approx(waited, abs=1)
    assert all(real >= announced - 1e-9 for real, announced in zip(waits, waited, strict=True))


def test_announced_wait_that_is_too_long(bucket: Database, server: Influx2, waits: list[float]) -> None:
    """A wait of an hour is left to a later run, which is told until when."""
    server.said.append((429, {"Retry-After": "3600"}))

    with pytest.raises(TryLater, match="InfluxDB write: answered 429, not before") as caught:
        bucket.write(as_lines(hours(3)))

    assert caught.value.not_before is not None
    assert caught.value.not_before > datetime.now(UTC) + timedelta(minutes=59)
    assert waits == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, RenewCredential), (403, RenewCredential), (307, SourceChanged), (405, Refused), (503, TryLater)],
)
@pytest.mark.usefixtures("waits")
def test_status_becomes_an_error(bucket: Database, server: Influx2, status: int, expected: type[Exception]) -> None:
    """What will not pass is raised as the error of who must act; no redirect is followed with the token."""
    server.said.extend([(status, {"Location": "/elsewhere"})] * 4)

    with pytest.raises(expected, match="InfluxDB"):
        bucket.write(as_lines(hours(3)))
    assert server.lines == set()
    assert len(server.targets) == (4 if expected is TryLater else 1)


@pytest.mark.parametrize("action", ACTIONS)
def test_bucket_missing(settings: InfluxSettings, action: str) -> None:
    """Where there is no such bucket, the message says how to make it."""
    database = connect(settings)

    with pytest.raises(DatabaseMissing, match="'energy': run `wattline doctor --create`"):
        ACTIONS[action](database)
    database.close()


def test_organization_missing(settings: InfluxSettings) -> None:
    """An organization that the token does not see is a fault in the settings, not a missing bucket."""
    database = connect(settings.model_copy(update={"org": "elsewhere"}))

    with pytest.raises(Refused, match='organization name "elsewhere" not found'):
        database.write(as_lines(hours(1)))
    with pytest.raises(Refused, match='organization name "elsewhere" not found'):
        database.create()
    database.close()


def test_organization_that_the_token_does_not_see(bucket: Database, server: Influx2) -> None:
    """A bucket cannot be made where the organization's id cannot be found out."""
    server.buckets.clear()
    server.organizations.clear()

    with pytest.raises(NotConfigured, match="sees no such `org`"):
        bucket.create()


@pytest.mark.parametrize("action", ACTIONS)
def test_refused_token_is_not_shown(
    bucket: Database, settings: InfluxSettings, action: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused token is a credential to renew, and is in no message, log or hidden cause."""
    caplog.set_level(logging.DEBUG)
    assert bucket.exists()
    database = connect(settings.model_copy(update={"token": SecretStr("canary-wrong")}))

    with pytest.raises(RenewCredential, match=r"InfluxDB \w+: the credential is refused \(401\)") as caught:
        ACTIONS[action](database)

    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r} {caplog.text}"
    assert "canary" not in shown
    database.close()


@pytest.mark.usefixtures("waits")
def test_server_that_goes_down(settings: InfluxSettings) -> None:
    """A server that is down is waited for and then left for later, by whatever is asked of it."""
    with running_influx2() as stand_in:
        database = connect(settings.model_copy(update={"url": stand_in.url}))

    for action in EVERY_ACTION:
        with pytest.raises(TryLater, match="no whole answer"):
            action(database)
    database.close()


def test_delete(bucket: Database, server: Influx2) -> None:
    """A deletion names measurement and tags, and ends before its end, as windows do."""
    bucket.delete(
        "hourly_reading",
        tags={"metering_point": 'a "b"', "register": "consumption"},
        start=NEW_YEAR,
        end=NEW_YEAR + timedelta(hours=1),
    )
    bucket.delete("sync_run", tags={})

    assert server.deletions == [
        {
            "start": "2025-01-01T00:00:00Z",
            "stop": "2025-01-01T00:59:59Z",
            "predicate": '_measurement="hourly_reading" AND metering_point="a \\"b\\"" AND register="consumption"',
        },
        {"start": "1677-09-21T00:12:44Z", "stop": "2262-04-11T23:47:16Z", "predicate": '_measurement="sync_run"'},
    ]


def test_query(bucket: Database, server: Influx2) -> None:
    """InfluxQL goes to the database that has the bucket's name."""
    assert read_marker(bucket) == "first"

    (query,) = server.queries
    assert (query["db"], query.get("rp"), query["epoch"]) == ("energy", None, "s")


def test_bucket_of_an_upgrade(server: Influx2, settings: InfluxSettings) -> None:
    """A bucket that an upgrade from 1.x left is asked for as the database and retention policy it was."""
    database = connect(settings.for_database("energy/autogen"))
    database.create()

    database.query('SELECT * FROM "m"')

    assert (server.queries[0]["db"], server.queries[0]["rp"]) == ("energy", "autogen")
    database.close()


def test_settings_of_1x_go_on_working(server: Influx2) -> None:
    """Moving from 1.8 to 2 is changing the URL: with a 1.x database alone in the settings, 1.x's API is spoken."""
    database = connect(InfluxSettings(url=server.url, database="energy"))

    assert (database.version, database.api) == ("2.7.12", "v1")
    database.close()


def test_server_decides_what_is_needed(server: Influx2) -> None:
    """A 1.x that gets 2.x's settings says what is missing, not that something is wrong with the token."""
    server.version = "1.8.10"

    with pytest.raises(NotConfigured, match=r"InfluxDB 1.8.10 answers at .*: InfluxDB 1.x needs `database`"):
        connect(InfluxSettings(url=server.url, org=ORG, bucket="energy", token=SecretStr(TOKEN)))


def test_influxdb_3(server: Influx2, settings: InfluxSettings) -> None:
    """InfluxDB 3 makes a database by writing to it, and cannot delete, which is said before anything is sent."""
    server.version = "3.10.1"
    database = connect(settings)

    database.create()

    assert (database.version, database.readable, database.exists(), server.buckets) == ("3.10.1", True, True, {})
    with pytest.raises(CannotDo, match="cannot delete single points"):
        database.delete("hourly_reading", tags={})
    database.close()


def test_what_is_no_influxdb(server: Influx2, settings: InfluxSettings) -> None:
    """A server without a ping is no InfluxDB, unless the settings name the API (InfluxData's cloud has no ping)."""
    elsewhere = {**dict(settings), "url": f"{server.url}/proxy"}

    with pytest.raises(NotConfigured, match="/ping answers 404: mend `url`, or set `api`"):
        connect(InfluxSettings.model_validate(elsewhere))
    named = connect(InfluxSettings.model_validate({**elsewhere, "api": "v2"}))
    assert (named.version, named.readable) == ("unknown", True)
    named.close()


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"\xff\xfe", b"{}"])
@pytest.mark.usefixtures("waits")
def test_web_page_in_its_place(body: bytes) -> None:
    """A page that says 200 to everything has stored nothing, and its silence about buckets is no answer."""
    with FaultServer(faults.status(204, X_Influxdb_Version="v2.7.12"), faults.answer(body)) as page:
        database = connect(InfluxSettings(url=page.url, org=ORG, bucket="energy", token=SecretStr(TOKEN)))

        for action in EVERY_ACTION:
            with pytest.raises(SourceChanged):
                action(database)
        database.close()


def test_web_page_is_no_influxdb() -> None:
    """A page that says 200 to everything is not taken for a database that cannot be read."""
    with (
        FaultServer(faults.answer(b"<html>Welcome</html>")) as page,
        pytest.raises(NotConfigured, match="/ping answers 200"),
    ):
        connect(InfluxSettings(url=page.url, database="energy"))
