"""With nothing but Dagster's daemon running: what an owner grants is in the database, without a command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from connectors.http import Http
from connectors.leneda.source import LENEDA
from pipelines.dagster_home import dagster_home
from pipelines.settings import load
from sandbox.leneda import truth
from schemas.time import Window, utc_now
from tests.access.community import ASKER, KEY, OWNER, OWNER_NAME, THEIRS, Community
from tests.support.searching import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings
    from sandbox.serve import Sandbox
    from tests.commands.conftest import Installation

ROOT: Final = Path(__file__).parents[2]
PATIENCE_S: Final = 420
"""Four years and a summary are five runs, each in a process that loads Dagster first."""


@pytest.fixture
def community(installation: Installation, sandbox: Sandbox) -> Community:
    """Somebody who asks by the machine's own clock; the neighbour has been there for ever."""
    community = Community(installation, sandbox, days=5 * 365)
    community.set("history_years", 3)
    community.installation.give(ACCESS__CHECK_EVERY_S="5")
    return community


@contextmanager
def running_daemon(folder: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run Dagster's daemon by the settings in the environment; it starts the code server that it needs."""
    program = Path(sys.executable).with_name("dagster-daemon")
    command = [str(program), "run", "-w", str(ROOT / "workspace.yaml")]
    environ = os.environ | {"DAGSTER_HOME": str(folder), "WATTLINE_DATA_DIR": str(load().data_dir)}
    with (
        log.open("wb") as file,
        subprocess.Popen(command, stdout=file, stderr=file, env=environ, start_new_session=True) as process,
    ):
        try:
            yield process
        finally:
            # Its children, too: the code server, and a run on its way.
            os.killpg(process.pid, signal.SIGKILL)


def decide(sandbox: Sandbox, decision: str) -> None:
    """Let the owner decide, by the sandbox's control API."""
    order = {"decision": decision, "metering_point": THEIRS, "register": "consumption", "asker": ASKER}
    with Http(sandbox.url, service="sandbox") as http:
        http.request(
            "POST", "/control/leneda/access", endpoint="access", content=json.dumps(order).encode(), decode=bytes
        )


def quarters(database: Database) -> pl.DataFrame:
    """Return the quarter-hours of the metering point that are in the database: `start`, `energy_kwh`."""
    statement = f'SELECT "energy_kwh" FROM "quarter_hour_reading" WHERE "metering_point" = \'{THEIRS}\''  # noqa: S608
    rows = [row for series in database.query(statement) for row in series.rows]
    frame = pl.DataFrame(rows, schema={"start": pl.Int64, "quantity": pl.Float64}, orient="row")
    return frame.with_columns(
        start=pl.from_epoch("start", "s").dt.replace_time_zone("UTC").cast(pl.Datetime("us", "UTC"))
    )


@pytest.mark.timeout(PATIENCE_S + 60)
def test_a_grant_leads_to_three_years_in_the_database(
    community: Community, influx_settings: InfluxSettings, database: Database, tmp_path: Path
) -> None:
    """Asked for, granted, fetched, loaded; and Dagster's storage and log name neither owner, key nor metering point."""
    community.installation.load_into(influx_settings)
    assert community.request().code == 0
    home, log = dagster_home(load()), tmp_path / "daemon.log"
    since = utc_now()
    window = Window(LENEDA.history_start(next(iter(LENEDA.feeds)), since), LENEDA.published_until(since))
    served = truth.served(community.sandbox.world, THEIRS, "consumption", window, since)
    wanted = served.select("start", pl.col("quantity") / 4)
    # Three years, less the days that are not published yet.
    assert wanted.height >= (3 * 365 - 2) * 96

    with running_daemon(home, log) as process:
        end = time.monotonic() + PATIENCE_S
        # The check has looked at least once before the owner decides.
        while not community.asked_for():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.5)
        assert quarters(database).is_empty()
        decide(community.sandbox, "approve")
        while quarters(database).height < wanted.height:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(2)

    assert quarters(database).sort("start").equals(wanted)
    assert community.states() == {(THEIRS, "consumption"): "granted"}
    kept = list(contents(home))
    assert any(b"leneda_access" in data for _, data in kept)
    for canary in (KEY, OWNER, OWNER_NAME, THEIRS):
        assert [path for path, data in kept if canary.encode() in data] == []
        assert canary not in log.read_text()
