"""`backfill` and `sync`: what they ask, what they say, and what they exit with."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg
import pytest
import time_machine

from connectors.influxdb.database import connect
from pipelines import launch
from pipelines.settings import load
from pipelines.store.lock import writing
from sandbox.faults import Fault, FaultKind
from sandbox.plans import Correction, hour_of
from schemas.time import DAY, floor_hour, utc_now
from tests.commands.conftest import HOME

if TYPE_CHECKING:
    from connectors.influxdb.settings import InfluxSettings
    from sandbox.serve import Sandbox
    from tests.commands.conftest import Installation

YEARS = [str(utc_now().year - age) for age in range(4)]
NEWEST = ("--from", YEARS[0])
LATELY = ("--from", YEARS[1])
"""Holds the last weeks, in January too."""


def test_a_backfill_tells_what_it_did_and_a_second_has_nothing_to_ask(connected: Installation) -> None:
    """The first run names each connection's calls and rows; the second makes no call, and says so."""
    first = connected.run("backfill")
    second = connected.run("backfill")

    assert first.code == second.code == 0
    assert re.search(
        r"^elvia/home: \d+ calls, 26,\d+ rows: 26,\d+ new, 0 corrected, 0 confirmed$", first.out, re.MULTILINE
    )
    assert re.search(
        r"^elvia/plus: \d+ calls, 52,\d+ rows: 52,\d+ new, 0 corrected, 0 confirmed$", first.out, re.MULTILINE
    )
    assert second.out.splitlines() == ["elvia/home: nothing to ask", "elvia/plus: nothing to ask"]
    assert "No InfluxDB configured: the store alone is kept." in first.err


def test_progress_is_plain_lines_where_there_is_no_terminal(connected: Installation) -> None:
    """Each answer and each year is told on standard error, without control characters or metering points."""
    ended = connected.run("backfill", "--connection", "home", "--from", YEARS[1])

    lines = ended.err.splitlines()
    assert [line for line in lines if line.endswith("is done")] == [f"elvia: {year} is done" for year in YEARS[:2]]
    assert sum(line.startswith("elvia/home: readings ") for line in lines) == 3
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f]", ended.text) is None
    assert HOME not in ended.text


def test_years_and_connections_are_chosen(connected: Installation, sandbox: Sandbox) -> None:
    """`--from`, `--to` and `--connection` keep the others unasked."""
    ended = connected.run("backfill", "--from", YEARS[2], "--to", YEARS[1], "--connection", "plus")

    assert ended.code == 0
    assert "elvia/home" not in ended.text
    assert {call.token for call in sandbox.world.calls} == {"sandbox-plus"}
    starts = {call.window.start.year for call in sandbox.world.calls if call.window and "metervalues" in call.path}
    assert int(YEARS[3]) - 1 not in starts


def test_refetch_asks_again_and_finds_nothing_new(connected: Installation) -> None:
    """`--refetch` asks for what is known, and nothing changes where nothing changed."""
    connected.run("backfill", *NEWEST, "--connection", "home")

    ended = connected.run("backfill", *NEWEST, "--connection", "home", "--refetch")

    assert ended.code == 0
    assert re.search(r"^elvia/home: \d+ calls, [\d,]+ rows: 0 new, 0 corrected, 0 confirmed$", ended.out, re.MULTILINE)


def test_a_dead_token_fails_its_own_connection_and_says_what_to_do(connected: Installation, sandbox: Sandbox) -> None:
    """The other connection completes; exit 1; the next run does not ask again, and still exits with 1."""
    sandbox.world.tokens["sandbox-plus"].deleted = True

    first = connected.run("backfill", *NEWEST)
    second = connected.run("sync")

    assert first.code == second.code == 1
    assert re.search(r"^elvia/home: \d+ calls, [\d,]+ rows: [1-9]", first.out, re.MULTILINE)
    (failure,) = [line for line in first.out.splitlines() if "FAILED" in line]
    assert failure.startswith("elvia/plus: FAILED: elvia metervalues: the credential is refused (401). You must act:")
    assert "WATTLINE_CONNECTIONS__PLUS__TOKEN" in failure
    assert "as an earlier run found; it was not asked again" in second.out
    assert sum(call.status == 401 for call in sandbox.world.calls) == 1


def test_a_newly_quarantined_row_is_a_failure_once(connected: Installation, sandbox: Sandbox) -> None:
    """A row that breaks a rule ends the run with 1, by rule; a run that finds nothing new in quarantine with 0."""
    hour = hour_of(floor_hour(utc_now()) - 10 * DAY)
    sandbox.world.faults.add(Fault(kind=FaultKind.WRONG_UNIT, token="sandbox-home", window=hour))

    first = connected.run("backfill", *LATELY, "--connection", "home")
    second = connected.run("backfill", *LATELY, "--connection", "home", "--refetch")

    assert first.code == 1
    assert "elvia/home: QUARANTINED 1 row (unit_is_the_registers: 1); `wattline status` names them" in first.out
    assert second.code == 0


def test_an_announced_wait_is_told(connected: Installation, sandbox: Sandbox) -> None:
    """Where the operator asks for patience, the words say until when, and that nobody has to act."""
    sandbox.world.faults.add(Fault(kind=FaultKind.STATUS, status=429, retry_after=7200, token="sandbox-home"))

    ended = connected.run("sync", "--connection", "home")

    assert ended.code == 1
    assert re.search(r"elvia/home: FAILED: .*Not before \d{4}-\d\d-\d\d \d\d:\d\d UTC\. Nobody has to act", ended.out)


def test_a_sync_brings_a_correction(connected: Installation, sandbox: Sandbox) -> None:
    """An hour that the operator corrects is read again two hours later, by the command that cron runs."""
    connected.run("backfill", *LATELY, "--connection", "home")
    now = utc_now()
    hour = hour_of(floor_hour(now) - 3 * DAY)
    correction = Correction(metering_point=HOME, register="consumption", window=hour, shows=now, quantity=9.5)
    sandbox.world.corrections.append(correction)

    with time_machine.travel(now + timedelta(hours=2)):
        ended = connected.run("sync", "--connection", "home")

    assert ended.code == 0
    assert re.search(r"^elvia/home: \d+ calls, .*: [\d,]+ new, 1 corrected, \d+ confirmed$", ended.out, re.MULTILINE)


def test_what_the_database_took_is_told(connected: Installation, influx_settings: InfluxSettings) -> None:
    """With a database the summary tells the lines sent and accepted, and that the months read back are equal."""
    connected.load_into(influx_settings)
    database = connect(influx_settings)
    database.create()
    database.close()

    ended = connected.run("backfill", *NEWEST, "--connection", "home")

    assert ended.code == 0
    sent = re.search(r"^elvia/home: ([\d,]+) lines sent to .*, ([\d,]+) accepted$", ended.out, re.MULTILINE)
    assert sent is not None
    assert sent[1] == sent[2]
    assert re.search(r"\d+ months? of elvia read back, equal to the store$", ended.out, re.MULTILINE)
    assert "store alone" not in ended.text


def test_a_missing_database_fails_the_run_and_keeps_the_readings(
    connected: Installation, influx_settings: InfluxSettings
) -> None:
    """The store is filled all the same; the words name `wattline doctor --create`."""
    connected.load_into(influx_settings)

    ended = connected.run("backfill", *NEWEST, "--connection", "home")

    assert ended.code == 1
    assert re.search(r"^elvia/home: \d+ calls, .* [1-9][\d,]* new,", ended.out, re.MULTILINE)
    assert "FAILED: InfluxDB has no database or bucket" in ended.out
    assert "wattline doctor --create" in ended.out


def test_runs_show_in_dagster(connected: Installation) -> None:
    """A command's runs are recorded where the UI looks for them: one a year, and the summary."""
    connected.run("backfill", "--from", YEARS[1], "--connection", "home")

    with launch.instance(load()) as instance:
        runs = instance.get_runs()
        years = sorted(run.tags["dagster/partition"] for run in runs if "dagster/partition" in run.tags)
        materialized = instance.get_materialized_partitions(dg.AssetKey(["elvia", "home", "readings"]))
    assert years == sorted(YEARS[:2])
    assert materialized == set(YEARS[:2])


@pytest.mark.parametrize("command", [["backfill", *NEWEST], ["sync"]])
def test_a_busy_store_names_its_holder(connected: Installation, command: list[str]) -> None:
    """Where another process writes, the command gives up after `lock_wait_s` with 1."""
    connected.give(STORE__LOCK_WAIT_S="0")

    with writing(connected.folder / "data" / "locks", "elvia", wait_s=0):
        ended = connected.run(*command)

    assert ended.code == 1
    assert re.search(r"^process \d+ is writing to the store of elvia", ended.err, re.MULTILINE)
