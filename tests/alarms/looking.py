"""What every run does last: `look` for tests, and as a process of its own: `python -m tests.alarms.looking FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.elvia.source import ELVIA
from pipelines.alarms.look import look as look_once
from pipelines.flow import Flow
from pipelines.settings import load
from pipelines.status import status
from schemas.time import utc_now

if TYPE_CHECKING:
    from tests.support.home import Home


def look(home: Home, *, daily: bool = False) -> list[str]:
    """Look as the summary does; return what went wrong with telling."""
    flow = home.flow()
    _, series = status(flow, utc_now())
    return look_once(home.settings, flow, series, utc_now(), daily=daily)


def main(folder: Path) -> None:
    """Look by the environment's settings once standard input is closed, and say what went wrong."""
    settings = load(os.environ, folder)
    flow = Flow(settings, ELVIA, utc_now())
    print("ready", flush=True)  # noqa: T201 - for the test that waits for it
    sys.stdin.read()
    for words in look_once(settings, flow, None, utc_now()):
        print(words)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
