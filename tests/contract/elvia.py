"""Elvia's sandbox, as the contract needs it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

import polars as pl

from connectors.base import Feed
from connectors.elvia.source import ELVIA
from sandbox import truth
from sandbox.faults import FaultKind
from sandbox.hours import OSLO
from sandbox.households import Household, metering_point_id
from sandbox.world import Token
from schemas.time import (
    DAY,
    HOUR,
    Window,
    floor_hour,
    local_day,
    local_midnight,
    local_months,
    month_window,
    years_before,
)
from tests.contract.simulated import Keys, Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.base import Source
    from sandbox.serve import Sandbox
    from sandbox.world import Call

CALLS_AN_HOUR: Final = 10


@dataclass
class SimulatedElvia:
    """Customers of Elvia's, each with a token."""

    sandbox: Sandbox
    source: ClassVar[Source] = ELVIA
    unknown_words: ClassVar[Mapping[FaultKind, str]] = {
        FaultKind.WRONG_UNIT: "unit_is_the_registers",
        FaultKind.QUARTER_HOURS: "resolution_is_known",
        FaultKind.RENAMED_VALUE: "row_is_readable",
    }
    _households: dict[str, list[Household]] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def admit(self, name: str, *, days: int, points: int = 1, named: bool = False) -> Keys:
        """Let households move in, under one token."""
        world = self.sandbox.world
        # The sandbox counts by its own clock, in which a month is a moment.
        world.calls_per_hour = None
        since = local_midnight(local_day(world.now(), OSLO) - days * DAY, OSLO)
        serials = range(len(world.households) + 1, len(world.households) + 1 + points)
        self._households[name] = [
            Household(metering_point_id(serial), f"{name} {serial}", since, produces=True) for serial in serials
        ]
        listed = {"metering_points": json.dumps(self.points(name))} if named else {}
        return {
            "source": "elvia",
            "base_url": self.sandbox.elvia_url,
            "calls_per_hour": 100_000,
            **listed,
        } | self.renew(name)

    def points(self, name: str) -> tuple[str, ...]:
        """Return the households' metering points."""
        return tuple(household.metering_point for household in self._households[name])

    def secret(self, name: str) -> str:
        """Return the token."""
        return self._tokens[name]

    def revoke(self, name: str) -> None:
        """Delete the token."""
        self.sandbox.world.tokens[self.secret(name)] = Token(self.points(name), deleted=True)

    def renew(self, name: str) -> Keys:
        """Make another token."""
        self._tokens[name] = f"canary.{name}.{len(self.sandbox.world.tokens)}"
        self.sandbox.world.admit(self.secret(name), self._households[name])
        return {"token": self.secret(name)}

    def served(self, name: str) -> dict[Feed, pl.DataFrame]:
        """Return hours of both registers, and each month's peaks of consumption."""
        readings = [hours for household in self._households[name] for hours in self._hours(household)]
        peaks = [month for household in self._households[name] for month in self._peaks(household)]
        return {
            Feed.READINGS: pl.concat(readings).sort("metering_point", "register", "start"),
            Feed.PEAKS: pl.concat(peaks).sort("metering_point", "register", "start", "rank"),
        }

    def allows(self, call: Call) -> bool:
        """At most a year a call, three years back, to the last hour; a month's peaks bring those of the one before."""
        window = call.window
        if window is None:
            return False
        served = Window(years_before(floor_hour(call.at), 3, OSLO), floor_hour(call.at))
        asked = Window(window.end, window.end) if call.path.endswith("maxhours") else window
        return served.covers(asked) and years_before(window.end, 1, OSLO) <= window.start

    def paced(self, name: str) -> Pace:  # noqa: ARG002 - it counts every token's
        """Let the operator count; it answers 429 beyond."""
        self.sandbox.world.calls_per_hour = CALLS_AN_HOUR
        return Pace(CALLS_AN_HOUR, HOUR, {"calls_per_hour": CALLS_AN_HOUR})

    def _hours(self, household: Household) -> list[pl.DataFrame]:
        world, now = self.sandbox.world, self.sandbox.world.now()
        window = Window(years_before(floor_hour(now), 3, OSLO), now)
        return [
            truth.served(world, household.metering_point, register, window, now).select(
                metering_point=pl.lit(household.metering_point),
                register=pl.lit(register),
                start="start",
                resolution=pl.lit("PT1H"),
                quantity="quantity",
                verified="verified",
            )
            for register in household.registers
        ]

    def _peaks(self, household: Household) -> list[pl.DataFrame]:
        """Return the highest hours of each month, as of its end or of the last full hour."""
        world, now = self.sandbox.world, floor_hour(self.sandbox.world.now())
        found = []
        for month in local_months(Window(household.contract_start, now), OSLO):
            window = month_window(month, OSLO)
            months_back = int(window.end <= now)
            peaks = truth.peaks(world, household.metering_point, "consumption", min(window.end, now), world.now())
            found.append(
                peaks.filter(pl.col("months_back") == months_back)
                .with_columns(average=pl.col("quantity").mean())
                .sort("quantity", "start", descending=[True, False])
                .with_row_index("rank", offset=1)
                .select(
                    metering_point=pl.lit(household.metering_point),
                    register=pl.lit("consumption"),
                    start=pl.lit(window.start, pl.Datetime("us", "UTC")),
                    rank=pl.col("rank").cast(pl.Int64),
                    quantity="quantity",
                    hour_start="start",
                    average="average",
                    verified="verified",
                )
            )
        return found
