"""`status`: every register's state, what is wrong with a connection, and who must act."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox import households
from sandbox.faults import Fault, FaultKind
from sandbox.plans import Absence, hour_of
from schemas.time import DAY, HOUR, Window, floor_hour, utc_now
from tests.commands.conftest import HOME, PLUS

if TYPE_CHECKING:
    from sandbox.serve import Sandbox
    from tests.commands.conftest import Installation

LATELY = ("--from", str(utc_now().year - 1))


def as_json(installation: Installation, code: int = 0) -> dict[str, Any]:
    """Return what `status --json` tells, once it has ended with this code."""
    ended = installation.run("status", "--json")
    assert ended.code == code
    document = json.loads(ended.out)
    assert isinstance(document, dict)
    return document


def test_it_works_before_the_first_run(connected: Installation) -> None:
    """Nothing has arrived and nothing failed: each connection says what to run, and the exit code is 0."""
    ended = connected.run("status")

    assert ended.code == 0
    assert ended.out.splitlines() == [
        "elvia/home: never asked; run `wattline backfill`",
        "elvia/plus: never asked; run `wattline backfill`",
    ]
    assert as_json(connected)["series"] == []


def test_a_row_for_every_register(connected: Installation) -> None:
    """The table has each metering point, by its name where it has one, with its registers and their numbers."""
    connected.give(NAMES=json.dumps({HOME: "Hytta"}))
    connected.run("backfill", *LATELY)

    ended = connected.run("status")

    assert ended.code == 0
    head, *rows = [re.split(r"\s{2,}", line) for line in ended.out.splitlines()[:4]]
    assert head[:3] == ["connection", "metering point", "register"]
    assert [row[:3] for row in rows] == [
        ["elvia/home", "Hytta", "consumption"],
        ["elvia/plus", PLUS, "consumption"],
        ["elvia/plus", PLUS, "production"],
    ]
    assert {row[6] for row in rows} == {"100.0 %"}
    assert "elvia/home: well, last good run" in ended.out
    assert "No InfluxDB configured: the store alone is kept." in ended.err


def test_the_json_is_the_same_in_machine_words(connected: Installation) -> None:
    """`--json` is one object on standard output: instants in UTC, ids and names, and nothing else beside it."""
    connected.give(NAMES=json.dumps({HOME: "Hytta"}))
    connected.run("backfill", *LATELY, "--connection", "home")

    told = as_json(connected)

    (series,) = told["series"]
    assert (series["metering_point"], series["name"], series["register"]) == (HOME, "Hytta", "consumption")
    hours = datetime.fromisoformat(series["last_start"]) - datetime.fromisoformat(series["first_start"]) + HOUR
    assert timedelta(hours=series["readings"]) == hours
    assert told["ok"] is True
    assert told["influxdb"] is None
    assert [connection["last_contact"] is None for connection in told["connections"]] == [False, True]


def test_holes_are_named_and_are_no_failure(connected: Installation, sandbox: Sandbox) -> None:
    """Hours that the operator does not serve are missing, by their local day; nobody has to act."""
    start = floor_hour(utc_now()) - 5 * DAY
    window = Window(start, start + HOUR)
    sandbox.world.absences.append(Absence(metering_point=HOME, window=window))
    connected.run("backfill", *LATELY, "--connection", "home")

    ended = connected.run("status")
    (series,) = as_json(connected)["series"]

    assert ended.code == 0
    assert re.search(rf"  {HOME} consumption: 1 interval missing \(\d{{4}}-\d\d-\d\d: 1 missing\)", ended.out)
    assert series["missing"] == 1
    # Never rounded up to all of it.
    assert "100.0 %" not in ended.out


def test_quarantined_rows_are_named(connected: Installation, sandbox: Sandbox) -> None:
    """A row that breaks a rule is told with its metering point, register, time and rule; exit 1 until it is gone."""
    hour = hour_of(floor_hour(utc_now()) - 10 * DAY)
    sandbox.world.faults.add(Fault(kind=FaultKind.WRONG_UNIT, token="sandbox-home", window=hour))
    connected.run("backfill", *LATELY, "--connection", "home")

    ended = connected.run("status")
    told = as_json(connected, code=1)

    assert ended.code == 1
    assert "QUARANTINED 1 row: unit_is_the_registers" in ended.out
    assert f"{HOME} consumption {hour.start:%Y-%m-%d %H:%M}" in ended.out
    assert told["connections"][0]["quarantined"] == {"unit_is_the_registers": 1}
    assert told["series"][0]["quarantined"] == 1

    sandbox.world.faults.clear()
    connected.run("backfill", *LATELY, "--connection", "home", "--refetch")
    assert connected.run("status").code == 0


def test_what_the_operator_leaves_open_is_told(installation: Installation, sandbox: Sandbox) -> None:
    """A mark of final values that says nothing, and rows without a value, are told and are no failure."""
    household = households.innlandet()
    sandbox.world.admit("sandbox-innlandet", [household])
    hour = hour_of(floor_hour(utc_now()) - 10 * DAY)
    sandbox.world.faults.add(Fault(kind=FaultKind.NULL_VALUE, window=hour))
    installation.connect("innlandet", sandbox)
    installation.run("backfill", *LATELY)

    ended = installation.run("status")

    assert ended.code == 0
    assert f"{household.metering_point}: the operator's mark of a final value is mute: no hour of the" in ended.out
    assert "1 row without a value in the last run: missing, not zero" in ended.out


def test_a_failure_says_who_must_act(connected: Installation, sandbox: Sandbox) -> None:
    """A refused token is told with when, why and what to do; exit 1; the other connection is well."""
    connected.run("backfill", *LATELY)
    sandbox.world.tokens["sandbox-plus"].deleted = True
    connected.run("backfill", *LATELY, "--refetch")

    ended = connected.run("status")

    assert ended.code == 1
    assert "elvia/home: well" in ended.out
    assert re.search(
        r"^elvia/plus: FAILED on .*, last good run .*: .*\(401\)\. You must act: ", ended.out, re.MULTILINE
    )
    assert "WATTLINE_CONNECTIONS__PLUS__TOKEN" in ended.out
    assert as_json(connected, code=1)["connections"][1]["cause"] == "renew_credential"


def test_damaged_files_are_told_of(connected: Installation) -> None:
    """A month's file, or the state, that is not what was written there ends a command in words that name it."""
    connected.run("backfill", *LATELY)
    summary = next(Path("data/store/elvia/days").iterdir())
    summary.write_bytes(b"no Parquet")
    assert connected.run("status").code == 0, "a summary holds nothing of its own"

    month = next(Path("data/store/elvia/readings").iterdir())
    whole = month.read_bytes()
    month.write_bytes(b"no Parquet")
    ended = connected.run("status")
    assert (ended.code, "Traceback" in ended.err) == (1, False)
    assert f"{month.name} is damaged: it is no Parquet file. Put it back from a backup" in ended.err

    month.write_bytes(whole)
    state = Path("data/state.sqlite")
    state.write_bytes(b"no database, but long enough to be read as if it were one" * 100)
    ended = connected.run("status")
    assert (ended.code, "Traceback" in ended.err) == (1, False)
    assert "state.sqlite is damaged: remove it." in ended.err
    state.unlink()
    assert connected.run("status").code == 0
