"""The demo's four households, three years of each, brought in by the command's own launcher: for tests that read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import time_machine

from connectors.influxdb.settings import InfluxSettings
from pipelines import launch
from sandbox import clock
from sandbox.serve import running
from sandbox.world import demo_world
from tests.support.home import NOW, Home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.households import Household
    from sandbox.influxd import Influxd
    from sandbox.world import World

DATABASE = "three_years"


def series_of(world: World) -> Iterator[tuple[Household, str]]:
    """Yield each household with each of its registers."""
    for household in world.households.values():
        for register in household.registers:
            yield household, register


@contextmanager
def backfilled(folder: Path, influxd: Influxd) -> Iterator[Home]:
    """Give the installation after its first backfill; operator and installation are at `NOW`."""
    world = demo_world(now=clock.fixed(NOW))
    influx = InfluxSettings(url=influxd.url, database=DATABASE)
    with running(world) as sandbox, Home(sandbox, folder, influx) as home:
        for household in world.households.values():
            home.connect(household.name)
        home.database.create()
        with time_machine.travel(NOW):
            for done in launch.backfill(
                home.settings, connections=None, first=None, last=None, refetch=False, progress=lambda _: None
            ):
                assert all(outcome.ok for outcome in done.run.outcomes.values())
                assert all(load.error is None for load in done.run.loads)
        yield home
