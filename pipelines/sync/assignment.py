"""What one connection is to be asked about in a run, decided from what is known of it, without a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from connectors.base import Feed
from pipelines.sync.plan import due, grouped
from schemas.time import Window, day_window, local_day, year_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.base import Source
    from pipelines.store.ledger import Asked
    from pipelines.sync.plan import Rereading

GREETING_LASTS: Final = timedelta(days=1)


@dataclass(frozen=True)
class Assignment:
    """One connection's part of a run, and all that is known of it beforehand."""

    source: Source
    connection: str
    years: tuple[int, ...]
    configured: tuple[str, ...]
    """Metering points that the settings list; none: all that the credential covers."""
    known: tuple[str, ...]
    """Metering points that ever answered."""
    asked: Mapping[Feed, Mapping[str, Sequence[Asked]]]
    greeted_at: datetime | None
    """When the newest day was last answered to this very credential."""
    rereading: Mapping[Feed, Rereading]
    points_per_call: int
    now: datetime
    refetch: bool = False

    def has_something_to_ask(self) -> bool:
        """Tell whether any call would be made."""
        points = self.configured or self.known
        return self.must_greet() or any(
            self.due(feed, year, points) for feed in self.source.feeds for year in self.years
        )

    def must_greet(self) -> bool:
        """Tell whether the newest day has to be asked for by itself, before all else."""
        if self.greeted_at is None or not (self.configured or self.known):
            # The greeting is recorded before what it brought is stored, and a run may be killed in between.
            return True
        # A metering point that the credential gained shows in a call that names none; many points need names.
        never_unnamed = not self.configured and len(self.known) > self.points_per_call
        lapsed = self.greeted_at <= self.now - GREETING_LASTS
        return never_unnamed and lapsed and local_day(self.newest_day().start, self.source.zone).year in self.years

    def greeted_lately(self) -> bool:
        """Tell whether the newest day was answered within the pace of its feed."""
        pace = self.source.feeds[Feed.READINGS].pace
        return self.greeted_at is not None and self.now - pace < self.greeted_at <= self.now

    def newest_day(self) -> Window:
        """Return the newest local day that has anything published, up to what is."""
        end = self.source.published_until(self.now)
        day = day_window(local_day(end - timedelta.resolution, self.source.zone), self.source.zone)
        return Window(day.start, end)

    def due(self, feed: Feed, year: int, points: Sequence[str]) -> dict[tuple[Window, ...], list[str]]:
        """Return what is to be asked in a year, with the metering points that it is to be asked of."""
        newest = self.source.published_until(self.now)
        served = Window(self.source.history_start(feed, self.now), newest)
        window = year_window(year, self.source.zone).clip(served)
        asked, rules = self.asked[feed], self.rereading[feed]
        return grouped(
            {
                point: due(asked.get(point, []), window, newest, self.now, rules, refetch=self.refetch)
                for point in points
            }
        )
