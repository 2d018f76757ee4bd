"""A sensor that keeps Dagster in order: it deletes old runs, and tells `doctor` which connections are shown."""

from collections.abc import Collection
from typing import Final

import dagster as dg

from pipelines.old_runs import delete_old_runs
from pipelines.settings import SettingsError, load
from pipelines.store.shown import note_shown
from pipelines.store.state import State
from schemas.time import utc_now

EVERY_S: Final = 300


def housekeeping(shown: Collection[str]) -> dg.SensorDefinition:
    """Declare the sensor `housekeeping`, on by default; `shown` are the connections of these definitions."""

    @dg.sensor(
        name="housekeeping",
        description="Deletes old runs, and notes for `wattline doctor` which connections are shown here.",
        minimum_interval_seconds=EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def look(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        try:
            settings = load()
        except SettingsError as error:
            return dg.SkipReason(str(error))
        now = utc_now()
        note_shown(State(settings.data_dir), shown, now)
        deleted = delete_old_runs(context.instance, settings, now)
        return dg.SkipReason(f"{deleted} runs older than {settings.dagster.keep_runs_days} days were deleted")

    return look
