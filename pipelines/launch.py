"""Launch the assets in process, on the instance that the UI shows."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import dagster as dg

from connectors.registry import SOURCES
from pipelines.alarms.look import look
from pipelines.assets import FULL_TAG, INFLUXDB, READINGS, REFETCH_TAG, RUNS, key, year_assets
from pipelines.dagster_home import dagster_home
from pipelines.event_log import kept_open
from pipelines.flow import Flow, SourceRun
from pipelines.old_runs import delete_old_runs
from pipelines.summary import DAILY_TAG, SUMMARY, summary_asset
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from pipelines.settings import Settings

_LOG: Final = logging.getLogger(__name__)

# A command says itself what happened; the UI has the whole log.
QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Launched:
    """One finished run: what it was about, and what it did."""

    source: str
    year: int
    run_id: str
    run: SourceRun


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

    def fetch(flow: Flow) -> Iterator[Launched]:
        years = [
            year
            for year in flow.syncing().years()
            if (first is None or year >= first) and (last is None or year <= last)
        ]
        work = [(year, _named(flow, connections)) for year in years]
        return _launch(settings, flow, work, progress, tags={REFETCH_TAG: "true"} if refetch else {})

    return _each_source(settings, connections, fetch)


def load(settings: Settings, *, connections: Collection[str] | None, full: bool) -> Iterator[Launched]:
    """Load what the databases lack, or everything, without asking; yield each source's run as it ends."""

    def fill(flow: Flow) -> Iterator[Launched]:
        work = [(flow.syncing().years()[0], _named(flow, connections))]
        tags = {FULL_TAG: "true"} if full else {}
        return _launch(settings, flow, work, lambda _: None, tags=tags, stages=(INFLUXDB,))

    return _each_source(settings, connections, fill)


def sync(
    settings: Settings, *, connections: Collection[str] | None, progress: Callable[[str], None]
) -> Iterator[Launched]:
    """Run the years with something to ask, and always the newest; yield each run as it ends."""

    def ask(flow: Flow) -> Iterator[Launched]:
        work = _with_something_to_ask(flow, connections)
        return _launch(settings, flow, work, progress, daily=_named(flow, connections) == list(flow.connections))

    return _each_source(settings, connections, ask)


def _with_something_to_ask(flow: Flow, connections: Collection[str] | None) -> Iterator[tuple[int, list[str]]]:
    """Yield years and connections; each year is decided when the newer ones have run and found what they found."""
    names = _named(flow, connections)
    syncing = flow.syncing(names)
    newest, *older = syncing.years()
    yield newest, names
    for year in older:
        if due := syncing.connections_to_ask(year):
            yield year, due


def _each_source(
    settings: Settings, connections: Collection[str] | None, launched: Callable[[Flow], Iterator[Launched]]
) -> Iterator[Launched]:
    """Launch one source after another; what ends one source's runs is raised once the others had theirs."""
    # What Dagster cannot use, it cannot use for any of them.
    dagster_home(settings)
    errors: list[Exception] = []
    for source in SOURCES.values():
        try:
            flow = Flow(settings, source, utc_now())
            if _named(flow, connections):
                yield from launched(flow)
        except Exception as error:  # noqa: BLE001 - raised below
            errors.append(error)
    if len(errors) > 1:
        message = "more than one source's runs ended before their time"
        raise ExceptionGroup(message, errors)
    if errors:
        raise errors[0]


def _named(flow: Flow, connections: Collection[str] | None) -> list[str]:
    return [name for name in flow.connections if connections is None or name in connections]


def _launch(
    settings: Settings,
    flow: Flow,
    work: Iterable[tuple[int, list[str]]],
    progress: Callable[[str], None],
    *,
    tags: Mapping[str, str] | None = None,
    stages: Sequence[str] = (READINGS, INFLUXDB),
    daily: bool = False,
) -> Iterator[Launched]:
    source = flow.source
    definitions = dg.Definitions(
        assets=[
            year_assets(source, flow.connections, settings=settings, progress=progress),
            summary_asset(source, configured=True, problem=None, settings=settings, warn=_LOG.warning),
        ],
        executor=dg.in_process_executor,
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    launched = False
    with instance(settings) as opened:
        # First, since a full disk ends the run before it begins.
        delete_old_runs(opened, settings, utc_now())
        for year, names in work:
            keys = [key(source.name, name, stage) for name in names for stage in stages]
            run_id = str(uuid4())
            try:
                # A failure is told by the run itself, in the words of what it did.
                with suppress(dg.Failure), kept_open(opened, run_id):
                    job.execute_in_process(
                        instance=opened,
                        run_id=run_id,
                        partition_key=str(year),
                        asset_selection=keys,
                        tags=dict(tags or {}),
                        run_config=QUIET,
                    )
            except Exception:
                # The summary, which looks at the end of every other run, is not reached.
                for words in look(settings, flow, None, utc_now()):
                    _LOG.warning(words)
                raise
            launched = True
            yield Launched(source.name, year, run_id, RUNS.pop(run_id))
        if launched:
            summary = [dg.AssetKey([source.name, SUMMARY])]
            run_id = str(uuid4())
            with kept_open(opened, run_id):
                job.execute_in_process(
                    instance=opened,
                    run_id=run_id,
                    asset_selection=summary,
                    tags={DAILY_TAG: "true"} if daily else {},
                    run_config=QUIET,
                )
