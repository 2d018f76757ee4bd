"""Whether a run's process is still there, which Dagster's monitoring asks and its default launcher cannot tell.

A killed code server leaves its run "started", and so does a killed command, in the only place that the queue has.
Therefore each run locks a byte of a file in Dagster's home, which the kernel frees when the process ends, whatever
ends it. Web server, daemon and code server may be containers of their own: they share the file.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final
from uuid import UUID

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient

from schemas.time import utc_now

if TYPE_CHECKING:
    from dagster._serdes import ConfigurableClassData

BEGINS_WITHIN_S: Final = 60
"""The longest time between a run's start and its step, which locks."""

PATIENCE_S: Final = 600
"""The longest time that a run whose process is gone waits for its code server, which may never come back."""

_FILE: Final = "runs.lock"
_ONE_BYTE: Final = 1

_OPEN: Final[dict[str, int]] = {}
"""File descriptors, by home. None is closed: to close one would give back every lock of this process."""


def live(instance: dg.DagsterInstance, run_id: str) -> None:
    """Hold the lock of a run from now until this process ends."""
    home = instance.root_directory
    if home not in _OPEN:
        _OPEN[home] = os.open(Path(home, _FILE), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.lockf(_OPEN[home], fcntl.LOCK_EX, _ONE_BYTE, _place(run_id))


def is_alive(home: Path, run_id: str) -> bool:
    """Tell whether another process holds the lock of a run. Not for a process that holds locks itself."""
    with suppress(FileNotFoundError), (home / _FILE).open("rb+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _ONE_BYTE, _place(run_id))
        except BlockingIOError:
            return True
    return False


def _place(run_id: str) -> int:
    # As much of the id as an offset takes.
    return UUID(run_id).int >> 66


class WatchedRunLauncher(dg.DefaultRunLauncher):
    """Launches as Dagster does, and tells whether what was launched, by it or by a command, is still there."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        """Begin with no run that is gone."""
        super().__init__(inst_data)
        self._gone: dict[str, tuple[float, bool]] = {}

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Say yes, so that monitoring asks."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Tell of a started run whether a process is at work on it; where none is, monitoring ends it as failed.

        Dagster starts it again then, at once or, where the code server is away, never. So it is told when the code
        server was there twice in a row.
        """
        if not self._is_gone(run):
            self._gone.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        since, was_served = self._gone.get(run.run_id, (monotonic(), False))
        is_served = _is_served(run)
        self._gone[run.run_id] = since, is_served
        if not (was_served and is_served) and monotonic() < since + PATIENCE_S:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        del self._gone[run.run_id]
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its process was killed, or the machine was switched off")

    def _is_gone(self, run: dg.DagsterRun) -> bool:
        record = self._instance.get_run_record_by_id(run.run_id)
        started = record.start_time if record else None
        if started is None or utc_now().timestamp() < started + BEGINS_WITHIN_S:
            return False
        return not is_alive(Path(self._instance.root_directory), run.run_id)


def _is_served(run: dg.DagsterRun) -> bool:
    """Tell whether the code server that ran it answers; a command's run has none, and needs none."""
    server = run.tags.get(GRPC_INFO_TAG)
    if server is None:
        return True
    try:
        DagsterGrpcClient(**json.loads(server)).ping("")
    except DagsterUserCodeUnreachableError:
        return False
    return True
