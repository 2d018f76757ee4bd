"""Real databases for tests: InfluxDB 1.x and VictoriaMetrics, found on this machine or out of Debian's archive.

Tests that take `influx_settings` or `database` run on a real InfluxDB 2.x instead, where one is given.

A `conftest.py` takes the fixtures that it needs by importing them.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import AbstractContextManager, closing, nullcontext
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, Protocol

import pytest
from pydantic import SecretStr

from connectors.errors import TryLater
from connectors.http import Http, Policy
from connectors.influxdb.database import connect
from connectors.influxdb.settings import InfluxSettings
from sandbox.debian import NoPackage, unpack_debian_package
from sandbox.influxd import Influxd, find_or_fetch, running_influxd
from tests.support.real_influx2 import IS_GIVEN, Influx2Server

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


class InfluxServer(Protocol):
    """A server of one generation, as its administrator sees it."""

    def settings(self, name: str) -> InfluxSettings:
        """Return the settings of a database or bucket."""
        ...

    def drop(self, name: str) -> None:
        """Remove a database or bucket, where there is one."""
        ...

    def reader(self, name: str) -> AbstractContextManager[dict[str, str]]:
        """Give the headers of somebody who may read it."""
        ...


class Influx1Server:
    """InfluxDB 1.x, which asks for no user."""

    def __init__(self, influxd: Influxd) -> None:
        """Take a server that runs."""
        self._url = influxd.url

    def settings(self, name: str) -> InfluxSettings:
        """Return the settings of a database."""
        return InfluxSettings(url=self._url, database=name)

    def drop(self, name: str) -> None:
        """Remove a database, where there is one."""
        with closing(connect(self.settings(name))) as opened:
            opened.query(f'DROP DATABASE "{name}"')

    def reader(self, _: str) -> AbstractContextManager[dict[str, str]]:
        """Give no headers: anybody may read."""
        return nullcontext({})


@pytest.fixture(scope="session")
def influx_server(request: pytest.FixtureRequest) -> Iterator[InfluxServer]:
    """The database of all tests that do not name a version: the 2.x that is given, else Debian's 1.x."""
    if IS_GIVEN:
        with Influx2Server() as given:
            yield given
    else:
        yield Influx1Server(request.getfixturevalue("influxd"))


@pytest.fixture
def influx_settings(influx_server: InfluxServer) -> InfluxSettings:
    """The settings of a database that does not exist yet."""
    name = f"test_{next(_NUMBERS)}"
    influx_server.drop(name)
    return influx_server.settings(name)


@pytest.fixture
def database(influx_settings: InfluxSettings, influx_server: InfluxServer) -> Iterator[Database]:
    """A new and empty database."""
    opened = connect(influx_settings)
    opened.create()
    yield opened
    opened.close()
    influx_server.drop(name_in(influx_settings))


def name_in(settings: InfluxSettings) -> str:
    """Return the name of the database or bucket of the settings."""
    return settings.database or settings.bucket or ""


def variables(settings: InfluxSettings) -> dict[str, str]:
    """Return the settings as variables of the environment, without their prefix."""
    given = {key: value for key, value in settings if value is not None}
    texts = {key: value.get_secret_value() if isinstance(value, SecretStr) else value for key, value in given.items()}
    return {f"INFLUXDB__{key.upper()}": text for key, text in texts.items()}


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
