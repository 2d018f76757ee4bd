"""Leneda's calendar and limits: what it serves, since when, how far in one call, and when a value is final."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from connectors.base import Candidates, Feed, FeedRules, RawAnswer
from connectors.leneda.access import LenedaAccess
from connectors.leneda.settings import LONGEST_HISTORY, LenedaConnection, of_leneda
from schemas.settlement import Settlement
from schemas.time import DAY, Window, local_day, local_midnight, years_before

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from connectors.budget import Budget
    from connectors.connection import ConnectionSettings
    from connectors.leneda.session import LenedaSession

NORMAL_DELAY: Final = 2 * DAY
"""Yesterday is often published in the afternoon, and often only the day after."""


class Leneda:
    """The quarter-hours of electricity and the hours of gas, register by register."""

    name: Final = "leneda"
    zone: Final = ZoneInfo("Europe/Luxembourg")
    settings: Final = LenedaConnection
    # A whole local day is published once a day, at an hour that nobody promises: a daily run always finds the last
    # ask old, and an hourly one asks four times a day.
    feeds: Final = {Feed.READINGS: FeedRules(pace=timedelta(hours=6))}
    finds_points: Final = False
    points_per_call: Final = 1
    access: Final = LenedaAccess()
    charge: Final = None
    # Corrected values are delivered for about a week, and no flag says that a value is final.
    settlement: Final = Settlement(full_days=7, by_age="always")

    def __init__(self, history_years: int = LONGEST_HISTORY, days_per_call: int = 31) -> None:
        """Fix what a connection may narrow: how far back is asked, and how many local days in one call."""
        self._history_years, self._days_per_call = history_years, days_per_call

    def narrowed(self, connection: ConnectionSettings) -> Leneda:
        """Return Leneda with the reach that the connection's settings give it."""
        leneda = of_leneda(connection)
        return Leneda(leneda.history_years, leneda.days_per_call)

    def history_start(self, feed: Feed, now: datetime) -> datetime:  # noqa: ARG002 - it has but one
        """Return the first local midnight of what is asked for: so many calendar years back."""
        return self._midnight(years_before(now, self._history_years, self.zone))

    def published_until(self, now: datetime) -> datetime:
        """Return the local midnight before which whole days may be published."""
        return self._midnight(now)

    def expected_until(self, now: datetime) -> datetime:
        """Return the local midnight before which days are late if they are missing."""
        return self._midnight(now, NORMAL_DELAY)

    def recent(self, now: datetime) -> Window:
        """Return the last year: a register that shows nothing in it is unknown, or not granted."""
        start = self._midnight(years_before(now, 1, self.zone))
        return Window(start, self.published_until(now))

    def calls(self, feed: Feed, due: Sequence[Window], now: datetime) -> Iterator[Window]:  # noqa: ARG002
        """Yield whole local days, as many as a call may have, around what is due, newest first."""
        waiting = list(due)
        while waiting:
            newest = waiting[-1].end - timedelta.resolution
            end = min(self._midnight(newest, -DAY), self.published_until(now))
            first = self._midnight(newest, (self._days_per_call - 1) * DAY)
            earliest = next(window.start for window in waiting if window.end > first)
            yield Window(max(first, self._midnight(earliest)), end)
            waiting = [Window(window.start, min(window.end, first)) for window in waiting if window.start < first]

    def open(self, name: str, connection: ConnectionSettings, budget: Budget) -> LenedaSession:
        """Start a session. Raises `RenewCredential` where the connection has no key."""
        from connectors.leneda.session import LenedaSession  # noqa: PLC0415 - settings load without httpx

        leneda = of_leneda(connection)
        return LenedaSession(leneda, leneda.credential(name), budget)

    def parse(self, answer: RawAnswer) -> Candidates:
        """Put an answer into canonical columns. Raises `SourceChanged` where it has no known shape."""
        from connectors.leneda.readings import parse  # noqa: PLC0415 - settings load without polars

        return parse(answer)

    def _midnight(self, instant: datetime, before: timedelta = timedelta(0)) -> datetime:
        """Return the midnight with which the instant's local day began, or a day so many days before it."""
        return local_midnight(local_day(instant, self.zone) - before, self.zone)


LENEDA: Final = Leneda()
