"""A simulated Leneda on a real port, one clock for it and for the commands, and no waits between attempts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
import stamina
import time_machine

from sandbox.serve import Sandbox, running
from sandbox.world import World
from tests.access.community import Community
from tests.commands.conftest import Installation
from tests.support.influx import database, influx_server, influx_settings, influxd, influxd_program

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["database", "influx_server", "influx_settings", "influxd", "influxd_program"]

# A Wednesday, 14:20 in Luxembourg, and the operator has just published Tuesday.
NOW = datetime(2026, 6, 17, 12, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_waits() -> Iterator[None]:
    """Repeat failed requests at once, as often as ever."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The one clock of user and operator; it goes on from `NOW` until it is moved."""
    with time_machine.travel(NOW) as traveller:
        yield traveller


@pytest.fixture
def installation(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return an installation without any settings, in the working folder."""
    return Installation(Path.cwd(), capsys, monkeypatch)


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    """One server for all tests: to stop one takes a fifth of a second."""
    with running(World()) as served:
        yield served


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    """An operator without customers."""
    vars(server.world).update(vars(World()))
    return server


@pytest.fixture
def community(installation: Installation, sandbox: Sandbox, clock: time_machine.Traveller) -> Community:  # noqa: ARG001 - it is the operator's clock
    """Somebody who may ask, and a neighbour."""
    return Community(installation, sandbox)


@pytest.fixture(params=[200, 404])
def no_access(request: pytest.FixtureRequest, community: Community) -> int:
    """Let the operator say "unknown, or not granted" in the one and in the other way."""
    status: Literal[200, 404] = request.param
    community.sandbox.world.leneda.switches.no_access_status = status
    return status
