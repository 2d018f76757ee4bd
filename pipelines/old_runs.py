"""Old runs deleted: by itself Dagster keeps every run, its events and what it printed for ever.

The run that last made an asset's partition is kept however old it is, since it is what makes the year green in the UI.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy
from dagster import DagsterRunStatus, RunsFilter
from dagster._core.events import DagsterEventType
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable

if TYPE_CHECKING:
    from datetime import datetime

    from dagster import DagsterInstance

    from pipelines.settings import Settings

ENDED: Final = (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)

MOST_AT_ONCE: Final = 100
"""What a sensor deletes well within the minute that Dagster gives it; the rest goes the next time."""


def delete_old_runs(instance: DagsterInstance, settings: Settings, now: datetime) -> int:
    """Delete runs that ended long ago, oldest first; return how many. Those that wait or go on are never touched.

    Killed in between, it leaves a run without events, which the next call deletes.
    """
    before = now - timedelta(days=settings.dagster.keep_runs_days)
    ended = instance.get_run_ids(RunsFilter(statuses=list(ENDED), created_before=before))
    if not ended:
        return 0
    needed = _latest_of_assets(instance)
    old = [run_id for run_id in reversed(ended) if run_id not in needed][:MOST_AT_ONCE]
    for run_id in old:
        _delete(instance, run_id)
    return len(old)


def _latest_of_assets(instance: DagsterInstance) -> set[str]:
    """Return the runs that last made some partition of some asset."""
    log = instance.event_log_storage
    if not isinstance(log, SqlEventLogStorage):
        message = f"{type(log).__name__} cannot be asked which runs are needed"
        raise TypeError(message)
    events = SqlEventLogStorageTable.c
    made = events.dagster_event_type == DagsterEventType.ASSET_MATERIALIZATION.value
    latest = sqlalchemy.select(sqlalchemy.func.max(events.id)).where(made).group_by(events.asset_key, events.partition)
    with log.index_connection() as connection:
        # One question for all: asked asset by asset, a thousand connections would take minutes.
        rows = connection.execute(sqlalchemy.select(events.run_id).where(events.id.in_(latest)).distinct())
        return {run_id for (run_id,) in rows}


def _delete(instance: DagsterInstance, run_id: str) -> None:
    """Delete all that is kept of a run, and last the run, by which the rest is found."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    log = instance.event_log_storage
    if isinstance(log, SqliteEventLogStorage):
        with log.index_connection() as connection:
            log.delete_events_for_run(connection, run_id)
        # A file for each run: Dagster would empty it and leave it there, as big as it was.
        file = Path(log.path_for_shard(run_id))
        for part in ("", "-wal", "-shm"):
            file.with_name(f"{file.name}{part}").unlink(missing_ok=True)
    else:
        log.delete_events(run_id)
    instance.run_storage.delete_run(run_id)
