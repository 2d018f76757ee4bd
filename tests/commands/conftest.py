"""An installation in a folder of its own, a simulated operator on a real port, and the commands as a user has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import time_machine

from connectors.connection import variable
from pipelines.commands import main
from sandbox import households
from sandbox.serve import Sandbox, running
from sandbox.world import World
from schemas.time import HOUR, floor_hour, utc_now
from tests.support.influx import (
    database,
    influx_server,
    influx_settings,
    influxd,
    influxd_program,
    variables,
    victoria_metrics,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.influxdb.settings import InfluxSettings

__all__ = ["database", "influx_server", "influx_settings", "influxd", "influxd_program", "victoria_metrics"]

HOME = households.home().metering_point
PLUS = households.plus().metering_point


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything that it printed."""
        return self.out + self.err


@dataclass(frozen=True)
class Installation:
    """A working folder with settings, whose commands run in this process."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    environ: pytest.MonkeyPatch

    def give(self, **variables: str) -> None:
        """Give settings by the environment: `INFLUXDB__URL` is WATTLINE_INFLUXDB__URL."""
        for name, value in variables.items():
            self.environ.setenv(f"WATTLINE_{name}", value)

    def connect(self, name: str, sandbox: Sandbox, token: str | None = None) -> None:
        """Configure a connection to the simulated Elvia."""
        given = {"source": "elvia", "base_url": sandbox.elvia_url, "token": token or f"sandbox-{name}"}
        for key, value in given.items():
            self.environ.setenv(variable("connections", name, key), value)

    def load_into(self, settings: InfluxSettings) -> None:
        """Configure the database."""
        self.give(**variables(settings))

    def run(self, *arguments: str) -> Ended:
        """Run a command."""
        self.capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        printed = self.capture.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, printed.out, printed.err)

    def files(self) -> set[str]:
        """Return every file and folder that is in the working folder."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


@pytest.fixture(autouse=True)
def _in_the_middle_of_an_hour() -> Iterator[None]:
    """Let the clock run from the middle of the hour, so that no new hour is published between two commands."""
    with time_machine.travel(floor_hour(utc_now()) + HOUR / 2):
        yield


@pytest.fixture
def installation(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return an installation without any settings, in the working folder."""
    return Installation(Path.cwd(), capsys, monkeypatch)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a world with a household and a plus-customer, each under a token of its own."""
    world = World()
    world.admit("sandbox-home", [households.home()])
    world.admit("sandbox-plus", [households.plus()])
    with running(world) as served:
        yield served


@pytest.fixture
def connected(installation: Installation, sandbox: Sandbox) -> Installation:
    """Return an installation with both households' connections, and no database."""
    installation.connect("home", sandbox)
    installation.connect("plus", sandbox)
    return installation
