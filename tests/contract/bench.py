"""An operator's sandbox with an installation beside it: what was served, stored and asked, whatever the operator."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import polars as pl
from polars.testing import assert_frame_equal

from connectors.base import Feed
from schemas.revision import current
from schemas.time import HOUR, Window, local_day, local_midnight, utc_now
from tests.support.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path

    from connectors.base import Source
    from pipelines.sync.outcome import Outcome
    from sandbox.world import World
    from tests.contract.simulated import Keys, Simulated

What: TypeAlias = "tuple[Feed, tuple[str, ...], tuple[str, ...]]"
"""What a call was about: a feed, metering points and registers."""


@dataclass
class Bench:
    """One operator and one installation."""

    operator: Simulated
    home: Home

    @property
    def source(self) -> Source:
        """The source that is held to the contract."""
        return self.operator.source

    @property
    def world(self) -> World:
        """The operator's world."""
        return self.home.world

    def elsewhere(self, folder: Path) -> Bench:
        """Return another installation with the same settings, which has asked nothing yet."""
        folder.mkdir()
        home = Home(self.home.sandbox, folder, None, self.source)
        home.environment |= self.home.environment
        return Bench(self.operator, home)

    def admit(self, *names: str, days: int = 20, points: int = 1, named: bool = False) -> None:
        """Let customers move in, each with a connection of its name."""
        for name in names:
            self.configure(name, self.operator.admit(name, days=days, points=points, named=named))

    def configure(self, name: str, keys: Keys) -> None:
        """Set keys of a connection."""
        for key, value in keys.items():
            self.home.set(f"connections__{name}__{key}", value)

    def days_ago(self, days: int, after: timedelta = 0 * HOUR) -> Window:
        """Return three hours of a local day so many days ago: the first, or those so long after midnight."""
        midnight = local_midnight(local_day(utc_now(), self.source.zone) - days * 24 * HOUR, self.source.zone)
        return Window(midnight + after, midnight + after + 3 * HOUR)

    def ask(self, name: str) -> Outcome:
        """Ask one connection about every year, in one run."""
        flow = self.home.flow()
        return flow.run(flow.syncing().years(), ask=[name], load=[]).outcomes[name]

    def log(self, name: str, feed: Feed = Feed.READINGS) -> pl.DataFrame:
        """Return every revision that the store has of a connection's, by key and `seq`."""
        log = self.home.flow().store.logs[feed]
        frames = [log.read(month) for month in log.months()]
        rows = pl.concat([log.shape.schema.to_frame(eager=True), *frames])
        return rows.filter(pl.col("connection") == name).sort(*log.shape.key, "seq")

    def stored(self, name: str, feed: Feed = Feed.READINGS) -> pl.DataFrame:
        """Return a connection's current rows."""
        log = self.home.flow().store.logs[feed]
        return current(self.log(name, feed), log.shape)

    def assert_whole(self, *names: str) -> None:
        """Hold the store to every value that the operator serves now, of every feed, and to nothing else."""
        for name in names:
            for feed, served in self.operator.served(name).items():
                assert not served.is_empty()
                stored = self.stored(name, feed)
                assert_frame_equal(stored.select(served.columns), served, check_exact=True)

    def missing(self, name: str) -> int:
        """Return how many intervals `status` misses of a connection's."""
        return sum(series.missing for series in self.home.status(name)[1])

    def landed(self, name: str) -> dict[What, list[Window]]:
        """Return what was answered to a connection, by what it was about."""
        found: defaultdict[What, list[Window]] = defaultdict(list)
        for ask in self._asks(name):
            found[ask[:3]].append(ask[3])
        return dict(found)

    def bodies(self, name: str) -> list[bytes]:
        """Return the answers as they came."""
        raw = self.home.flow().store.raw
        answers = (raw.read(path) for path in raw.files(self.source.name))
        return [answer.body for _, connection, answer in answers if connection == name]

    def credited(self, name: str, feed: Feed) -> Iterator[tuple[pl.Expr, Window]]:
        """Yield what the ledger says was asked of a feed: whose rows, and of which time."""
        for subject, pieces in self.home.flow().store.ledger.asked(name, feed).items():
            whose = pl.col("metering_point") == subject.metering_point
            if subject.register:
                whose &= pl.col("register") == subject.register
            for piece in pieces:
                yield whose, piece.window

    def has_something_to_ask(self, name: str) -> bool:
        """Tell whether a sync would ask now, of any year."""
        syncing = self.home.flow().syncing([name])
        return any(syncing.connections_to_ask(year) for year in syncing.years())

    def _asks(self, name: str) -> Iterator[tuple[Feed, tuple[str, ...], tuple[str, ...], Window]]:
        raw = self.home.flow().store.raw
        for path in raw.files(self.source.name):
            _, connection, answer = raw.read(path)
            if connection == name:
                ask = answer.ask
                yield ask.feed, ask.metering_points, ask.registers, ask.window


def within(window: Window) -> pl.Expr:
    """Tell which rows start in a window."""
    return pl.col("start").is_between(window.start, window.end, closed="left")
