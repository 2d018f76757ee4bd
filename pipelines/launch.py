"""Launch the assets in process, on the instance that the UI shows."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import dagster as dg

from connectors.registry import SOURCES
from pipelines.assets import INFLUXDB, READINGS, REFETCH_TAG, RUNS, key, year_assets
from pipelines.flow import Flow, SourceRun
from pipelines.store.files import private_folder
from pipelines.summary import SUMMARY, summary_asset
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from connectors.base import Source
    from pipelines.settings import Settings

INSTANCE: Final = """\
# Written once by wattline; yours to change.
telemetry:
  enabled: false
nux:
  enabled: false
scheduler:
  module: dagster.core.scheduler
  class: DagsterDaemonScheduler
  config:
    # After an absence one run catches up; the ledger knows what is missing.
    max_catchup_runs: 1
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
concurrency:
  runs:
    # The store has one writer a source, so more would only wait for its lock.
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
  max_runtime_seconds: 21600
run_retries:
  enabled: true
  max_retries: 1
  # A failed call is retried where it is made; only a crashed run is started again.
  retry_on_asset_or_op_failure: false
"""


# A command says itself what happened; the UI has the whole log.
QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Launched:
    """One finished run: what it was about, and what it did."""

    source: str
    year: int
    run_id: str
    run: SourceRun


def dagster_home(settings: Settings) -> Path:
    """Return Dagster's home, made ready: `DAGSTER_HOME`, or a folder in `data_dir`."""
    home = settings.data_dir / "dagster"
    if chosen := os.environ.get("DAGSTER_HOME"):
        home = type(home)(chosen)
    private_folder(home)
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(INSTANCE)
    return home


@contextmanager
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open the instance that the UI shows."""
    with dg.DagsterInstance.from_config(str(dagster_home(settings))) as opened:
        yield opened


def backfill(
    settings: Settings,
    *,
    connections: Collection[str] | None,
    first: int | None,
    last: int | None,
    refetch: bool,
    progress: Callable[[str], None],
) -> Iterator[Launched]:
    """Run every year that the operators serve, newest first, and yield each run as it ends."""
    for source, flow in _flows(settings, connections):
        years = [
            year
            for year in flow.syncing().years()
            if (first is None or year >= first) and (last is None or year <= last)
        ]
        work = [(year, _named(flow, connections)) for year in years]
        yield from _launch(settings, source, flow, work, progress, refetch=refetch)


def sync(
    settings: Settings, *, connections: Collection[str] | None, progress: Callable[[str], None]
) -> Iterator[Launched]:
    """Run the years with something to ask, and always the newest; yield each run as it ends."""
    for source, flow in _flows(settings, connections):
        names = _named(flow, connections)
        syncing = flow.syncing(names)
        newest, *older = syncing.years()
        work = [(newest, names), *((year, syncing.connections_to_ask(year)) for year in older)]
        yield from _launch(settings, source, flow, [entry for entry in work if entry[1]], progress, refetch=False)


def _flows(settings: Settings, connections: Collection[str] | None) -> Iterator[tuple[Source, Flow]]:
    for source in SOURCES.values():
        flow = Flow(settings, source, utc_now())
        if _named(flow, connections):
            yield source, flow


def _named(flow: Flow, connections: Collection[str] | None) -> list[str]:
    return [name for name in flow.connections if connections is None or name in connections]


def _launch(
    settings: Settings,
    source: Source,
    flow: Flow,
    work: list[tuple[int, list[str]]],
    progress: Callable[[str], None],
    *,
    refetch: bool,
) -> Iterator[Launched]:
    definitions = dg.Definitions(
        assets=[
            year_assets(source, flow.connections, settings=settings, progress=progress),
            summary_asset(source, configured=True, problem=None, settings=settings),
        ],
        executor=dg.in_process_executor,
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    tags = {REFETCH_TAG: "true"} if refetch else {}
    with instance(settings) as opened:
        for year, names in work:
            keys = [key(source.name, name, stage) for name in names for stage in (READINGS, INFLUXDB)]
            run_id = str(uuid4())
            with suppress(dg.Failure):  # told by the run itself, in the words of what it did
                job.execute_in_process(
                    instance=opened,
                    run_id=run_id,
                    partition_key=str(year),
                    asset_selection=keys,
                    tags=tags,
                    run_config=QUIET,
                )
            yield Launched(source.name, year, run_id, RUNS.pop(run_id))
        if work:
            summary = [dg.AssetKey([source.name, SUMMARY])]
            job.execute_in_process(instance=opened, asset_selection=summary, run_config=QUIET, raise_on_error=False)
