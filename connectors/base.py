"""All that the pipelines may assume of a source: what it serves, its limits, how to ask and how to read.

A source is a folder beside this file with the same file names in each, and one line in `registry.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    import polars as pl

    from connectors.budget import Budget
    from connectors.connection import ConnectionSettings
    from schemas.settlement import Settlement
    from schemas.time import Window


class Feed(StrEnum):
    """A kind of data that a source serves; each has its own log in the store."""

    READINGS = "readings"
    PEAKS = "peaks"


@dataclass(frozen=True)
class Ask:
    """One call: a feed, a window, and the metering points (none: all that the credential covers)."""

    feed: Feed
    window: Window
    metering_points: tuple[str, ...] = ()
    registers: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawAnswer:
    """What came back, verbatim, with when and what was asked. Holds no credential."""

    ask: Ask
    asked_at: datetime
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class BadRow:
    """A row that cannot become a candidate: the rule it breaks, what is wrong, and its verbatim bytes."""

    metering_point: str | None
    register: str | None
    start: datetime | None
    rule: str
    detail: str
    row: bytes


@dataclass(frozen=True)
class Candidates:
    """An answer put into canonical columns, not yet judged.

    `frame` has `schemas.reading.CANDIDATE` columns (or `schemas.peak.CANDIDATE` for peaks); its column
    `row` is what `verbatim` takes, so that a row that breaks a rule later is kept as the operator sent it.
    `nulls` counts rows without a value: the operator has none, which is missing, never zero.
    """

    frame: pl.DataFrame
    verbatim: Callable[[int], bytes]
    bad: Sequence[BadRow] = ()
    metering_points: tuple[str, ...] = ()
    nulls: int = 0


@dataclass(frozen=True)
class FeedRules:
    """How a feed moves: the shortest sensible time between two asks for the same intervals."""

    pace: timedelta


class Session(Protocol):
    """One connection's credential at work."""

    def ask(self, ask: Ask) -> RawAnswer:
        """Make one call, or raise an `OutsideError`."""
        ...

    def close(self) -> None:
        """Give the sockets back."""
        ...


class Source(Protocol):
    """One operator's API."""

    @property
    def name(self) -> str:
        """The one short name: folder, setting, asset key, tag and docs page."""
        ...

    @property
    def zone(self) -> ZoneInfo:
        """The zone of its days, months and years."""
        ...

    @property
    def feeds(self) -> Mapping[Feed, FeedRules]:
        """What it serves, in the order of asking."""
        ...

    @property
    def settlement(self) -> Settlement:
        """When its values count as final."""
        ...

    @property
    def settings(self) -> type[ConnectionSettings]:
        """The model of a connection's settings."""
        ...

    def history_start(self, feed: Feed, now: datetime) -> datetime:
        """Return the earliest instant that the operator serves at `now`."""
        ...

    def published_until(self, now: datetime) -> datetime:
        """Return the end of the newest interval that may be published at `now`."""
        ...

    def expected_until(self, now: datetime) -> datetime:
        """Return the end of the newest interval that is late if it is missing at `now`."""
        ...

    def calls(self, feed: Feed, due: Sequence[Window], now: datetime) -> Iterator[Window]:
        """Yield the fewest windows that cover what is due and that the operator answers in one call each."""
        ...

    def open(self, name: str, connection: ConnectionSettings, budget: Budget) -> Session:
        """Start a session with a connection's credential."""
        ...

    def parse(self, answer: RawAnswer) -> Candidates:
        """Put an answer into canonical columns; pure. Raises `SourceChanged` where the whole shape is unknown."""
        ...
