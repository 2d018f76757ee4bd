"""Runs that failed where no summary follows: killed from outside, or started by hand in the UI.

The sensor notes what could not note itself, and has the summary run, from which alarms are sent.
"""

from collections.abc import Iterator

import dagster as dg

from connectors.registry import SOURCES
from pipelines.alarms.cut_short import CutShort, Note
from pipelines.alarms.kind import Kind
from pipelines.settings import SettingsError, load
from pipelines.store.state import State
from schemas.time import utc_now

WILL_RETRY_TAG = "dagster/will_retry"
SCHEDULED_TAGS = frozenset({"dagster/schedule_name", "dagster/sensor_name"})


LOOKS = [
    dg.define_asset_job(f"{source}_summary", selection=dg.AssetSelection.assets(dg.AssetKey([source, "summary"])))
    for source in SOURCES
]
"""A job for each source's summary alone, since a sensor of runs can ask for jobs only."""


def alarms_of_failed_runs() -> dg.SensorDefinition:
    """Declare the sensor, on by default."""

    @dg.run_failure_sensor(
        name="alarms_of_failed_runs",
        description="Has a source's summary run, which sends alarms, after a failed run that none follows.",
        default_status=dg.DefaultSensorStatus.RUNNING,
        request_jobs=LOOKS,
    )
    def sensor(context: dg.RunFailureSensorContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        run = context.dagster_run
        keys = run.asset_selection or frozenset()
        sources = {key.path[0] for key in keys if key.path[-1] != "summary"} & set(SOURCES)
        killed = not context.get_step_failure_events()
        if not sources:
            # A summary that failed would fail again; that it is red, and the heartbeat silent, has to do.
            yield dg.SkipReason("not a run of a source's years")
        elif killed and run.tags.get(WILL_RETRY_TAG) == "true":
            yield dg.SkipReason("Dagster runs it again")
        elif not killed and run.tags.keys() & SCHEDULED_TAGS:
            yield dg.SkipReason("its summary stands in the queue behind it")
        else:
            for source in sorted(sources):
                if killed:
                    _note(source, run.run_id)
                # A backfill of many years needs to be told of once.
                run_key = f"{source}-failed-{run.tags.get('dagster/backfill', run.run_id)}"
                yield dg.RunRequest(run_key=run_key, job_name=f"{source}_summary")

    return sensor


def _note(source: str, run_id: str) -> None:
    try:
        settings = load()
    except SettingsError:
        # The schedule tells of those.
        return
    words = f"the run {run_id} of {source} was killed, or its process died"
    CutShort(State(settings.data_dir)).note(Note(source, Kind.CRASHED, words), utc_now())
