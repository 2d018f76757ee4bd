"""What Dagster loads: puts the parts together. No logic.

Definitions load with no settings, no credential and no database; the summary of each source says what is
missing then.
"""

import dagster as dg

from connectors.registry import SOURCES
from pipelines.alarms.failed_runs import LOOKS, alarms_of_failed_runs
from pipelines.assets import year_assets
from pipelines.housekeeping import housekeeping
from pipelines.patience import patience
from pipelines.schedules import daily_sync
from pipelines.sensors import access_sensor
from pipelines.settings import Settings, SettingsError, load
from pipelines.summary import summary_asset


def _definitions() -> dg.Definitions:
    try:
        settings, problem = load(), None
    except SettingsError as error:
        # The UI must come up to say so; every run reads the settings again and fails with the same words.
        settings, problem = Settings(), str(error)
    assets = []
    for source in SOURCES.values():
        connections = settings.connections_of(source.name)
        if connections:
            assets.append(year_assets(source, connections))
        assets.append(summary_asset(source, configured=bool(connections), problem=problem))
    return dg.Definitions(
        assets=assets,
        jobs=LOOKS,
        schedules=[daily_sync(source, settings) for source in SOURCES.values()],
        sensors=[
            *(access_sensor(source, settings) for source in SOURCES.values() if source.access is not None),
            *(patience(source, settings) for source in SOURCES.values()),
            alarms_of_failed_runs(),
            housekeeping(settings.connections),
        ],
        executor=dg.in_process_executor,
    )


defs = _definitions()
