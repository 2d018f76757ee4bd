"""Dagster's scheduler and its runs in this process, so that they follow a clock that is moved."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import dagster as dg
import yaml
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.scheduler import DagsterDaemonScheduler
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceLoadTarget

# Imports the scheduler in a circle, and has to be first.
from dagster._daemon import daemon as _  # noqa: F401
from dagster._scheduler.scheduler import ScheduleIterationTimes, launch_scheduled_runs

from pipelines.dagster_home import INSTANCE
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IN_THIS_PROCESS: Final = {
    "module": "dagster._core.launcher.sync_in_memory_run_launcher",
    "class": "SyncInMemoryRunLauncher",
}
AT_ONCE: Final = {"module": "dagster.core.run_coordinator", "class": "DefaultRunCoordinator"}


class _InThisProcess(WorkspaceLoadTarget):
    def create_origins(self) -> Sequence[InProcessCodeLocationOrigin]:
        # Not the definitions that were made when the module was imported, but what its function makes now.
        target = LoadableTargetOrigin(module_name="pipelines.definitions", attribute="_definitions")
        return [InProcessCodeLocationOrigin(target, location_name="wattline")]


class Ticking:
    """The scheduler of Dagster's daemon, which ticks when told; a run is over when `tick` returns."""

    def __init__(self, workspace: WorkspaceProcessContext) -> None:
        """Bind the workspace."""
        self._workspace = workspace
        self._times: dict[str, ScheduleIterationTimes] = {}
        self._known: set[str] = set()

    def tick(self) -> list[dg.DagsterRun]:
        """Do what the daemon does once a minute, and return the runs that came of it, in their order."""
        instance = self._workspace.instance
        scheduler = instance.scheduler
        assert isinstance(scheduler, DagsterDaemonScheduler)
        for problem in launch_scheduled_runs(
            self._workspace,
            logging.getLogger("ticking"),
            end_datetime_utc=utc_now(),
            iteration_times=self._times,
            max_catchup_runs=scheduler.max_catchup_runs,
        ):
            assert problem is None, problem
        runs = [run for run in reversed(instance.get_runs()) if run.run_id not in self._known]
        self._known.update(run.run_id for run in runs)
        return runs

    def ticks(self, schedule: str) -> list[datetime]:
        """Return when a schedule ticked, newest first, whether a run came of it or not."""
        instance = self._workspace.instance
        (state,) = [state for state in instance.all_instigator_state() if state.instigator_name == schedule]
        found = instance.get_ticks(state.instigator_origin_id, state.selector_id)
        return [datetime.fromtimestamp(tick.timestamp, UTC) for tick in found]


@contextmanager
def ticking() -> Iterator[Ticking]:
    """Give the scheduler over an instance with our configuration, by the settings of the environment."""
    configuration = yaml.safe_load(INSTANCE)
    overrides = {
        "scheduler": configuration["scheduler"],
        "run_coordinator": AT_ONCE,
        "run_launcher": IN_THIS_PROCESS,
    }
    with (
        dg.instance_for_test(overrides=overrides) as instance,
        WorkspaceProcessContext(instance, _InThisProcess()) as workspace,
    ):
        yield Ticking(workspace)
