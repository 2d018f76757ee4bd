"""`forget`: what is forgotten is gone everywhere, what is another's stays, and nothing brings it back."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
import stamina
import zstandard

from connectors.influxdb.settings import InfluxSettings
from sandbox.faults import Fault, FaultKind
from sandbox.households import metering_point_id
from sandbox.influxd import running_influxd
from sandbox.plans import hour_of
from schemas.time import DAY, floor_hour, utc_now
from tests.commands.conftest import HOME, PLUS

if TYPE_CHECKING:
    from connectors.influxdb.base import Database
    from sandbox.serve import Sandbox
    from tests.commands.conftest import Installation

ODD = floor_hour(utc_now()) - 3 * DAY
"""The start of an hour that comes in a wrong unit."""
LATELY = ("--from", str(ODD.year))


def _take_out(installation: Installation, name: str) -> None:
    """Take a connection out of the settings."""
    for key in ("SOURCE", "BASE_URL", "TOKEN"):
        installation.environ.delenv(f"WATTLINE_CONNECTIONS__{name.upper()}__{key}")


def _points_of(database: Database, metering_point: str) -> set[str]:
    """Return the measurements that still know the metering point."""
    # Not by the tag's values: the index of 2.x goes on listing those that no series has any more.
    keys = [str(key) for series in database.query("SHOW SERIES") for (key,) in series.rows]
    return {key.partition(",")[0] for key in keys if metering_point in key}


def _files_with(text: str) -> list[str]:
    """Return every file of the data folder that has this text in it, Parquet files and raw answers unpacked."""
    found = []
    for path in Path("data").rglob("*"):
        if path.is_file() and "dagster" not in path.parts:
            if path.suffix == ".parquet":
                content = repr(pl.read_parquet(path).rows()).encode()
            elif path.suffix == ".zst":
                content = zstandard.ZstdDecompressor().decompress(path.read_bytes())
            else:
                content = path.read_bytes()
            found += [str(path)] if text.encode() in content else []
    return found


@pytest.fixture
def filled(
    connected: Installation, sandbox: Sandbox, influx_settings: InfluxSettings, database: Database
) -> Installation:
    """Return an installation with two households in the store and in a database, and quarantined rows of both."""
    assert database.exists()
    connected.load_into(influx_settings)
    sandbox.world.faults.add(Fault(kind=FaultKind.WRONG_UNIT, window=hour_of(ODD)))
    assert connected.run("backfill", *LATELY).code == 1
    assert _files_with(HOME)
    assert _points_of(database, HOME) >= {"hourly_reading", "local_day", "local_month", "monthly_max_hour"}
    return connected


def test_a_removed_connection_leaves_nothing(filled: Installation, database: Database) -> None:
    """No file, no point and no row of the state names it any more; the other household has all that it had."""
    before = {path: pl.read_parquet(path) for path in Path("data/store/elvia/readings").iterdir()}
    assert filled.run("report").code == 0
    assert "data/report/index.html" in _files_with(HOME)
    # What stands in the settings would come back.
    refused = filled.run("forget", "--connection", "home")
    assert refused.code == 2
    assert "take [connections.home] and its secret out first" in refused.err
    assert _files_with(HOME)
    _take_out(filled, "home")

    ended = filled.run("forget", "--connection", "home")

    assert ended.code == 0
    left = re.findall(r"^(.+): ([\d,]+) erased, ([\d,]+) left$", ended.out, re.MULTILINE)
    assert {place.split(": ")[-1] for place, *_ in left} >= {
        *("raw answers", "store, readings", "report", "quarantine", "Dagster"),
    }
    assert {number for *_, number in left} == {"0"}
    assert _files_with(HOME) == []
    assert not list(Path("data").rglob("*home*"))
    assert _points_of(database, HOME) == set()
    with closing(sqlite3.connect("data/state.sqlite")) as state:
        assert not [line for line in state.iterdump() if "'home'" in line]
    for path, rows in before.items():
        assert pl.read_parquet(path).equals(rows.filter(pl.col("metering_point") != HOME))

    # What is left is whole: nothing is asked or sent anew, and the database is what the store is.
    again = filled.run("sync")
    assert "DIFFERS" not in again.text
    assert filled.run("forget", "--connection", "home").out.startswith("Nothing of it is here")


def test_a_metering_point_leaves_its_connection_the_others(
    installation: Installation, sandbox: Sandbox, influx_settings: InfluxSettings, database: Database
) -> None:
    """One of two metering points under a token goes, once it is taken out of the list; the other one stays."""
    assert database.exists()
    token = sandbox.world.tokens["sandbox-plus"]
    token.metering_points = (HOME, PLUS)
    installation.connect("plus", sandbox)
    installation.load_into(influx_settings)
    installation.run("backfill", *LATELY)

    refused = installation.run("forget", "--metering-point", HOME)
    assert refused.code == 2
    assert "connection plus asks for it" in refused.err
    assert _files_with(HOME)

    installation.give(CONNECTIONS__PLUS__METERING_POINTS=f'["{PLUS}"]')
    ended = installation.run("forget", "--metering-point", HOME)
    assert ended.code == 0
    assert _files_with(HOME) == []
    assert _points_of(database, HOME) == set()
    assert _points_of(database, PLUS) != set()
    installation.run("sync")
    assert _files_with(HOME) == []


def test_a_database_that_the_settings_left_is_told_of(filled: Installation, database: Database) -> None:
    """Where it was loaded once and the settings do not lead any more is named, with 1; the rest is erased."""
    _take_out(filled, "home")
    filled.give(INFLUXDB__URL="http://127.0.0.1:9")

    ended = filled.run("forget", "--connection", "home")

    assert ended.code == 1
    assert "NOT ERASED: the settings do not lead there any more: erase it by hand" in ended.out
    assert _files_with(HOME) == []
    assert _points_of(database, HOME) != set()


def test_a_database_that_does_not_answer_stops_it(
    connected: Installation, influxd_program: Path, tmp_path: Path
) -> None:
    """Nothing is erased while the database is away, so that all of it can be erased later."""
    with running_influxd(influxd_program, tmp_path / "influxd") as server:
        connected.load_into(InfluxSettings(url=server.url, database="energy"))
        connected.run("doctor", "--create")
        connected.run("backfill", *LATELY)
    _take_out(connected, "home")

    with stamina.set_testing(True):
        ended = connected.run("forget", "--connection", "home")

    assert ended.code == 1
    assert "no whole answer" in ended.err
    assert _files_with(HOME)


@pytest.mark.parametrize("arguments", [(), ("--connection", "home", "--metering-point", HOME)], ids=["nothing", "both"])
def test_one_of_the_two_is_named(connected: Installation, arguments: tuple[str, ...]) -> None:
    """Without saying what, or with both, nothing is done, and the message names the options."""
    ended = connected.run("forget", *arguments)

    assert ended.code == 2
    assert "--connection N, or --metering-point ID" in ended.err


def test_what_was_never_here_is_no_failure(connected: Installation) -> None:
    """An unknown metering point or connection is said to be unknown."""
    assert connected.run("forget", "--metering-point", metering_point_id(99)).out.startswith("Nothing of it is here")
    assert connected.run("forget", "--connection", "cabin").out.startswith("Nothing of it is here")
