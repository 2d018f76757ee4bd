"""A backfill in a process of its own, at the clock of the tests, that may be killed: `python -m ... FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import time_machine

from connectors.elvia.source import ELVIA
from pipelines.flow import Flow
from pipelines.settings import load
from schemas.time import utc_now
from tests.support.home import NOW


def main(folder: Path) -> None:
    """Backfill every year by the environment's settings, as the commands do."""
    with time_machine.travel(NOW):
        settings = load(os.environ, folder)
        print("begun", flush=True)  # noqa: T201 - for the test that waits for it
        for year in Flow(settings, ELVIA, utc_now()).syncing().years():
            names = list(settings.connections)
            run = Flow(settings, ELVIA, utc_now()).run([year], ask=names, load=names)
            assert all(outcome.ok for outcome in run.outcomes.values())
            assert all(target.error is None for target in run.loads)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
