"""Dagster's home: a folder in `data_dir`, unless `DAGSTER_HOME` says otherwise, with a configuration that fits.

`python -m pipelines.dagster_home` makes it and prints it, for what starts Dagster from outside.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.settings import SettingsError, load
from pipelines.store.files import private_folder

if TYPE_CHECKING:
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
  config:
    # A run whose turn comes while the code server is away waits for it: an hour, by the minute.
    max_user_code_failure_retries: 60
concurrency:
  runs:
    # The store has one writer a source, so more would only wait for its lock.
    max_concurrent_runs: 1
run_launcher:
  # Dagster's own, which can also tell a run whose process is gone.
  module: pipelines.liveness
  class: WatchedRunLauncher
run_monitoring:
  enabled: true
  poll_interval_seconds: 30
  max_runtime_seconds: 21600
run_retries:
  enabled: true
  max_retries: 3
  # A failed call is retried where it is made; only a crashed run is started again.
  retry_on_asset_or_op_failure: false
# Of schedules and sensors. Runs are deleted by wattline: dagster.keep_runs_days in its settings.
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 7
      started: 90
      success: 90
      failure: 90
"""


def dagster_home(settings: Settings) -> Path:
    """Return Dagster's home, made ready; a configuration that is there already stays as it is."""
    home = private_folder(Path(os.environ.get("DAGSTER_HOME") or settings.data_dir / "dagster").absolute())
    configuration = home / "dagster.yaml"
    if not configuration.exists():
        configuration.write_text(INSTANCE, encoding="utf-8")
    return home


if __name__ == "__main__":
    try:
        print(dagster_home(load()))  # noqa: T201 - the answer of a command
    except SettingsError as error:
        sys.exit(str(error))
