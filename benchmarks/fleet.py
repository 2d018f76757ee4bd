"""A fleet's first backfill from the sandbox into InfluxDB, against writing the same lines alone; dashboards on it."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from benchmarks import dashboards
from benchmarks.timing import show
from connectors.influxdb.database import connect
from connectors.influxdb.settings import InfluxSettings
from connectors.registry import SOURCES
from pipelines.load.projection import readings
from pipelines.store.home import SourceStore
from sandbox.influxd import find_or_fetch, running_influxd

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "fleet"
TOKEN = "sandbox-fleet"  # noqa: S105 - the sandbox's own, and no secret


@contextmanager
def _sandbox(folder: Path, size: int) -> Iterator[str]:
    ready = folder / "sandbox.url"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--fleet", str(size), "--unlimited"]
    with (folder / "sandbox.log").open("wb") as log:
        process = subprocess.Popen([*command, "--ready-file", str(ready)], stdout=log, stderr=log)
    try:
        while not ready.exists():
            if process.poll() is not None:
                message = f"the sandbox did not start: {(folder / 'sandbox.log').read_text()}"
                raise RuntimeError(message)
            sleep(0.05)
        yield ready.read_text()
    finally:
        process.terminate()
        process.wait()


def _backfill(folder: Path, sandbox: str, influxdb: str) -> tuple[float, float]:
    """Run the command as a user does; return its seconds and its peak memory in MB."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("WATTLINE_", "DAGSTER_"))},
        "WATTLINE_CONNECTIONS__FLEET__SOURCE": "elvia",
        "WATTLINE_CONNECTIONS__FLEET__TOKEN": TOKEN,
        "WATTLINE_CONNECTIONS__FLEET__BASE_URL": f"{sandbox}/elvia",
        "WATTLINE_INFLUXDB__URL": influxdb,
        "WATTLINE_INFLUXDB__DATABASE": DATABASE,
        "WATTLINE_DATA_DIR": str(folder / "data"),
    }
    command = [sys.executable, "-c", "from pipelines.commands import main; main()", "backfill"]
    begin = perf_counter()
    with (folder / "backfill.log").open("wb") as log:
        ended = subprocess.run(command, env=environment, cwd=folder, check=False, stdout=log, stderr=log)
    if ended.returncode:
        message = f"the backfill ended with {ended.returncode}: {(folder / 'backfill.log').read_text()}"
        raise RuntimeError(message)
    return perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _write_alone(folder: Path, influxdb: str) -> tuple[float, int]:
    """Write every line that the store gives, made beforehand; return the seconds and how many lines."""
    log = SourceStore(folder / "data", SOURCES["elvia"]).readings
    made = [list(points.lines()) for month in log.months() for points in readings(log.current(month))]
    database = connect(InfluxSettings(url=influxdb, database="alone"))
    database.create()
    try:
        begin = perf_counter()
        count = sum(database.write(part).accepted for parts in made for part in parts)
        return perf_counter() - begin, count
    finally:
        database.close()


def run(size: int) -> None:
    """Print the time of both, their ratio, and the peak memory of the backfill."""
    with tempfile.TemporaryDirectory(prefix="wattline-bench-") as name:
        folder = Path(name)
        binary = find_or_fetch(folder / "packages")
        if binary is None:
            message = "no influxd is here, and no apt to fetch it"
            raise RuntimeError(message)
        with running_influxd(binary, folder / "influxdb") as server:
            connection = connect(InfluxSettings(url=server.url, database=DATABASE))
            connection.create()
            connection.close()
            with _sandbox(folder, size) as sandbox:
                took, memory = _backfill(folder, sandbox, server.url)
            alone, count = _write_alone(folder, server.url)
            dashboards.run(server.url, DATABASE, size)
    show(f"backfill of {size} metering points x 3 years, s", f"{took:.1f}")
    show(f"writing the same {count:,} lines alone, s", f"{alone:.1f}")
    show("times as long", f"{took / alone:.2f}")
    show("peak memory of the backfill, MB", f"{memory:.0f}")
