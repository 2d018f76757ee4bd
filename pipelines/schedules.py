"""The daily runs: every year that has something to ask, for the connections that have it, then the summary."""

from collections.abc import Collection

import dagster as dg

from connectors.base import Source
from pipelines.alarms.look import tell_settings
from pipelines.assets import INFLUXDB, READINGS, key
from pipelines.flow import Flow
from pipelines.settings import Settings, SettingsError, load
from pipelines.store.shown import note_shown
from pipelines.summary import DAILY_TAG, SUMMARY
from schemas.time import utc_now


def requests(flow: Flow, now_key: str, connections: Collection[str] | None = None) -> list[dg.RunRequest]:
    """Return a run for each year that has something to ask, newest first, and one for the summary.

    The newest year always runs, with every connection that was chosen (all, by default): it loads what an absent
    database missed, and counts what has become late.
    """
    source, chosen = flow.source, list(flow.connections if connections is None else connections)
    syncing = flow.syncing(chosen)
    wanted: list[dg.RunRequest] = []
    for place, year in enumerate(syncing.years()):
        names = chosen if place == 0 else syncing.connections_to_ask(year)
        if names:
            wanted.append(
                dg.RunRequest(
                    run_key=f"{source.name}-{year}-{now_key}",
                    partition_key=str(year),
                    asset_selection=[key(source.name, name, stage) for name in names for stage in (READINGS, INFLUXDB)],
                )
            )
    # Queued behind the years: one run at a time, the highest priority first.
    summary = dg.RunRequest(
        run_key=f"{source.name}-summary-{now_key}",
        asset_selection=[dg.AssetKey([source.name, SUMMARY])],
        tags={"dagster/priority": "-1", DAILY_TAG: "true"},
    )
    return [*wanted, summary]


def daily_sync(source: Source, settings: Settings) -> dg.ScheduleDefinition:
    """Declare `<source>_daily_sync`, on by default, for the connections that are declared with it.

    Of a connection that was added since, Dagster has no assets, and a request for them would fail all others, too.
    """
    declared = settings.connections_of(source.name)

    @dg.schedule(
        name=f"{source.name}_daily_sync",
        cron_schedule=settings.schedules.get(source.name, source.settings.daily_at),
        execution_timezone=source.zone.key,
        target=dg.AssetSelection.groups(source.name),
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def sync(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        try:
            fresh = load()
        except SettingsError as error:
            for words in tell_settings(error, utc_now()):
                context.log.warning(words)
            return dg.SkipReason(str(error))
        if not fresh.connections_of(source.name):
            return dg.SkipReason(f"no connection to {source.name} is configured")
        flow = Flow(fresh, source, utc_now(), among=declared)
        # Where none of them is declared the summary runs alone, and tells of that.
        note_shown(flow.store.state, settings.connections, flow.now)
        return requests(flow, f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M}")

    return sync
