"""What the operator does to single values, beside leaving out and correcting them (`sandbox.plans`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.plans import Instant, Plan

if TYPE_CHECKING:
    from datetime import datetime


class Oddity(Plan, frozen=True, kw_only=True):
    """Values of another `type` than "Actual", or that are null, until `until` (None: for ever)."""

    type: str | None = None
    null: bool = False
    until: Instant | None = None

    def applies(self, metering_point: str, register: str, now: datetime) -> bool:
        """Tell whether the series' values are odd at `now`."""
        return self.meant(metering_point, register) and (self.until is None or now < self.until)
