"""All that the pipelines may assume of a source: what it serves, its limits, how to ask and how to read.

A source is a folder beside this file with the same file names in each, and one line in `registry.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    import polars as pl

    from connectors.access import Access
    from connectors.budget import Budget
    from connectors.connection import ConnectionSettings
    from schemas.charge import CapacityCharge
    from schemas.settlement import Settlement
    from schemas.time import Window


class Feed(StrEnum):
    """A kind of data that a source serves; each has its own log in the store."""

    READINGS = "readings"
    PEAKS = "peaks"


@dataclass(frozen=True, order=True)
class Subject:
    """What is asked for by itself, and remembered as asked: a metering point, or one register of it."""

    metering_point: str
    register: str = ""
    """Empty where an answer holds every register of the metering point."""


@dataclass(frozen=True)
class Ask:
    """One call: a feed, a window, and the metering points (none: all that the credential covers).

    `registers` is empty where an answer holds all of them.
    """

    feed: Feed
    window: Window
    metering_points: tuple[str, ...] = ()
    registers: tuple[str, ...] = ()

    @classmethod
    def about(cls, feed: Feed, window: Window, subjects: Iterable[Subject]) -> Self:
        """Return the call that asks for these subjects: whole metering points, or one register of one of them."""
        named = list(subjects)
        registers = dict.fromkeys(subject.register for subject in named if subject.register)
        return cls(feed, window, tuple(subject.metering_point for subject in named), tuple(registers))

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What is asked for by name."""
        return self.subjects_of(self.metering_points)

    def subjects_of(self, metering_points: Iterable[str]) -> tuple[Subject, ...]:
        """Return what an answer that holds these metering points is about."""
        return tuple(Subject(point, register) for point in metering_points for register in self.registers or ("",))


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
    `nulls` counts rows without a value: the operator has none, which is missing, never zero. `unfamiliar` counts
    rows by a word of the operator's that nobody knows yet and that makes them provisional, no more.
    """

    frame: pl.DataFrame
    verbatim: Callable[[int], bytes]
    bad: Sequence[BadRow] = ()
    metering_points: tuple[str, ...] = ()
    nulls: int = 0
    unfamiliar: Mapping[str, int] = field(default_factory=dict)


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

    @property
    def finds_points(self) -> bool:
        """Whether a call that names no metering point brings all that the credential covers; else they are listed."""
        ...

    @property
    def points_per_call(self) -> int | None:
        """The most metering points that a call may name: 1 where it asks for one register; None: nobody knows."""
        ...

    @property
    def access(self) -> Access | None:
        """How access to somebody else's readings is asked for; None where it cannot be."""
        ...

    @property
    def charge(self) -> CapacityCharge | None:
        """What the highest hours of a month cost; None where they cost nothing, or nobody knows what."""
        ...

    def narrowed(self, connection: ConnectionSettings) -> Source:
        """Return the source as this connection wants it to be asked: less far back, in shorter windows."""
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

    def recent(self, now: datetime) -> Window:
        """Return the newest stretch in which whatever a credential covers shows at all: it proves access."""
        ...

    def calls(self, feed: Feed, due: Sequence[Window], now: datetime) -> Iterator[Window]:
        """Yield the fewest windows, newest first, that cover what is due and are answered in one call each."""
        ...

    def open(self, name: str, connection: ConnectionSettings, budget: Budget) -> Session:
        """Start a session with a connection's credential."""
        ...

    def parse(self, answer: RawAnswer) -> Candidates:
        """Put an answer into canonical columns; pure. Raises `SourceChanged` where the whole shape is unknown."""
        ...
