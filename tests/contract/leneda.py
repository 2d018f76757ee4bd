"""Leneda's sandbox, as the contract needs it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

import polars as pl

from connectors.base import Feed
from connectors.leneda.source import LENEDA
from sandbox.faults import FaultKind
from sandbox.leneda import truth
from sandbox.leneda.demo import metering_point_code
from sandbox.leneda.grid import MeteringPoint
from sandbox.leneda.profile import LUXEMBOURG
from schemas.time import DAY, Window, local_day, local_days, local_midnight, years_before
from tests.contract.simulated import Keys, Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.base import Source
    from sandbox.serve import Sandbox
    from sandbox.world import Call

REGISTERS: Final = ("consumption", "production")
KWH_OF_A_KW: Final = 0.25
"""In a quarter-hour."""
DAYS_A_CALL: Final = 62
CALLS_A_MINUTE: Final = 6


@dataclass
class SimulatedLeneda:
    """Users of Leneda's, each with an Energy ID and a key."""

    sandbox: Sandbox
    source: ClassVar[Source] = LENEDA
    unknown_words: ClassVar[Mapping[FaultKind, str]] = {
        FaultKind.WRONG_UNIT: "unit_is_the_registers",
        FaultKind.UNKNOWN_INTERVAL: "resolution_is_known",
        FaultKind.RENAMED_VALUE: "row_is_readable",
    }
    _energy_ids: dict[str, str] = field(default_factory=dict)
    _keys_made: int = 0

    def admit(self, name: str, *, days: int, points: int = 1, named: bool = False) -> Keys:
        """Let a user in with metering points that have both registers."""
        world = self.sandbox.world
        since = local_midnight(local_day(world.now(), LUXEMBOURG) - days * DAY, LUXEMBOURG)
        taken = len(world.leneda.metering_points)
        codes = [metering_point_code(serial) for serial in range(taken + 1, taken + 1 + points)]
        self._energy_ids[name] = f"LUXE-XX-YY-{12341 + len(self._energy_ids)}"
        owned = [MeteringPoint(code, code[-2:], REGISTERS, since) for code in codes]
        world.leneda.admit(self._energy_ids[name], f"{name} Example", None, owned)
        listed = [{"code": code} | ({"registers": REGISTERS} if named else {}) for code in codes]
        return {
            "source": "leneda",
            "base_url": self.sandbox.leneda_url,
            "energy_id": self._energy_ids[name],
            "history_years": 1,
            "days_per_call": DAYS_A_CALL,
            "calls_per_minute": 60_000,
            "metering_points": json.dumps(listed),
        } | self.renew(name)

    def points(self, name: str) -> tuple[str, ...]:
        """Return the user's own metering points."""
        return self.sandbox.world.leneda.accounts[self._energy_ids[name]].metering_points

    def secret(self, name: str) -> str:
        """Return the API key."""
        return self.sandbox.world.leneda.accounts[self._energy_ids[name]].api_key or ""

    def revoke(self, name: str) -> None:
        """Remove the API key."""
        self.sandbox.world.leneda.accounts[self._energy_ids[name]].api_key = None

    def renew(self, name: str) -> Keys:
        """Make another API key."""
        self._keys_made += 1
        key = f"canary-{name}-{self._keys_made}"
        self.sandbox.world.leneda.accounts[self._energy_ids[name]].api_key = key
        return {"api_key": key}

    def served(self, name: str) -> dict[Feed, pl.DataFrame]:
        """Return the quarter-hours of both registers, in kWh."""
        world, now = self.sandbox.world, self.sandbox.world.now()
        window = Window(_first_midnight(now), now)
        series = [
            truth.served(world, code, register, window, now)
            .drop_nulls("quantity")
            .select(
                metering_point=pl.lit(code),
                register=pl.lit(register),
                start="start",
                resolution=pl.lit("PT15M"),
                quantity=pl.col("quantity") * KWH_OF_A_KW,
                operator_version="version",
            )
            for code in self.points(name)
            for register in REGISTERS
        ]
        return {Feed.READINGS: pl.concat(series).sort("metering_point", "register", "start")}

    def allows(self, call: Call) -> bool:
        """Whole local days of the last year, so many a call; which registers there are, all of the year may tell."""
        window = call.window
        if window is None:
            return False
        whole = all(bound == local_midnight(local_day(bound, LUXEMBOURG), LUXEMBOURG) for bound in window.bounds)
        days = len(list(local_days(window, LUXEMBOURG)))
        year = Window(_first_midnight(call.at), local_midnight(local_day(call.at, LUXEMBOURG), LUXEMBOURG))
        return whole and (days <= DAYS_A_CALL or window == year) and year.covers(window)

    def paced(self, name: str) -> Pace:  # noqa: ARG002 - every key's pace is one
        """Return the pause that the connection promises; the operator is not known to count."""
        return Pace(1, timedelta(minutes=1) / CALLS_A_MINUTE, {"calls_per_minute": CALLS_A_MINUTE})


def _first_midnight(now: datetime) -> datetime:
    day = local_day(years_before(now, 1, LUXEMBOURG), LUXEMBOURG)
    return local_midnight(day, LUXEMBOURG)
