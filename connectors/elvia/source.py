"""Elvia's calendar and limits: what it serves, since when, how far in one call, and when a value is final."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Self
from zoneinfo import ZoneInfo

from connectors.base import Candidates, Feed, FeedRules, RawAnswer
from connectors.elvia.charge import CHARGE
from connectors.elvia.settings import ElviaConnection
from schemas.settlement import Settlement
from schemas.time import (
    Window,
    floor_hour,
    local_day,
    local_midnight,
    local_months,
    month_window,
    next_month,
    years_before,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.budget import Budget
    from connectors.connection import ConnectionSettings
    from connectors.elvia.session import ElviaSession

HISTORY_YEARS: Final = 3
"""elvia.no: at most three years back, counted by the local calendar."""

DUE_AT: Final = time(7)
"""Elhub: a grid company sends yesterday's values by 07:00 local time."""


class Elvia:
    """MeterValueApi: hours of consumption and production, and the official peaks of each month."""

    name: Final = "elvia"
    zone: Final = ZoneInfo("Europe/Oslo")
    settings: Final = ElviaConnection
    feeds: Final = {
        # An hour is published one to two hours after it ended.
        Feed.READINGS: FeedRules(pace=timedelta(hours=1)),
        # A month's peaks move when a day ends; half a day lets a daily run ask each time.
        Feed.PEAKS: FeedRules(pace=timedelta(hours=12)),
    }
    finds_points: Final = True
    # How many it takes is nowhere documented; `sync.points_per_call` decides.
    points_per_call: Final = None
    # A customer hands over a token; the operator takes no requests.
    access: Final = None
    charge: Final = CHARGE
    # Elhub locks values five days after the day. In Innlandet the operator never sets the flag.
    settlement: Final = Settlement(full_days=5, by_age="where_the_flag_is_mute")

    def narrowed(self, connection: ConnectionSettings) -> Self:  # noqa: ARG002 - every connection is asked alike
        """Return itself."""
        return self

    def history_start(self, feed: Feed, now: datetime) -> datetime:
        """Return the start of what is served: three years back, or the first whole month after it for peaks."""
        earliest = years_before(floor_hour(now), HISTORY_YEARS, self.zone)
        if feed is Feed.READINGS:
            return earliest
        first = local_day(earliest, self.zone).replace(day=1)
        month = local_midnight(first, self.zone)
        return month if month >= earliest else local_midnight(next_month(first), self.zone)

    def published_until(self, now: datetime) -> datetime:
        """Return the last full hour; the operator answers with what it has by then."""
        return floor_hour(now)

    def expected_until(self, now: datetime) -> datetime:
        """Return the local midnight up to which hours are late if missing: yesterday's are due at 07:00."""
        local = now.astimezone(self.zone)
        day = local.date() if local.time() >= DUE_AT else local.date() - timedelta(days=1)
        return local_midnight(day, self.zone)

    def recent(self, now: datetime) -> Window:
        """Return the newest local day that has anything published, up to what is."""
        end = self.published_until(now)
        return Window(local_midnight(local_day(end - timedelta.resolution, self.zone), self.zone), end)

    def calls(self, feed: Feed, due: Sequence[Window], now: datetime) -> Iterator[Window]:
        """Yield one window over all that is due in a year; for peaks one a month, the newest two together."""
        if not due:
            return
        hull = Window(due[0].start, due[-1].end)
        if feed is Feed.READINGS:
            yield hull
            return
        months = {month for window in due for month in local_months(window, self.zone)}
        running = local_day(self.published_until(now), self.zone).replace(day=1)
        if running in months:
            # Asked as of now, the operator gives this month and the one before.
            before = (running - timedelta(days=1)).replace(day=1)
            start = max(month_window(before, self.zone).start, self.history_start(feed, now))
            yield Window(start, self.published_until(now))
            months -= {running, before}
        for month in sorted(months, reverse=True):
            yield month_window(month, self.zone)

    def open(self, name: str, connection: ConnectionSettings, budget: Budget) -> ElviaSession:
        """Start a session. Raises `RenewCredential` where the connection has no token."""
        from connectors.elvia.session import ElviaSession  # noqa: PLC0415 - settings load without httpx

        if not isinstance(connection, ElviaConnection):
            message = f"connection {name!r} is not one of Elvia's"
            raise TypeError(message)
        return ElviaSession(connection, connection.credential(name), budget, self.zone)

    def parse(self, answer: RawAnswer) -> Candidates:
        """Put an answer into canonical columns. Raises `SourceChanged` where it has no known shape."""
        from connectors.elvia.readings import parse  # noqa: PLC0415 - settings load without polars

        return parse(answer, self.zone)


ELVIA: Final = Elvia()
