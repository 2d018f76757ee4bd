"""A backfill in a process of its own, that may be killed: `python -m tests.support.backfilling FOLDER INSTANT`."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import time_machine

from connectors.elvia.source import ELVIA
from pipelines.flow import Flow
from pipelines.settings import load
from schemas.time import utc_now


def main(folder: Path, now: datetime) -> None:
    """Backfill every year by the environment's settings, as the commands do."""
    with time_machine.travel(now):
        settings = load(os.environ, folder)
        print("begun", flush=True)  # noqa: T201 - for the test that waits for it
        for year in Flow(settings, ELVIA, utc_now()).syncing().years():
            names = list(settings.connections)
            run = Flow(settings, ELVIA, utc_now()).run([year], ask=names, load=names)
            assert all(outcome.ok for outcome in run.outcomes.values()), run.outcomes
            assert all(target.error is None for target in run.loads), run.loads


if __name__ == "__main__":
    main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
