"""What the shell around the work costs: counted, since seconds depend on the machine."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, Final

import dagster as dg
import pytest

from pipelines import launch
from pipelines.event_log import kept_open
from schemas.time import DAY
from tests.support.home import moved_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from time_machine import Traveller

    from tests.support.home import Home

FEW: Final = 2
MANY: Final = 6


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often SQLite opens a file, by the file's name."""
    counts: Counter[str] = Counter()
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def counted(path: Path | str, *arguments: object, **keys: object) -> sqlite3.Connection:
        counts[str(path).rpartition("/")[2]] += 1
        return connect(path, *arguments, **keys)

    monkeypatch.setattr(sqlite3, "connect", counted)
    return counts


def _grow(home: Home, size: int) -> None:
    for serial in range(len(home.settings.connections), size):
        home.admit(moved_in(20, f"home{serial}", serial + 1))


def _sync(home: Home) -> list[str]:
    return [done.run_id for done in launch.sync(home.settings, connections=None, progress=lambda _: None)]


def test_nothing_to_ask_costs_no_call_and_one_run(storage: Home) -> None:
    """A sync right after a backfill calls nobody, and runs the newest year alone."""
    _grow(storage, FEW)
    storage.backfill()
    storage.calls()

    assert len(_sync(storage)) == 1
    assert storage.calls() == []


def test_a_daily_run_asks_for_the_tail_alone(storage: Home, clock: Traveller) -> None:
    """A day later a sync makes a call a connection for readings and one for peaks, and runs the newest year alone."""
    _grow(storage, FEW)
    storage.backfill()
    storage.calls()
    clock.shift(DAY)

    assert len(_sync(storage)) == 1
    assert len(storage.calls()) == 2 * FEW


def test_deciding_what_to_ask_opens_the_state_once_a_year(storage: Home, opened: Counter[str]) -> None:
    """However many connections there are, the state is opened once for each year to be decided on."""
    for size in (FEW, MANY):
        _grow(storage, size)
        storage.backfill()
        syncing = storage.flow().syncing()
        opened.clear()
        assert [syncing.connections_to_ask(year) for year in syncing.years()] == [[]] * 4
        assert opened == {"state.sqlite": 4}


def test_a_run_opens_the_state_a_few_times_a_connection(storage: Home, opened: Counter[str]) -> None:
    """What a run costs in openings of the state grows with connections, and by no more than a few for each."""
    counts = []
    for size in (FEW, MANY):
        _grow(storage, size)
        storage.backfill()
        opened.clear()
        storage.sync()
        counts.append(opened["state.sqlite"])
    few, many = counts
    assert (many - few) / (MANY - FEW) <= 12


def test_dagster_keeps_two_events_for_each_asset(home: Home) -> None:
    """Of each asset a run is told what is planned and what was made, and nothing else."""
    _grow(home, FEW)
    with launch.instance(home.settings) as instance:
        counts = []
        for size in (FEW, MANY):
            _grow(home, size)
            home.backfill()
            (run_id,) = _sync(home)
            counts.append(Counter(str(entry.dagster_event_type) for entry in instance.all_logs(run_id)))
    few, many = counts
    grown = {event.split(".")[-1]: count for event, count in (many - few).items()}
    assets = 2 * (MANY - FEW)
    assert grown == {"ASSET_MATERIALIZATION": assets, "ASSET_MATERIALIZATION_PLANNED": assets}


def test_the_log_is_not_moved_into_its_file_at_every_event(storage: Home) -> None:
    """While a run's log is kept open, its write-ahead log stays, which SQLite empties and removes otherwise."""
    with launch.instance(storage.settings) as instance:
        run = dg.DagsterRun(job_name="a")
        instance.add_run(run)
        log = storage.data_dir / "dagster" / "history" / "runs" / f"{run.run_id}.db-wal"
        with kept_open(instance, run.run_id):
            instance.report_engine_event("one", run)
            assert log.stat().st_size
        instance.report_engine_event("two", run)
        assert not log.exists()
        assert [entry.message for entry in instance.all_logs(run.run_id)] == ["one", "two"]
