"""One step per source works on every selected connection at once; each connection has two assets of its own.

`<source>/<connection>/readings` is the store's part, `<source>/<connection>/influxdb` the database's. A
connection that fails is the only one not materialized; the run is red then, and says who must act.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final

import dagster as dg
from dagster._core.definitions.metadata import RawMetadataValue

from connectors.base import Source
from pipelines import charts, metadata
from pipelines.event_log import kept_open
from pipelines.flow import Flow, SourceRun, TargetLoad
from pipelines.liveness import live
from pipelines.partitions import YEARS
from pipelines.settings import Settings, load
from pipelines.store.alias import Aliases
from pipelines.sync.outcome import Outcome
from pipelines.who import who_must_act, who_must_act_on_database
from schemas.time import utc_now

READINGS: Final = "readings"
INFLUXDB: Final = "influxdb"

REFETCH_TAG: Final = "wattline/refetch"
"""A run with this tag set to "true" asks for the whole year, whatever is known."""

FULL_TAG: Final = "wattline/full"
"""A run with this tag set to "true" loads everything, whatever the database has."""

RUNS: Final[dict[str, SourceRun]] = {}
"""What in-process runs did, by run id, for the command that launched them; it takes its entry out."""


def key(source: str, connection: str, stage: str) -> dg.AssetKey:
    """Return the key of a connection's asset."""
    return dg.AssetKey([source, connection, stage])


def chosen(keys: set[dg.AssetKey], stage: str) -> list[str]:
    """Return the connections whose asset of this stage is among the keys."""
    return sorted(asset.path[1] for asset in keys if asset.path[-1] == stage)


def year_assets(
    source: Source,
    connections: Collection[str],
    *,
    settings: Settings | None = None,
    progress: Callable[[str], None] | None = None,
) -> dg.AssetsDefinition:
    """Declare the assets of a source's connections, and the step that makes them.

    Settings are read anew by each run, so that a changed secret needs no restart; a command hands its own
    over, with where to tell its progress.
    """
    specs = [spec for name in connections for spec in _specs(source, name)]

    @dg.multi_asset(name=f"{source.name}_year", specs=specs, can_subset=True)
    def year(context: dg.AssetExecutionContext) -> Iterator[dg.AssetMaterialization]:
        live(context.instance, context.run.run_id)
        given = settings or load()
        flow = Flow(given, source, utc_now())
        selected = set(context.selected_asset_keys)
        years = [int(partition) for partition in context.partition_keys]
        # A connection that was taken out of the settings since the definitions were loaded has nothing to do.
        ask = [name for name in chosen(selected, READINGS) if name in flow.connections]
        target = [name for name in chosen(selected, INFLUXDB) if name in flow.connections]
        refetch, full = (context.run.tags.get(tag) == "true" for tag in (REFETCH_TAG, FULL_TAG))
        run = flow.run(years, ask=ask, load=target, refetch=refetch, full=full, progress=progress or context.log.info)
        RUNS[context.run.run_id] = run
        if given.influxdb is None:
            context.log.info("No InfluxDB is configured: the store alone is kept.")
        with kept_open(context.instance, context.run.run_id):
            for path, shown in _results(flow, given, run, years, target):
                # Of a result Dagster would keep everything twice, the second time as the output of a step, and would
                # look up in its log what each asset was made from.
                for partition in context.partition_keys:
                    yield dg.AssetMaterialization(path, partition=partition, metadata=shown)
        _tell_failures(context, run)

    return year


def _specs(source: Source, name: str) -> list[dg.AssetSpec]:
    readings = dg.AssetSpec(
        key(source.name, name, READINGS),
        description=f"Every revision of every reading of the connection {name}, in the store.",
        group_name=source.name,
        partitions_def=YEARS,
        skippable=True,
        # The lineage shows of a key the last word alone, and kinds: without the name all connections look alike.
        kinds={"parquet", name},
    )
    influxdb = dg.AssetSpec(
        key(source.name, name, INFLUXDB),
        deps=[readings],
        description=f"The current readings of the connection {name}, in InfluxDB.",
        group_name=source.name,
        partitions_def=YEARS,
        skippable=True,
        kinds={"influxdb", name},
    )
    return [readings, influxdb]


def _results(
    flow: Flow, settings: Settings, run: SourceRun, years: list[int], target: list[str]
) -> Iterator[tuple[dg.AssetKey, dict[str, RawMetadataValue]]]:
    """Yield every asset that was made, with what is to be shown of it."""
    verdicts, aliases = flow.store.ledger.flags(), Aliases(flow.store.state)
    # A run that asked nothing has nothing new to show; with many connections the log would grow by it every day.
    asked = any(outcome.calls for outcome in run.outcomes.values())
    by_day = flow.coverage().partition_by("connection", as_dict=True) if asked else {}
    for name, outcome in run.outcomes.items():
        if outcome.ok:
            points = flow.store.ledger.metering_points(name)
            mine = {aliases.of(point): verdict for point, verdict in verdicts.items() if point in points}
            shown = metadata.of_outcome(outcome, mine)
            if outcome.calls and (name,) in by_day:
                drawn = (charts.by_day(by_day[(name,)], year) for year in years)
                shown |= {"days": dg.MetadataValue.md("\n\n".join(drawn))}
            yield key(flow.source.name, name, READINGS), shown
    for name in target:
        done = run.load_of(name)
        if name in run.outcomes and not run.outcomes[name].ok:
            # Nothing came of the year, so the year is not in the database either.
            continue
        if settings.influxdb is not None and done is not None and _is_well_loaded(done, name):
            yield key(flow.source.name, name, INFLUXDB), metadata.of_load(done, name)


def _is_well_loaded(done: TargetLoad, name: str) -> bool:
    return done.loaded is not None and not done.loaded.differences and name not in done.loaded.refused


def _tell_failures(context: dg.AssetExecutionContext, run: SourceRun) -> None:
    """Warn of what was known before; fail the run for what is new."""
    for outcome in run.outcomes.values():
        if outcome.known_before:
            context.log.warning(told(outcome))
        if outcome.access_lost:
            context.log.warning(told_lost(outcome.source, outcome.connection, outcome.access_lost))
    failures = failures_of(run)
    if failures:
        # Retrying is done where time heals, inside the call; the next run does the rest.
        raise dg.Failure("\n".join(failures), allow_retries=False)


def told(outcome: Outcome) -> str:
    """Say why a connection failed, and who must act."""
    later = f" Not before {outcome.not_before:%Y-%m-%d %H:%M} UTC." if outcome.not_before else ""
    who = who_must_act(outcome.cause or "", outcome.source, outcome.connection)
    return f"{outcome.source}/{outcome.connection}: {outcome.words}.{later} {who}"


def told_lost(source: str, connection: str, registers: int) -> str:
    """Say that other people's readings may be read no longer, and who must act; not which they are."""
    return (
        f"{source}/{connection}: access to {registers} of other people's registers is lost. They are asked for no "
        "longer, and what was read stays. You must act: `wattline access list` names them; ask their owners."
    )


def failures_of(run: SourceRun) -> list[str]:
    """Say what went wrong in this run, a line each; nothing of what an earlier run has told."""
    lines = [told(outcome) for outcome in run.outcomes.values() if not outcome.ok and not outcome.known_before]
    for done in run.loads:
        if done.error is not None:
            lines.append(f"{done.target}: {done.error}. {who_must_act_on_database(done.error.cause)}")
        if done.loaded is not None:
            lines += [
                f"{done.target}: {len(words)} lines of {name} were refused, the first with: {words[0]}"
                for name, words in done.loaded.refused.items()
            ]
            lines += [
                f"{done.target}: {month:%Y-%m} differs from the store: {words}"
                for month, words in sorted(done.loaded.differences.items())
            ]
    return lines
