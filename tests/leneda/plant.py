"""Somebody's installation beside a simulated Leneda: with a store alone, or with a database, too."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.base import Feed, Subject
from connectors.leneda.source import LENEDA
from pipelines.flow import Flow
from pipelines.settings import load
from pipelines.store.alias import Aliases
from sandbox.leneda import truth
from sandbox.leneda.demo import metering_point_code
from sandbox.leneda.grid import MeteringPoint
from sandbox.leneda.registers import REGISTERS
from schemas.registers import REGISTERS as UNITS
from schemas.time import DAY, Window, local_day, local_midnight, utc_now
from tests.support.influx import variables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from connectors.influxdb.settings import InfluxSettings
    from pipelines.settings import Settings
    from pipelines.sync.outcome import Outcome
    from sandbox.serve import Sandbox
    from sandbox.world import Call, World

# A Wednesday, 14:20 in Luxembourg, and the operator has just published Tuesday.
NOW: Final = datetime(2026, 6, 17, 12, 20, tzinfo=UTC)
ZONE: Final = LENEDA.zone
TODAY: Final = local_day(NOW, ZONE)

ENERGY_ID: Final = "LUXE-XX-YY-12341"
KEY: Final = "canary-00000000-0000-4000-8000-000000000001"
POINT, OTHER, GAS = (metering_point_code(serial) for serial in (11, 12, 13))

# What one of the operator's values is worth in the register's own unit.
WORTH: Final = {name: 0.25 if register.unit in {"kW", "kVAR"} else 1.0 for name, register in REGISTERS.items()}


@dataclass
class Plant:
    """One connection, named plant, and what became of it."""

    sandbox: Sandbox
    folder: Path
    points: dict[str, tuple[str, ...]] = field(default_factory=dict)
    keys: dict[str, object] = field(default_factory=dict)
    influx: InfluxSettings | None = None

    @property
    def world(self) -> World:
        """The world that the sandbox serves."""
        return self.sandbox.world

    def owns(self, code: str, *registers: str, days: int = 40) -> None:
        """Give the account a metering point with these registers, which began so many local days ago."""
        since = local_midnight(TODAY - days * DAY, ZONE)
        account = self.world.leneda.accounts.get(ENERGY_ID)
        owned = [self.world.leneda.metering_points[point] for point in account.metering_points] if account else []
        point = MeteringPoint(code, code[-2:], registers, since)
        self.world.leneda.admit(ENERGY_ID, "Plant Example", KEY, [*owned, point])

    def lists(self, code: str, *registers: str) -> None:
        """Put a metering point into the settings, with these registers, or with all that there are."""
        self.points[code] = registers

    def flow(self) -> Flow:
        """Return the flow of a run that begins now, under the settings as they are now."""
        return Flow(self.settings(), LENEDA, utc_now())

    def alias(self, code: str) -> str:
        """Return what a metering point is called where its id must not stand."""
        return Aliases(self.flow().store.state).of(code)

    def environ(self) -> dict[str, str]:
        """Return the variables that make the settings as they are now."""
        listed = [
            {"code": code} | ({"registers": registers} if registers else {}) for code, registers in self.points.items()
        ]
        # The budget counts in real time, in which a simulated month is a minute.
        keys = {
            "source": "leneda",
            "base_url": self.sandbox.leneda_url,
            "energy_id": ENERGY_ID,
            "api_key": KEY,
            "history_years": 1,
            "calls_per_minute": 60_000,
            "metering_points": json.dumps(listed),
        } | self.keys
        environ = {f"WATTLINE_CONNECTIONS__PLANT__{key.upper()}": str(value) for key, value in keys.items()}
        if self.influx is not None:
            environ |= {f"WATTLINE_{key}": value for key, value in variables(self.influx).items()}
        return environ

    def settings(self) -> Settings:
        """Return the settings as they are now."""
        return load(self.environ(), self.folder)

    def run(
        self,
        years: Sequence[int] = (),
        *,
        refetch: bool = False,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Outcome:
        """Ask about these years (all that are served, by default) in one run."""
        flow = self.flow()
        target = [] if self.influx is None else ["plant"]
        ran = flow.run(years or flow.syncing().years(), ask=["plant"], load=target, refetch=refetch, progress=progress)
        for done in ran.loads:
            assert done.error is None
            assert done.loaded is not None
            assert not done.loaded.differences
            assert not done.loaded.refused
        return ran.outcomes["plant"]

    def something_to_ask(self) -> list[int]:
        """Return the years that a schedule would run now."""
        syncing = self.flow().syncing()
        return [year for year in syncing.years() if syncing.connections_to_ask(year)]

    def calls(self) -> list[Call]:
        """Return what the operator was asked since the last time, and forget it."""
        seen = list(self.world.calls)
        self.world.calls.clear()
        return seen

    def asked_for(self) -> Counter[tuple[str, str]]:
        """Count those calls by metering point and register."""
        return Counter((call.metering_points[0], call.register or "") for call in self.calls())

    def served(self, code: str, register: str) -> pl.DataFrame:
        """Return all that Leneda serves of a series now, of the year before `NOW` and since, in the register's unit."""
        now = self.world.now()
        window = Window(LENEDA.recent(NOW).start, now)
        served = truth.served(self.world, code, register, window, now).drop_nulls("quantity")
        return served.select("start", pl.col("quantity") * WORTH[register], operator_version="version")

    def log(self) -> pl.DataFrame:
        """Return every revision in the store."""
        store = self.flow().store.readings
        frames = [store.read(month) for month in store.months()]
        return pl.concat([store.shape.schema.to_frame(eager=True), *frames]).sort(*store.shape.key, "seq")

    def stored(self, code: str, register: str) -> pl.DataFrame:
        """Return a series' current readings in the store, in the columns of `served`."""
        mine = self.log().filter(pl.col("metering_point") == code, pl.col("register") == register)
        return mine.group_by("start", maintain_order=True).last().select("start", "quantity", "operator_version")

    def holds(self, code: str, register: str) -> bool:
        """Tell whether the store holds exactly what the operator serves of a series, and there is something."""
        stored = self.stored(code, register)
        return not stored.is_empty() and stored.equals(self.served(code, register))

    def never_asked(self, code: str, register: str) -> list[Window]:
        """Return the stretches of history that the ledger has no successful ask for."""
        now = utc_now()
        asked = self.flow().store.ledger.asked("plant", Feed.READINGS).get(Subject(code, register), [])
        served = Window(LENEDA.recent(now).start, LENEDA.published_until(now))
        return list(served.minus(each.window for each in asked))


assert set(WORTH) == set(UNITS), "the sandbox and the catalogue know the same registers"
