"""Whatever of Dagster is killed in the middle of a backfill, all of it completes by itself, and nothing is doubled."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from pipelines.liveness import is_alive
from sandbox.faults import Fault, FaultKind
from tests.support.home import Home, moved_in
from tests.support.services import ROOT

if TYPE_CHECKING:
    from tests.support.services import Services

SEED: Final = 20261122
LONGEST_PAUSE_S: Final = 1.5
COMMAND: Final = "from pipelines.commands import main; main()"


@pytest.fixture(scope="module")
def home(home: Home) -> Home:
    """An installation with two connections, whose operator is slow enough that runs are met at work."""
    home.admit(moved_in(400), moved_in(400, "plus", 2, produces=True))
    home.world.faults.add(Fault(kind=FaultKind.HANG, seconds=0.3))
    return home


def _at_work(services: Services) -> dict[str, Any] | None:
    """Return the run whose process is in its step, if there is one."""
    started = [run for run in services.runs() if run["status"] == "STARTED"]
    return next((run for run in started if is_alive(services.dagster_home, run["runId"])), None)


def _kill_run_process(services: Services, run_id: str) -> None:
    told = [re.match(r"Started process for run \(pid: (\d+)\)", event["message"]) for event in services.events(run_id)]
    (pid,) = [int(found[1]) for found in told if found]
    os.kill(pid, signal.SIGKILL)


def test_a_backfill_survives_every_kill(services: Services, home: Home) -> None:
    """Daemon, code server and run process are killed at random moments of it: each year is there in the end, once."""
    chance = random.Random(SEED)  # noqa: S311 - nothing is kept secret by it
    keys = [f"elvia/{name}/{stage}" for name in ("home", "plus") for stage in ("readings", "influxdb")]
    years = [str(year) for year in home.flow().syncing().years()]
    victims = ["run", "code", "daemon"]
    chance.shuffle(victims)

    backfill = services.backfill(keys, years)
    for victim in victims:
        run = services.until(lambda: _at_work(services), "a run is at work")
        time.sleep(chance.uniform(0, LONGEST_PAUSE_S))
        if victim == "run":
            _kill_run_process(services, run["runId"])
        elif victim == "code":
            services.code.kill()
            # Away for so long that the daemon gives its definitions up.
            services.until(lambda: "LOCATION_ERROR" in services.daemon.log.read_text(), "the daemon has noticed")
            services.code.start()
        else:
            services.daemon.kill()
            time.sleep(chance.uniform(0, LONGEST_PAUSE_S))
            services.daemon.start()
    assert services.end_of_backfill(backfill) == "COMPLETED_SUCCESS"

    runs = services.runs(backfill=backfill)
    first = [run for run in runs if "dagster/retry_number" not in run["tags"]]
    # However many connections, a year is one run and one process.
    assert Counter(run["tags"]["dagster/partition"] for run in first) == dict.fromkeys(years, 1)
    assert {len(run["assetSelection"]) for run in first} == {len(keys)}
    killed = [run for run in runs if run["status"] == "FAILURE"]
    assert len(killed) >= 2
    assert all("dagster/auto_retry_run_id" in run["tags"] for run in killed)
    assert {run["status"] for run in runs} == {"FAILURE", "SUCCESS"}
    _assert_whole(home)


def _assert_whole(home: Home) -> None:
    """Every hour that the operator serves is in the store and in InfluxDB, as it is, once."""
    stored, points = home.current(), home.points()
    assert home.log().height == stored.height == points.height
    for household in home.world.households.values():
        for register in household.registers:
            served = home.served(household, register)
            of_it = (pl.col("metering_point") == household.metering_point) & (pl.col("register") == register)
            assert stored.filter(of_it).select("start", "quantity", "verified").equals(served)
            loaded = points.filter(of_it).sort("time").select(start="time", quantity="energy_kwh", verified="verified")
            assert loaded.equals(served)
    assert not list(home.data_dir.rglob("*.tmp"))


def test_a_killed_command_leaves_the_queue_free(services: Services, home: Home) -> None:
    """A run that a command was killed in is found and ended as failed: the queue has but one place."""
    environment = {
        **os.environ,
        **home.environment,
        "DAGSTER_HOME": str(services.dagster_home),
        "PYTHONPATH": str(ROOT),
    }
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, "backfill", "--refetch"],
        env=environment,
        cwd=home.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as command:
        run = services.until(lambda: _at_work(services), "the command's run is at work")
        command.kill()

    assert services.end_of(run["runId"]) == "FAILURE"
    messages = [event["message"] for event in services.events(run["runId"])]
    assert [words for words in messages if "its process was killed, or the machine was switched off" in words]
