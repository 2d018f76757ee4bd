"""What the demo has for itself: its folder, its Dagster home, its log, its InfluxDB; and how it ends."""

from __future__ import annotations

import logging
import os
import signal
from contextlib import contextmanager
from socket import SO_REUSEADDR, SOL_SOCKET, socket
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from connectors.connection import variable
from connectors.errors import OutsideError
from pipelines.commands.output import STORE_ALONE, say
from pipelines.store.lock import StoreBusyError
from sandbox.influxd import find_or_fetch, running_influxd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

DATABASE: Final = "wattline_demo"
DAGSTER_HOME: Final = "DAGSTER_HOME"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other demos out of the folder. Raises `StoreBusyError` where one runs already."""
    try:
        with FileLock(folder / "demo.lock", timeout=0):
            yield
    except Timeout:
        message = f"another demo runs in {folder}; wait for it, or choose another --folder"
        raise StoreBusyError(message) from None


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """Clean up on SIGTERM as on Ctrl-C."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def own_dagster_home(folder: Path) -> Iterator[None]:
    """Keep the demo's runs out of the user's Dagster."""
    before = os.environ.get(DAGSTER_HOME)
    os.environ[DAGSTER_HOME] = str(folder / "dagster")
    try:
        yield
    finally:
        del os.environ[DAGSTER_HOME]
        if before is not None:
            os.environ[DAGSTER_HOME] = before


@contextmanager
def logged_to(path: Path) -> Iterator[Path]:
    """Write every line of progress, and every warning, to a file."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root, ours = logging.getLogger(), logging.getLogger("pipelines")
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        yield path
    finally:
        ours.setLevel(before)
        root.removeHandler(handler)
        handler.close()


@contextmanager
def started_influxdb(folder: Path) -> Iterator[dict[str, str]]:
    """Run a private InfluxDB and yield the settings that lead to it; none where there is none to be had.

    Raises:
        TryLater: it did not start.
    """
    try:
        program = find_or_fetch(folder / "programs")
    except OutsideError as error:
        say(f"No InfluxDB: {error}. {STORE_ALONE}")
        yield {}
        return
    if program is None:
        say(f"No `influxd` is on this machine, and no apt to fetch it. {STORE_ALONE}")
        yield {}
        return
    with running_influxd(program, folder / "influxdb", port=_same_port(folder)) as server:
        (folder / "influxdb.port").write_text(str(urlsplit(server.url).port))
        say(f"InfluxDB: {server.url}, database {DATABASE}; it runs as long as the demo, its files are kept.")
        yield {variable("influxdb", "url"): server.url, variable("influxdb", "database"): DATABASE}


def _same_port(folder: Path) -> int:
    """Return the port of the last time, if it is free: another URL is another database, to be filled anew."""
    kept = folder / "influxdb.port"
    if not kept.exists():
        return 0
    port = int(kept.read_text())
    with socket() as probe:
        # As the server itself does: a connection that has just ended doesn't hold the port.
        probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port
