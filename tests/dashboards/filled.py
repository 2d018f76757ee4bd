"""One installation for all tests of dashboards: both operators, over both clock changes and New Year, in InfluxDB.

It is filled as commands do, a day before `NOW` and again at `NOW`, with late, missing and corrected hours, and
with a connection whose token was deleted.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl
import stamina
import time_machine

from connectors.elvia.source import ELVIA
from connectors.leneda.source import LENEDA
from pipelines import launch
from pipelines.flow import Flow
from sandbox.connections import connections
from sandbox.hours import OSLO
from sandbox.households import Household, metering_point_id
from sandbox.leneda.demo import (
    CONSUMPTION,
    GAS,
    HOUSE,
    PANELS,
    PLANT,
    PLANT_KEY,
    PRODUCTION,
    SOLAR,
    SOLAR_KEY,
    solar_house,
)
from sandbox.leneda.grid import Grid, MeteringPoint
from sandbox.leneda.registers import AT_CONSUMPTION, AT_GAS, AT_PRODUCTION
from sandbox.plans import Absence
from sandbox.serve import running
from sandbox.world import World
from schemas.time import DAY, HOUR, Window, local_midnight, utc_now
from tests.support.home import NOW, Home, Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from connectors.base import Source
    from connectors.influxdb.settings import InfluxSettings

DATABASE: Final = "dashboards"
AT_ELVIA: Final = local_midnight(date(2024, 12, 12), OSLO)
AT_LENEDA: Final = local_midnight(date(2025, 10, 15), LENEDA.zone)

ORDINARY: Final = Household(metering_point_id(1), "home", AT_ELVIA)
PLUS: Final = Household(metering_point_id(2), "plus", AT_ELVIA, produces=True)
GONE: Final = Household(metering_point_id(9), "gone", AT_ELVIA)
PLANT_POINTS: Final = {CONSUMPTION: AT_CONSUMPTION, PRODUCTION: AT_PRODUCTION, GAS: AT_GAS}

# Nine hours of a winter's day that never come, and a whole day.
HOLES: Final = (
    Window(local_midnight(date(2026, 1, 20), OSLO) + 6 * HOUR, local_midnight(date(2026, 1, 20), OSLO) + 15 * HOUR),
    Window(local_midnight(date(2026, 6, 8), OSLO), local_midnight(date(2026, 6, 9), OSLO)),
)

# Of the house with panels, each part lacks hours that the others have.
PARTS_MISSING: Final = [
    Absence(metering_point=point, register=register, window=Window(hour, hour + 2 * HOUR))
    for number, (point, register) in enumerate(((PANELS, "production"), (HOUSE, "production"), (HOUSE, "consumption")))
    for hour in (local_midnight(date(2026, 5, 20 + number), LENEDA.zone) + 11 * HOUR,)
]


def _world() -> World:
    world = World(now=utc_now, sporadic=True, calls_per_hour=None, leneda=Grid())
    for household in (ORDINARY, PLUS, GONE):
        world.admit(f"sandbox-{household.name}", [household])
    world.tokens["sandbox-gone"].deleted = True
    world.absences += [Absence(metering_point=ORDINARY.metering_point, window=hole) for hole in HOLES]
    points = [MeteringPoint(code, code[-2:], registers, AT_LENEDA) for code, registers in PLANT_POINTS.items()]
    world.leneda.admit(PLANT, "Plant Example", PLANT_KEY, points)
    world.leneda.admit(SOLAR, "Solar Example", SOLAR_KEY, solar_house(AT_LENEDA))
    world.absences += PARTS_MISSING
    return world


class Filled(Home):
    """The installation, and what its store says, computed by polars alone."""

    begins: Callable[[], object] = staticmethod(lambda: None)
    """Called before each run: a run takes its time, and the next begins at the same instant all the same."""

    def flow_of(self, source: Source) -> Flow:
        """Return the flow of a run of one source that begins now."""
        self.begins()
        return Flow(self.settings, source, utc_now())

    def fill(self) -> None:
        """Do what `wattline backfill` and `wattline sync` do."""
        for source in (ELVIA, LENEDA):
            names = list(self.flow_of(source).connections)
            for year in self.flow_of(source).syncing().years():
                self._accept(Runs([self.flow_of(source).run([year], ask=names, load=names)]))

    def catch_up(self) -> None:
        """Do what the daily schedules do."""
        for source in (ELVIA, LENEDA):
            work = launch._with_something_to_ask(self.flow_of(source), None)
            self._accept(Runs([self.flow_of(source).run([year], ask=names, load=names) for year, names in work]))

    @staticmethod
    def _accept(runs: Runs) -> None:
        assert runs.load_errors == []
        for run in runs.runs:
            assert {name for name, outcome in run.outcomes.items() if not outcome.ok} <= {"gone"}

    def readings(self) -> pl.DataFrame:
        """Return every current reading as the operator sent it: `source`, `quantity`, `field`, local `day`, ..."""
        return self._current(hourly=False)

    def hourly(self) -> pl.DataFrame:
        """Return every hour: Elvia's as sent, Leneda's where all four quarters are there."""
        return self._current(hourly=True)

    def _current(self, *, hourly: bool) -> pl.DataFrame:
        frames = []
        for source in (ELVIA, LENEDA):
            log = self.flow_of(source).store.readings
            current = pl.concat([log.current(month) for month in log.months()])
            if hourly:
                quarters = current.filter(pl.col("resolution") == "PT15M")
                whole = (
                    quarters.group_by("source", "metering_point", "register", start=pl.col("start").dt.truncate("1h"))
                    .agg(pl.col("quantity").sum(), pl.col("settled").all(), count=pl.len())
                    .filter(pl.col("count") == 4)
                    .drop("count")
                )
                hours_ = current.filter(pl.col("resolution") == "PT1H").select(whole.columns)
                current = pl.concat([hours_, whole])
            local = pl.col("start").dt.convert_time_zone(source.zone.key)
            frames.append(
                current.with_columns(
                    local=local.dt.replace_time_zone(None),
                    day=local.dt.date(),
                    midnight=local.dt.truncate("1d").dt.convert_time_zone("UTC"),
                    monday=local.dt.truncate("1w").dt.convert_time_zone("UTC"),
                    month=local.dt.truncate("1mo").dt.convert_time_zone("UTC"),
                )
            )
        return pl.concat(frames, how="diagonal").sort("source", "metering_point", "register", "start")


@contextmanager
def filled(folder: Path, influx: InfluxSettings) -> Iterator[Filled]:
    """Give the installation as it is at `NOW`."""
    world = _world()
    with running(world) as sandbox, Filled(sandbox, folder, influx) as home:
        for name, keys in connections(world, sandbox.url).items():
            for key, value in keys.items():
                home.set(f"connections__{name}__{key}", value)
        for name in ("plant", "solar"):
            home.set(f"connections__{name}__history_years", 1)
        home.database.create()
        with time_machine.travel(NOW - DAY) as traveller, stamina.set_testing(True, attempts=4, cap=True):
            home.begins = lambda: traveller.move_to(NOW - DAY)
            home.fill()
            home.begins = lambda: traveller.move_to(NOW)
            home.catch_up()
            home.begins = lambda: None
        yield home
