"""`doctor`: each line is ok, or says what to do; no secret is ever printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import stamina
import time_machine

from connectors.influxdb.database import connect
from pipelines.settings import load
from pipelines.store.shown import note_shown
from pipelines.store.state import State
from sandbox import households
from sandbox.faults import Fault, FaultKind
from sandbox.world import Token
from schemas.time import DAY, utc_now
from tests.commands.conftest import HOME, PLUS
from tests.support.real_influx2 import NOT_THERE

if TYPE_CHECKING:
    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings
    from sandbox.serve import Sandbox
    from tests.commands.conftest import Ended, Installation


def fixes(ended: Ended) -> list[str]:
    """Return what is to be done; every line is either that or ok."""
    lines = ended.out.splitlines()
    assert [line for line in lines if not line.startswith(("ok   ", "fix  "))] == []
    found = [line.removeprefix("fix  ") for line in lines if line.startswith("fix")]
    assert ended.code == (1 if found else 0)
    assert "sandbox-" not in ended.text  # the tokens
    return found


def test_all_is_ok(connected: Installation) -> None:
    """With good credentials and no database every line is ok, and says what was found."""
    ended = connected.run("doctor")

    assert fixes(ended) == []
    assert f"ok   elvia/home: covers 1 metering point: {HOME}" in ended.out
    assert f"ok   elvia/plus: covers 1 metering point: {PLUS}" in ended.out
    assert "ok   InfluxDB: No InfluxDB configured: the store alone is kept." in ended.out


def test_it_costs_one_call_a_connection_and_no_reading(connected: Installation, sandbox: Sandbox) -> None:
    """Only the newest day is asked for, and nothing of it is stored."""
    connected.run("doctor")

    assert len(sandbox.world.calls) == 2
    assert [path for path in connected.files() if path.endswith(".parquet")] == []


def test_a_refused_or_missing_token_says_where_to_give_one(connected: Installation, sandbox: Sandbox) -> None:
    """A deleted token and one that was never given are told apart, each with its variable."""
    sandbox.world.tokens["sandbox-home"].deleted = True
    connected.environ.delenv("WATTLINE_CONNECTIONS__PLUS__TOKEN")

    home, plus = fixes(connected.run("doctor"))

    assert home.startswith("elvia/home: elvia metervalues: the credential is refused (401).")
    assert "WATTLINE_CONNECTIONS__HOME__TOKEN" in home
    assert plus.startswith("elvia/plus: connections.plus.token: is missing;")


def test_an_operator_that_is_away_is_named(connected: Installation, sandbox: Sandbox) -> None:
    """A service that asks for patience is not the user's to mend; until then it is not asked again."""
    fault = Fault(kind=FaultKind.STATUS, status=503, retry_after=7200, token="sandbox-home")
    sandbox.world.faults.add(fault)
    connected.run("sync", "--connection", "home")
    calls = len(sandbox.world.calls)

    (home,) = fixes(connected.run("doctor"))

    assert re.search(r"^elvia/home: is not asked before \d{4}-\d\d-\d\d \d\d:\d\d UTC", home)
    assert len(sandbox.world.calls) == calls + 1  # the other connection's


def test_a_listed_metering_point_that_is_not_covered(connected: Installation, sandbox: Sandbox) -> None:
    """An id that the token does not open is told, whether the operator refuses it or leaves it out."""
    connected.give(CONNECTIONS__HOME__METERING_POINTS=f'["{HOME}", "{PLUS}"]')

    (refused,) = fixes(connected.run("doctor"))
    sandbox.world.foreign_point_status = 200
    (left_out,) = fixes(connected.run("doctor"))

    assert "It may list a metering point that its credential does not cover" in refused
    assert left_out.startswith(f"elvia/home: there is no answer for {PLUS}")


def test_a_metering_point_that_two_connections_claim(connected: Installation, sandbox: Sandbox) -> None:
    """Both connections are named, by what they cover now or by what they answered for earlier."""
    sandbox.world.tokens["sandbox-plus"] = Token((HOME, PLUS))

    (claimed,) = fixes(connected.run("doctor"))

    assert f"connections.home and connections.plus both claim {HOME}" in claimed
    connected.run("sync")
    sandbox.world.tokens["sandbox-plus"] = Token((PLUS,))
    assert any("both claim" in line for line in fixes(connected.run("doctor")))


def test_a_fleet_is_told_in_a_line(connected: Installation, sandbox: Sandbox) -> None:
    """Many metering points are counted, and only the first are shown."""
    sandbox.world.admit("sandbox-home", households.fleet(30))

    ended = connected.run("doctor")

    assert re.search(r"^ok   elvia/home: covers 30 metering points: (\d{18}, ){5}\.\.\.$", ended.out, re.MULTILINE)


def test_doubtful_settings_are_told(connected: Installation) -> None:
    """An unknown variable and a secret's file that others can read are named, with the fix."""
    secret = Path("secrets", "connections__home__token")
    secret.parent.mkdir()
    secret.write_text("sandbox-home")
    secret.chmod(0o644)
    connected.give(SINC__REREAD_DAYS="3")

    found = fixes(connected.run("doctor"))

    assert any("chmod 600" in line for line in found)
    assert any(
        "WATTLINE_SINC__REREAD_DAYS: means nothing; did you mean WATTLINE_SYNC__REREAD_DAYS?" in line for line in found
    )


def test_what_the_machine_lacks_is_told(connected: Installation) -> None:
    """Too little room, a clock in the past and a Dagster home that is none each get their line."""
    connected.run("backfill", "--from", str(utc_now().year - 1), "--connection", "home")
    connected.give(STORE__MIN_FREE_MB="10000000")
    connected.environ.setenv("DAGSTER_HOME", "relative")

    with time_machine.travel(utc_now() - 30 * DAY):
        found = fixes(connected.run("doctor"))

    assert [line.split(":")[0] for line in found] == ["disk", "clock", "Dagster's home"]
    assert "store.min_free_mb = 10,000,000" in found[0]
    assert "set the clock" in found[1]


@pytest.mark.parametrize(("home", "words"), [("there", None), ("missing", "make it"), ("/proc", "can be written")])
def test_dagsters_home_must_be_fit_for_it(connected: Installation, home: str, words: str | None) -> None:
    """`DAGSTER_HOME` may be anywhere, where it is a folder that can be written to."""
    Path("there").mkdir()
    connected.environ.setenv("DAGSTER_HOME", str(connected.folder / home))

    found = fixes(connected.run("doctor"))

    assert len(found) == (words is not None)
    assert all(line.startswith("Dagster's home") and words in line for line in found if words)


def test_a_token_that_covers_nothing_is_told(connected: Installation, sandbox: Sandbox) -> None:
    """A good token without a metering point is no success."""
    sandbox.world.tokens["sandbox-home"] = Token(())

    (found,) = fixes(connected.run("doctor"))

    assert found.startswith("elvia/home: the credential is good and covers no metering point")


def test_the_database_is_created_and_probed(connected: Installation, influx_settings: InfluxSettings) -> None:
    """A missing database is told, made by `--create`, and by `--probe` written to, read and left as it was."""
    connected.load_into(influx_settings)

    missing = fixes(connected.run("doctor"))
    created = connected.run("doctor", "--create", "--probe")

    assert len(missing) == 1
    assert "run `wattline doctor --create`" in missing[0]
    assert fixes(created) == []
    assert re.search(r"version [12]\.\d+\.\d+ answers", created.out)
    assert ": created" in created.out
    assert "a point was written, read and deleted" in created.out
    database = connect(influx_settings)
    assert database.query('SELECT * FROM "wattline_probe"') == []
    database.close()
    assert ": created" not in connected.run("doctor", "--create").out


@NOT_THERE
def test_a_short_retention_is_told(
    connected: Installation, database: Database, influx_settings: InfluxSettings
) -> None:
    """A database that drops what the operators still serve is told, by its settings and by the probe."""
    connected.load_into(influx_settings)
    database.query(f'ALTER RETENTION POLICY "autogen" ON "{influx_settings.database}" DURATION 400d')

    told, refused = fixes(connected.run("doctor", "--probe"))

    assert "keeps points for 400 days" in told
    assert "DURATION INF" in told
    assert "refuses a point" in refused


def test_a_server_that_is_not_influxdb_is_written_to_only(connected: Installation, victoria_metrics: str) -> None:
    """VictoriaMetrics takes the point; that it cannot be read back or deleted is told, and is no fault."""
    connected.give(
        INFLUXDB__URL=victoria_metrics,
        INFLUXDB__ORG="o",
        INFLUXDB__BUCKET="b",
        INFLUXDB__TOKEN="t",
    )

    ended = connected.run("doctor", "--probe")

    assert fixes(ended) == []
    assert "it is written to, and never read back" in ended.out
    assert "it cannot be read back and stays" in ended.out


def test_a_server_that_is_down_is_named(connected: Installation) -> None:
    """No server at the URL is the user's to look at."""
    connected.give(INFLUXDB__URL="http://127.0.0.1:9", INFLUXDB__DATABASE="x")

    with stamina.set_testing(True, attempts=1):
        (down,) = fixes(connected.run("doctor"))

    assert "see that the server runs, and that influxdb.url leads to it" in down


def test_a_connection_that_dagster_does_not_show_yet(connected: Installation) -> None:
    """While a Dagster runs that loaded fewer connections, they are named with what to do; else nothing is said."""
    state = State(load().data_dir)
    note_shown(state, ["home"], utc_now())
    (missing,) = fixes(connected.run("doctor"))
    assert re.fullmatch(r"Dagster: not shown as of \d\d:\d\d UTC: plus; press Reload in the UI, .*", missing)

    note_shown(state, ["home", "plus"], utc_now())
    assert "ok   Dagster: shows every connection" in connected.run("doctor").out

    note_shown(state, ["home"], utc_now() - DAY)
    ended = connected.run("doctor")
    assert fixes(ended) == []
    assert "Dagster: " not in ended.out
