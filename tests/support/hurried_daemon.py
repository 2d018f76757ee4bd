"""Dagster's daemon, which looks at backfills every second, not every thirty: `python -m tests.support.hurried_daemon`.

Nothing else is different. Dagster has no setting for that, and a run that lost its process is given a minute by us.
"""

from __future__ import annotations

from dagster._daemon import controller
from dagster._daemon.cli import cli

from pipelines import liveness

if __name__ == "__main__":
    controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 1
    # As Dagster's own monitoring asks, in this process.
    liveness.BEGINS_WITHIN_S = 3  # type: ignore[misc]
    cli(obj={})
