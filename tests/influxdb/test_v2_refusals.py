"""InfluxDB 2.x as a stand-in answers: what each refusal becomes, and what is asked again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from pydantic import SecretStr

from connectors.errors import Refused, RenewCredential, SourceChanged, TryLater
from connectors.http import Http, Policy
from connectors.influxdb.database import connect
from connectors.influxdb.errors import DatabaseMissing, NotConfigured, reason_of
from connectors.influxdb.settings import InfluxSettings
from connectors.influxdb.v2 import V2
from tests.influxdb.frames import ACTIONS, EVERY_ACTION, POINT, as_lines, hours
from tests.support import faults
from tests.support.faults import FaultServer
from tests.support.influx2 import ORG, TOKEN, running_influx2

if TYPE_CHECKING:
    from connectors.influxdb.base import Database
    from tests.support.influx2 import Influx2


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
    bucket: Database, influx2: Influx2, waits: list[float], said: list[tuple[int, dict[str, str]]], waited: list[float]
) -> None:
    """A server that is ill or busy is asked again, never sooner than it asks for."""
    influx2.said.extend(said)

    assert bucket.write(as_lines(hours(3))).accepted == 3

    assert waits == pytest.approx(waited, abs=1)
    assert all(real >= announced - 1e-9 for real, announced in zip(waits, waited, strict=True))


def test_announced_wait_that_is_too_long(bucket: Database, influx2: Influx2, waits: list[float]) -> None:
    """A wait of an hour is left to a later run, which is told until when."""
    influx2.said.append((429, {"Retry-After": "3600"}))

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
def test_status_becomes_an_error(bucket: Database, influx2: Influx2, status: int, expected: type[Exception]) -> None:
    """What will not pass is raised as the error of who must act; no redirect is followed with the token."""
    influx2.said.extend([(status, {"Location": "/elsewhere"})] * 4)

    with pytest.raises(expected, match="InfluxDB"):
        bucket.write(as_lines(hours(3)))
    assert influx2.lines == set()
    assert len(influx2.targets) == (4 if expected is TryLater else 1)


@pytest.mark.parametrize("action", ACTIONS)
def test_bucket_missing(bucket_settings: InfluxSettings, action: str) -> None:
    """Where there is no such bucket, the message says how to make it."""
    database = connect(bucket_settings)

    with pytest.raises(DatabaseMissing, match="'energy': run `wattline doctor --create`"):
        ACTIONS[action](database)
    database.close()


def test_organization_missing(bucket_settings: InfluxSettings) -> None:
    """An organization that the token does not see is a fault in the settings, not a missing bucket."""
    database = connect(bucket_settings.model_copy(update={"org": "elsewhere"}))

    with pytest.raises(NotConfigured, match='organization name "elsewhere" not found: mend `org`'):
        database.write(as_lines(hours(1)))
    with pytest.raises(NotConfigured, match='organization name "elsewhere" not found: mend `org`'):
        database.create()
    database.close()


def test_organization_that_the_token_does_not_see(bucket: Database, influx2: Influx2) -> None:
    """A bucket cannot be made where the organization's id cannot be found out."""
    influx2.buckets.clear()
    influx2.organizations.clear()

    with pytest.raises(NotConfigured, match="sees no such `org`"):
        bucket.create()


@pytest.mark.parametrize("action", ACTIONS)
def test_refused_token_is_not_shown(
    bucket: Database, bucket_settings: InfluxSettings, action: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused token is a credential to renew, and is in no message, log or hidden cause."""
    caplog.set_level(logging.DEBUG)
    assert bucket.exists()
    database = connect(bucket_settings.model_copy(update={"token": SecretStr("canary-wrong")}))

    with pytest.raises(RenewCredential, match=r"InfluxDB \w+: the credential is refused \(401\)") as caught:
        ACTIONS[action](database)

    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r} {caplog.text}"
    assert "canary" not in shown
    database.close()


@pytest.mark.usefixtures("waits")
def test_server_that_goes_down(bucket_settings: InfluxSettings) -> None:
    """A server that is down is waited for and then left for later, by whatever is asked of it."""
    with running_influx2() as stand_in:
        database = connect(bucket_settings.model_copy(update={"url": stand_in.url}))

    for action in EVERY_ACTION:
        with pytest.raises(TryLater, match="no whole answer"):
            action(database)
    database.close()


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


@pytest.mark.usefixtures("waits")
def test_certificate_that_is_not_trusted(bucket_settings: InfluxSettings) -> None:
    """Where there is no trusted TLS, no token is sent."""
    with FaultServer(faults.status(204)) as plain:
        settings = bucket_settings.model_copy(update={"url": plain.url.replace("http:", "https:")})
        http = Http(settings.url, service="InfluxDB")
        database = V2(http, settings, Policy(attempts=2), version="2.7.12", readable=True)

        with pytest.raises(TryLater, match=r"no whole answer \(TLS\)"):
            database.write(as_lines(hours(1)))
        database.close()

    assert not [seen for seen in plain.seen if "authorization" in seen.headers]


def test_refused_words_without_a_metering_point() -> None:
    """The series that 2.x names where a point is older than the retention is not repeated."""
    key = f"hourly_reading,metering_point={POINT},register=con\\ sumption"
    told = f"partial write: dropped 1 points outside retention policy - oldest point {key} at 2025, newest point {key}"
    problem = {"code": "unprocessable entity", "message": told}

    words = reason_of(msgspec.json.encode(problem))

    assert words == (
        "partial write: dropped 1 points outside retention policy - oldest point '...' at 2025, newest point '...'"
    )


def test_refusal_by_a_proxy() -> None:
    """A refusal that is not InfluxDB's JSON is told as it came."""
    answers = (faults.status(204, X_Influxdb_Version="v2.7.12"), faults.answer(b"line too odd", 400))
    with FaultServer(*answers) as proxy:
        database = connect(InfluxSettings(url=proxy.url, org=ORG, bucket="energy", token=SecretStr(TOKEN)))

        (refused,) = database.write(as_lines(hours(1))).refused
        database.close()

    assert refused.words == "line too odd"
