"""Real databases for tests: InfluxDB 1.x and VictoriaMetrics, found on this machine or out of Debian's archive.

A `conftest.py` takes the fixtures that it needs by importing them.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import pytest

from connectors.errors import TryLater
from connectors.http import Http, Policy
from connectors.influxdb.database import connect
from connectors.influxdb.settings import InfluxSettings
from sandbox.debian import NoPackage, unpack_debian_package
from sandbox.influxd import Influxd, find_or_fetch, running_influxd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.influxdb.base import Database

TOOLS: Final = Path(__file__).parents[2] / ".tools"
"""Where programs out of Debian's archive are unpacked; ignored by git."""

_NUMBERS: Final = count(1)


def missing(program: str) -> NoReturn:
    """Fail where a missing server would hide what was not tested; elsewhere skip."""
    words = f"{program} is not on this machine and cannot be fetched"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="session")
def influxd_program() -> Path:
    """The program `influxd`, 1.x."""
    try:
        program = find_or_fetch(TOOLS)
    except NoPackage:
        program = None
    return program or missing("influxd")


@pytest.fixture(scope="session")
def influxd(influxd_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """A running InfluxDB 1.x; tests keep to databases of their own in it."""
    with running_influxd(influxd_program, tmp_path_factory.mktemp("influxd")) as server:
        yield server


@pytest.fixture
def influx_settings(influxd: Influxd) -> InfluxSettings:
    """The settings of a database that does not exist yet."""
    return InfluxSettings(url=influxd.url, database=f"test_{next(_NUMBERS)}")


@pytest.fixture
def database(influx_settings: InfluxSettings) -> Iterator[Database]:
    """A new and empty database."""
    opened = connect(influx_settings)
    opened.create()
    yield opened
    opened.query(f'DROP DATABASE "{influx_settings.database}"')
    opened.close()


@pytest.fixture(scope="session")
def victoria_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running VictoriaMetrics that keeps everything."""
    program = shutil.which("victoria-metrics")
    try:
        unpacked = None if program else unpack_debian_package("victoria-metrics", TOOLS)
    except NoPackage:
        unpacked = None
    program = program or (str(unpacked / "usr/bin/victoria-metrics") if unpacked else missing("victoria-metrics"))
    folder = tmp_path_factory.mktemp("victoria-metrics")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [program, f"-httpListenAddr={address}", f"-storageDataPath={folder}", "-retentionPeriod=100y"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _await_answer(f"http://{address}", process)
            yield f"http://{address}"
        finally:
            process.kill()


def _await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    with Http(url, service="victoria-metrics", policy=Policy(attempts=1)) as http:
        while process.poll() is None:
            try:
                http.request("GET", "/health", endpoint="health", decode=bytes)
            except TryLater:
                time.sleep(0.05)
            else:
                return
    pytest.fail("victoria-metrics did not start")
