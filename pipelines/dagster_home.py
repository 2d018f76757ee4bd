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

FILE: Final = "dagster.yaml"

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
    """Return Dagster's home, made ready; a configuration that is there already stays as it is.

    Raises:
        SettingsError: Dagster cannot use that configuration.
    """
    home = private_folder(Path(os.environ.get("DAGSTER_HOME") or settings.data_dir / "dagster").absolute())
    configuration = home / FILE
    if configuration.exists():
        check_configuration(home)
    else:
        configuration.write_text(INSTANCE, encoding="utf-8")
    return home


def check_configuration(home: Path) -> None:
    """Raise `SettingsError` where Dagster cannot use the configuration in its home. No value in it is quoted."""
    from dagster._check import CheckError  # noqa: PLC0415 - whoever only looks waits a second for Dagster
    from dagster._config.stack import get_friendly_path_info  # noqa: PLC0415
    from dagster._core.errors import DagsterInvalidConfigError  # noqa: PLC0415
    from dagster._core.instance.config import dagster_instance_config  # noqa: PLC0415
    from yaml import MarkedYAMLError, YAMLError  # noqa: PLC0415

    where = ""
    try:
        dagster_instance_config(str(home))
    except DagsterInvalidConfigError as error:
        where = " " + " and ".join(dict.fromkeys(get_friendly_path_info(each.stack)[0] for each in error.errors))
    except MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
    except (YAMLError, CheckError, UnicodeDecodeError):
        pass
    else:
        return
    message = f"{home / FILE}: Dagster cannot use it: wrong{where}; correct it, or remove it, and it is written anew"
    raise SettingsError([message])


if __name__ == "__main__":
    try:
        print(dagster_home(load()))  # noqa: T201 - the answer of a command
    except SettingsError as error:
        sys.exit(str(error))
