"""Every source of the registry in turn: its sandbox on a real port, one clock that stands still, an installation."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine

from connectors.budget import Budget
from connectors.registry import SOURCES
from sandbox.world import World
from tests.contract.bench import Bench
from tests.contract.operators import OPERATORS
from tests.support.home import NOW, Home
from tests.support.influx import database, influx_server, influx_settings, influxd, influxd_program
from tests.support.simulation import no_waits, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings
    from sandbox.serve import Sandbox
    from tests.contract.simulated import Simulated

__all__ = ["database", "influx_server", "influx_settings", "influxd", "influxd_program", "no_waits", "server"]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The one clock of installation and operator; it stands still until it is moved."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def pass_time(clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let time pass for everybody, at once: on the clock, and since the machine's start; a wait for calls is that."""
    passed = timedelta()

    def go_by(span: timedelta) -> None:
        nonlocal passed
        passed += span
        clock.shift(span)

    def sleep(seconds: float) -> None:
        go_by(timedelta(seconds=seconds))

    started = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    kinds = Budget.__init__.__kwdefaults__
    assert kinds is not None
    monkeypatch.setitem(kinds, "running", lambda: started + passed // timedelta(microseconds=1) * 1000)
    monkeypatch.setitem(kinds, "sleep", sleep)
    return go_by


@pytest.fixture(params=sorted(SOURCES))
def operator(request: pytest.FixtureRequest, server: Sandbox) -> Simulated:
    """An operator of the registry, without customers."""
    vars(server.world).update(vars(World()))
    return OPERATORS[request.param](server)


@pytest.fixture
def bench(operator: Simulated, server: Sandbox, tmp_path: Path) -> Bench:
    """The operator with an installation that keeps the store alone."""
    return Bench(operator, Home(server, tmp_path, None, operator.source))


@pytest.fixture
def loaded(
    operator: Simulated, server: Sandbox, tmp_path: Path, influx_settings: InfluxSettings, database: Database
) -> Iterator[Bench]:
    """The operator with an installation that has a new and empty database, too."""
    assert database.exists()
    with Home(server, tmp_path, influx_settings, operator.source) as home:
        yield Bench(operator, home)
