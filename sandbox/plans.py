"""What the operator does to single hours: leaves them out for a while, corrects them, verifies them late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from schemas.time import HOUR, Window

Instant = Annotated[datetime, Meta(tz=True)]
"""An aware instant, also where it comes from JSON."""


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which hours are meant: of one metering point, of one register or (None) of all, that start in the window."""

    metering_point: str
    window: Window
    register: str | None = None

    def meant(self, metering_point: str, register: str) -> bool:
        """Tell whether the plan is about this series."""
        return self.metering_point == metering_point and self.register in (None, register)


class Absence(Plan, frozen=True, kw_only=True):
    """Hours that are not served: from `since` (None: from the first) until `until` (None: for ever).

    A late hour is absent until it appears; a removed one is absent since it went.
    """

    since: Instant | None = None
    until: Instant | None = None

    def applies(self, metering_point: str, register: str, now: datetime) -> bool:
        """Tell whether the series lacks these hours at `now`."""
        begun = self.since is None or self.since <= now
        ended = self.until is not None and self.until <= now
        return self.meant(metering_point, register) and begun and not ended


def late(metering_point: str, window: Window, by: timedelta, register: str | None = None) -> Absence:
    """Plan hours that appear only some time after the window has passed."""
    return Absence(metering_point=metering_point, window=window, register=register, until=window.end + by)


def removed(metering_point: str, window: Window, since: datetime, register: str | None = None) -> Absence:
    """Plan hours that the operator serves no more, from an instant."""
    return Absence(metering_point=metering_point, window=window, register=register, since=since)


class Unverified(Plan, frozen=True, kw_only=True):
    """Hours whose flag stays down although their day is over, until `until` (None: for ever)."""

    until: Instant | None = None

    def applies(self, metering_point: str, register: str, now: datetime) -> bool:
        """Tell whether the series' hours are held unverified at `now`."""
        return self.meant(metering_point, register) and (self.until is None or now < self.until)


class Correction(Plan, frozen=True, kw_only=True):
    """Hours that are re-valued at the instant `shows`: by a factor, or to a quantity in kWh.

    Later corrections work on what the earlier ones left.

    Raises:
        ValueError: neither or both of factor and quantity are given.
    """

    shows: Instant
    factor: float | None = None
    quantity: float | None = None

    def __post_init__(self) -> None:
        """Refuse a correction that does not say what to correct to."""
        if (self.factor is None) == (self.quantity is None):
            msg = "a correction has either a factor or a quantity"
            raise ValueError(msg)

    def applies(self, metering_point: str, register: str, now: datetime) -> bool:
        """Tell whether the series shows the correction at `now`."""
        return self.meant(metering_point, register) and self.shows <= now


def hour_of(start: datetime) -> Window:
    """Return the window of one hour."""
    return Window(start, start + HOUR)
