"""`kill -9` in the middle of a backfill costs a re-run and nothing else."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
from pydantic import SecretStr

from connectors.budget import fingerprint
from connectors.influxdb.settings import InfluxSettings
from sandbox.faults import Fault, FaultKind
from sandbox.plans import hour_of
from schemas.time import DAY, HOUR
from tests.support.home import NOW, Home, moved_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.influxd import Influxd

ROOT: Final = Path(__file__).parents[2]
KILLS: Final = 8
SEED: Final = 20260617


def _backfill(home: Home, kill_after_s: float | None = None) -> tuple[int, float]:
    """Backfill in a process of its own; return how it ended and how long it worked."""
    command = [sys.executable, "-m", "tests.support.backfilling", str(home.folder), NOW.isoformat()]
    environment = {**os.environ, **home.environment, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, cwd=home.folder, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        begun = time.monotonic()
        try:
            process.wait(kill_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait(), time.monotonic() - begun


def _kept(home: Home) -> Iterator[pl.DataFrame]:
    """Yield all that is kept of readings, peaks and bad rows, but for when it was seen."""
    store = home.flow().store
    yield home.log().drop("known_at")
    peaks = store.logs[next(feed for feed in store.logs if store.logs[feed] is not store.readings)]
    yield pl.concat([peaks.read(month) for month in peaks.months()]).drop("known_at")
    for name in sorted(home.settings.connections):
        rows = store.quarantine.read(name).drop("first_seen", "last_seen", "asked_start", "asked_end")
        yield rows.sort(pl.all())
    yield store.readings.days()


def test_a_kill_right_after_the_greeting(storage: Home) -> None:
    """A run that was killed when its credential had proven good, and nothing was stored yet, is begun anew."""
    mine = moved_in(20)
    storage.admit(mine)
    storage.flow().store.ledger.greeted("home", fingerprint(SecretStr("sandbox-home")), NOW)

    assert storage.backfill().causes("home") == [None] * 4
    assert storage.current().select("start", "quantity", "verified").equals(storage.served(mine))


def test_a_killed_backfill_is_healed_by_the_next(home: Home, influxd: Influxd, tmp_path: Path) -> None:
    """After kills at random moments a re-run leaves store and InfluxDB as if nothing had happened, nothing doubled."""
    mine, plus = moved_in(400), moved_in(400, "plus", 2, produces=True)
    home.admit(mine, plus)
    window = hour_of((NOW - 5 * DAY).replace(minute=0) - 2 * HOUR)
    home.world.faults.add(Fault(kind=FaultKind.WRONG_UNIT, token="sandbox-home", window=window))
    influx = InfluxSettings(url=influxd.url, database="reference")
    with Home(home.sandbox, tmp_path / "reference", influx) as reference:
        reference.folder.mkdir()
        reference.environment |= {name: value for name, value in home.environment.items() if "CONNECTIONS" in name}
        reference.database.create()
        ended, seconds = _backfill(reference)
        assert ended == 0

        # Later and later, since what is done is not done again.
        chance = random.Random(SEED)  # noqa: S311 - nothing is kept secret by it
        moments = sorted(chance.uniform(0, seconds) for _ in range(KILLS))
        ends = [_backfill(home, moment)[0] for moment in moments]
        assert set(ends) <= {0, -signal.SIGKILL}
        assert ends.count(-signal.SIGKILL) >= 2
        assert _backfill(home)[0] == 0

        for found, wanted in zip(_kept(home), _kept(reference), strict=True):
            assert found.equals(wanted)
        assert reference.status("home")[0].quarantined == {"unit_is_the_registers": 1}
        assert home.contents(without=["sync_run"]) == reference.contents(without=["sync_run"])
        assert home.points().filter(pl.col("metering_point") == plus.metering_point).height == sum(
            home.served(plus, register).height for register in plus.registers
        )
        assert not list(home.data_dir.rglob("*.tmp"))
        reference.database.query('DROP DATABASE "reference"')
