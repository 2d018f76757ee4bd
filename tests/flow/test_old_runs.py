"""Old runs go with all that is kept of them; what is waiting, goes on or keeps a year green stays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from pipelines import launch, old_runs
from pipelines.definitions import _definitions
from pipelines.old_runs import delete_old_runs
from pipelines.partitions import YEARS
from pipelines.store.home import StoreFullError
from pipelines.store.shown import shown
from schemas.time import DAY, utc_now
from tests.support.home import moved_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from time_machine import Traveller

    from tests.support.home import Home

READINGS: Final = dg.AssetKey(["elvia", "home", "readings"])
KEEP: Final = 30


@pytest.fixture
def quiet(storage: Home) -> Home:
    """An installation with one household, whose older years are not asked again."""
    storage.admit(moved_in(20))
    storage.set("sync__deep_reread_days", 1000)
    storage.set("dagster__keep_runs_days", KEEP)
    return storage


@pytest.fixture
def instance(quiet: Home) -> Iterator[dg.DagsterInstance]:
    """The instance that the commands use, on SQLite."""
    with launch.instance(quiet.settings) as opened:
        yield opened


def _backfill(home: Home) -> list[str]:
    runs = launch.backfill(
        home.settings, connections=None, first=None, last=None, refetch=False, progress=lambda _: None
    )
    return [done.run_id for done in runs]


def _sync(home: Home) -> list[str]:
    return [done.run_id for done in launch.sync(home.settings, connections=None, progress=lambda _: None)]


def _run_ids(instance: dg.DagsterInstance) -> set[str]:
    return set(instance.get_run_ids())


def _kept_of(home: Home, run_id: str) -> list[Path]:
    """Return every file and folder of Dagster's home that is named after the run."""
    return [path for path in (home.data_dir / "dagster").rglob("*") if run_id in path.name]


def _green(instance: dg.DagsterInstance) -> set[str]:
    """Return the years that the UI shows as made, told as the UI is told."""
    made = get_and_update_asset_status_cache_value(instance, READINGS, YEARS)
    assert made is not None
    return set(made.deserialize_materialized_partition_subsets(YEARS).get_partition_keys())


def test_old_runs_go_and_every_year_stays_green(quiet: Home, instance: dg.DagsterInstance, clock: Traveller) -> None:
    """After a month a run is gone with its log, unless it is what makes a year green."""
    newest, *older = _backfill(quiet)
    summary = (_run_ids(instance) - {newest, *older}).pop()
    green = _green(instance)
    assert green == {"2023", "2024", "2025", "2026"}
    assert len(_kept_of(quiet, newest)) >= 2

    clock.shift((KEEP - 1) * DAY)
    _sync(quiet)
    assert {newest, *older, summary} <= _run_ids(instance)

    clock.shift(2 * DAY)
    last = _sync(quiet)

    assert _run_ids(instance) & {newest, summary} == set()
    assert _run_ids(instance) >= {*older, *last}
    assert _kept_of(quiet, newest) == _kept_of(quiet, summary) == []
    assert instance.all_logs(older[0])
    assert _green(instance) == green
    instance.wipe_asset_cached_status([READINGS])
    assert _green(instance) == green
    assert quiet.current().height


def test_old_runs_go_where_the_disk_is_full(quiet: Home, instance: dg.DagsterInstance, clock: Traveller) -> None:
    """A run that does not begin, since there is too little room, has deleted the old ones all the same."""
    instance.add_run(dg.DagsterRun(job_name="a", run_id=str(uuid4()), status=dg.DagsterRunStatus.SUCCESS))
    quiet.set("store__min_free_mb", 10_000_000)
    clock.shift((KEEP + 1) * DAY)

    with pytest.raises(StoreFullError, match=re.escape("dagster.keep_runs_days deletes old runs")):
        _sync(quiet)

    assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]


def test_what_has_not_ended_stays(quiet: Home, instance: dg.DagsterInstance, clock: Traveller) -> None:
    """A run that waits, begins or goes on is never deleted, however old it is; one that was cancelled is."""
    going_on = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("wattline"), "repository"), "a")
    for status in (*going_on, dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE):
        instance.add_run(dg.DagsterRun(job_name="a", run_id=str(uuid4()), status=status, remote_job_origin=origin))
    clock.shift(1000 * DAY)

    assert delete_old_runs(instance, quiet.settings, utc_now()) == 2
    assert sorted(run.status.value for run in instance.get_runs()) == sorted(status.value for status in going_on)


def test_a_deletion_that_is_cut_off_is_finished_the_next_time(
    quiet: Home, instance: dg.DagsterInstance, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever step of a deletion fails, the next one leaves nothing of the run."""
    newest, *_ = _backfill(quiet)
    clock.shift(DAY)
    _sync(quiet)
    clock.shift(KEEP * DAY)

    class PowerCut(Exception):
        """The end of a process."""

    def cut(*_: object, **__: object) -> None:
        raise PowerCut

    for part, name in (
        (instance.compute_log_manager, "delete_logs"),
        (instance.event_log_storage, "delete_events_for_run"),
        (Path, "unlink"),
        (instance.run_storage, "delete_run"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(part, name, cut)
            with pytest.raises(PowerCut):
                delete_old_runs(instance, quiet.settings, utc_now())
        assert newest in _run_ids(instance)

    while delete_old_runs(instance, quiet.settings, utc_now()):
        pass
    assert newest not in _run_ids(instance)
    assert _kept_of(quiet, newest) == []


def test_many_old_runs_go_bit_by_bit(
    quiet: Home, instance: dg.DagsterInstance, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than some are deleted at once, the oldest first."""
    monkeypatch.setattr(old_runs, "MOST_AT_ONCE", 2)
    run_ids = [str(uuid4()) for _ in range(3)]
    for run_id in run_ids:
        instance.add_run(dg.DagsterRun(job_name="a", run_id=run_id, status=dg.DagsterRunStatus.SUCCESS))
    clock.shift((KEEP + 1) * DAY)

    assert delete_old_runs(instance, quiet.settings, utc_now()) == 2
    assert _run_ids(instance) == {run_ids[2]}


def test_the_sensor_deletes_and_says_which_connections_are_shown(
    quiet: Home, instance: dg.DagsterInstance, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`housekeeping` is on by default, deletes old runs, and records the connections of its definitions."""
    for name, value in quiet.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(quiet.folder)
    sensor = _definitions().resolve_sensor_def("housekeeping")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    instance.add_run(dg.DagsterRun(job_name="a", run_id=str(uuid4()), status=dg.DagsterRunStatus.SUCCESS))
    clock.shift((KEEP + 1) * DAY)

    with dg.build_sensor_context(instance) as context:
        answer = sensor.evaluate_tick(context)

    assert answer.skip_message == f"1 runs older than {KEEP} days were deleted"
    assert _run_ids(instance) == set()
    said = shown(quiet.flow().store.state)
    assert said is not None
    assert said.connections == ("home",)
    assert abs(said.at - utc_now()) < DAY

    monkeypatch.setenv("WATTLINE_CONNECTIONS__HOME__SOURCE", "elvira")
    with dg.build_sensor_context(instance) as context:
        assert "connections.home.source" in str(sensor.evaluate_tick(context).skip_message)
