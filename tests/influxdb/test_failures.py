"""A database that dies, is down, or asks who we are; and what never leaves in a URL or a message."""

from __future__ import annotations

import logging
from base64 import b64encode
from typing import TYPE_CHECKING

import msgspec
import pytest
from pydantic import SecretStr

from connectors.errors import OutsideError, RenewCredential, TryLater
from connectors.influxdb.database import connect
from connectors.influxdb.errors import DatabaseMissing, NotConfigured, reason_of
from connectors.influxdb.settings import InfluxSettings
from sandbox.influxd import Influxd, running_influxd
from tests.influxdb.frames import EVERY_ACTION, POINT, as_lines, hours, stored
from tests.support import faults
from tests.support.faults import FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "canary password é"
WITHOUT_READ = "a writer"


@pytest.fixture
def own_server(influxd_program: Path, tmp_path: Path) -> Iterator[Influxd]:
    """A server that the test may kill."""
    with running_influxd(influxd_program, tmp_path / "influxd") as server:
        yield server


@pytest.fixture(scope="module")
def guarded(influxd_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxSettings]:
    """A server that asks for a user and password, with a database, an administrator and a user who may only write."""
    with running_influxd(influxd_program, tmp_path_factory.mktemp("guarded"), auth=True) as server:
        settings = InfluxSettings(url=server.url, database="energy", username="admin", password=SecretStr(PASSWORD))
        administrator = connect(settings)
        administrator.query(f"CREATE USER admin WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES")
        administrator.create()
        administrator.query(f"CREATE USER \"{WITHOUT_READ}\" WITH PASSWORD '{PASSWORD}'")
        administrator.query(f'GRANT WRITE ON "energy" TO "{WITHOUT_READ}"')
        administrator.query(f"CREATE USER \"nobody\" WITH PASSWORD '{PASSWORD}'")
        yield settings
        administrator.close()


@pytest.mark.parametrize(
    "words",
    [
        "unable to parse 'hourly_reading,metering_point=707057500000000018 energy_kwh=x': invalid number",
        'max-values-per-tag limit exceeded (3/2): tag="metering_point" value="707057500000000018" dropped=1',
    ],
    ids=["a line", "a tag"],
)
def test_what_a_server_quotes_of_a_metering_point_is_left_out(words: str) -> None:
    """These are words of a real 1.6.7; what it says is kept, and of whom it speaks is not."""
    reason = reason_of(msgspec.json.encode({"error": words}))

    assert "707057500000000018" not in reason
    assert "'...'" in reason
    assert reason.split("'...'")[0] in words


def test_acknowledged_lines_survive_a_kill(own_server: Influxd) -> None:
    """What the database has answered for is there after it was killed and started again."""
    database = connect(InfluxSettings(url=own_server.url, database="energy"))
    database.create()
    accepted = database.write(as_lines(hours(5000))).accepted

    own_server.kill()
    own_server.restart()

    assert len(stored(database)) == accepted == 5000
    database.close()


@pytest.mark.usefixtures("waits")
def test_server_that_goes_down(own_server: Influxd) -> None:
    """A server that is down is waited for and then left for later, by whatever is asked of it."""
    settings = InfluxSettings(url=own_server.url, database="energy")
    database = connect(settings)
    own_server.kill()

    with pytest.raises(TryLater, match="InfluxDB ping: no whole answer"):
        connect(settings)
    for action in EVERY_ACTION:
        with pytest.raises(TryLater, match=r"InfluxDB .*: no whole answer"):
            action(database)
    database.close()


def test_user_and_password(guarded: InfluxSettings) -> None:
    """With the right user everything works, from making the database to reading it back."""
    database = connect(guarded)

    database.write(as_lines(hours(10)))

    assert database.exists()
    assert len(stored(database)) == 10
    database.close()


@pytest.mark.parametrize(
    ("username", "password", "words"),
    [
        ("admin", "canary wrong", r"credential is refused \(401\)"),
        ("stranger", PASSWORD, r"credential is refused \(401\)"),
        (None, None, r"credential is refused \(401\)"),
        (WITHOUT_READ, PASSWORD, "does not allow this .* requires READ"),
        ("nobody", PASSWORD, "does not allow this .* not authorized"),
    ],
)
def test_refused_credential(
    guarded: InfluxSettings,
    username: str | None,
    password: str | None,
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Who is refused hears that the user or password must be renewed, with neither a password nor a meter's number."""
    caplog.set_level(logging.DEBUG)
    given = {**dict(guarded), "username": username, "password": SecretStr(password) if password else None}
    database = connect(InfluxSettings.model_validate(given))

    with pytest.raises(RenewCredential, match=words) as caught:
        database.query(f'SELECT * FROM "hourly_reading" WHERE "metering_point" = \'{POINT}\'')  # noqa: S608 - ours

    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r} {caplog.text}"
    assert "canary" not in shown
    assert POINT not in shown
    database.close()


def test_who_may_not_write(guarded: InfluxSettings) -> None:
    """A user who may only read is told so, and no line is called bad for it."""
    database = connect(InfluxSettings.model_validate({**dict(guarded), "username": "nobody"}))

    with pytest.raises(RenewCredential, match="does not allow this"):
        database.write(as_lines(hours(10)))
    database.close()


def test_nothing_secret_in_a_url() -> None:
    """User and password go in a header; statements, and so metering points, in the body."""
    ping = faults.status(204, X_Influxdb_Version="1.8.10")
    answers = (ping, faults.status(204), faults.answer(b'{"results":[{}]}'))
    with FaultServer(*answers) as server:
        database = connect(
            InfluxSettings(url=server.url, database="energy", username="anna", password=SecretStr(PASSWORD))
        )
        database.write(as_lines(hours(1)))
        database.delete("hourly_reading", tags={"metering_point": POINT})
        database.close()

    write, query = server.seen[1:]
    assert [seen.target for seen in server.seen] == ["/ping", "/write?db=energy&precision=s", "/query"]
    assert (write.headers["content-encoding"], query.method) == ("gzip", "POST")
    credential = f"Basic {b64encode(f'anna:{PASSWORD}'.encode()).decode()}"
    assert {seen.headers["authorization"] for seen in server.seen} == {credential}


@pytest.mark.parametrize(
    "body", [b"<html>Welcome</html>", b'{"results": 3}', b"{}", b"", b'{"results":[{"partial":true}]}']
)
@pytest.mark.usefixtures("waits")
def test_answer_that_is_not_influxql(body: bytes) -> None:
    """An answer of another kind, or without its last piece, is an error and not an empty database."""
    with FaultServer(faults.status(204, X_Influxdb_Version="1.8.10"), faults.answer(body)) as server:
        database = connect(InfluxSettings(url=server.url, database="energy"))

        with pytest.raises(OutsideError, match="cannot be read"):
            database.query("SHOW DATABASES")
        database.close()


def test_a_deletion_on_2x_by_the_api_of_1x() -> None:
    """2.x answers `{}` to a statement that returns nothing: that is done, and asked once. A failure is one."""
    said = (b"{}\n", b'{"results":[{"statement_id":0,"error":"insufficient permissions"}]}')
    ping = faults.status(204, X_Influxdb_Version="v2.7.12")
    with FaultServer(ping, *(faults.answer(body) for body in said)) as server:
        database = connect(InfluxSettings(url=server.url, database="energy"))

        database.delete("hourly_reading", tags={"metering_point": POINT})
        with pytest.raises(RenewCredential, match="insufficient permissions"):
            database.delete("hourly_reading", tags={"metering_point": POINT})
        database.close()

    assert len(server.seen) == 3


def test_a_database_on_2x_by_the_api_of_1x() -> None:
    """2.x makes no bucket by that API, and the words say which settings it takes."""
    missing = (
        b'{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["other"]]}]}]}'
    )
    unmapped = faults.answer(b'{"code":"not found","message":"no dbrp mapping found"}', 404)
    with FaultServer(faults.status(204, X_Influxdb_Version="v2.7.12"), faults.answer(missing), unmapped) as server:
        database = connect(InfluxSettings(url=server.url, database="energy"))

        with pytest.raises(NotConfigured, match="`org`, `bucket` and `token`"):
            database.create()
        with pytest.raises(DatabaseMissing):
            database.write(as_lines(hours(1)))
        database.close()


def test_body_that_is_too_large_is_halved() -> None:
    """A proxy that takes small bodies only (413) gets small bodies."""
    ping, small = faults.status(204, X_Influxdb_Version="1.8.10"), faults.status(204)
    with FaultServer(ping, faults.status(413), faults.status(413), small) as server:
        database = connect(InfluxSettings(url=server.url, database="energy"))

        written = database.write(as_lines(hours(8)))
        database.close()

    assert (written.accepted, written.refused) == (8, ())
    # The ping, the whole, its first half, and what that was cut into; then the second half.
    assert len(server.seen) == 6
