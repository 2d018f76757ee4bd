"""What one connection is to be asked about in a run, decided from what is known of it, without a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from connectors.base import Ask, Feed
from pipelines.sync.plan import due, grouped
from schemas.time import Window, local_day, year_window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.base import Source, Subject
    from pipelines.store.ledger import Asked
    from pipelines.sync.plan import Rereading

GREETING_LASTS: Final = timedelta(days=1)
_NOTHING: Final[Mapping[tuple[Feed, Subject], Sequence[Window]]] = {}


@dataclass(frozen=True)
class Assignment:
    """One connection's part of a run, and all that is known of it beforehand."""

    source: Source
    connection: str
    years: tuple[int, ...]
    configured: tuple[Subject, ...]
    """What the settings name."""
    known: tuple[Subject, ...]
    """What ever answered."""
    asked: Mapping[Feed, Mapping[Subject, Sequence[Asked]]]
    greeted_at: datetime | None
    """When the newest day was last answered to this very credential."""
    rereading: Mapping[Feed, Rereading]
    points_per_call: int
    now: datetime
    alias: Callable[[str], str]
    """What a metering point is called where its id must not stand."""
    refetch: bool = False
    seen: Mapping[Subject, datetime] = field(default_factory=dict)
    """When what is known last answered."""
    possible: tuple[Subject, ...] = ()
    """What may be there beside what the settings name, each to be found out by asking for it."""
    granted: tuple[Subject, ...] = ()
    """Other people's, to which access was asked for and given."""
    turned_down: Mapping[Subject, datetime] = field(default_factory=dict)
    """Of what the operator last said that it has nothing, or shows nothing; and when."""

    @property
    def covers_all(self) -> bool:
        """Whether all that the credential covers is wanted, which a call that names nothing brings."""
        return self.source.finds_points and not self.configured

    def subjects(self) -> tuple[Subject, ...]:
        """Return what is asked for in every run."""
        if self.covers_all:
            return self.known
        offered = {*self.known} - {*self.turned_down}
        found = (subject for subject in self.possible if subject in offered)
        return tuple(dict.fromkeys((*self.configured, *found, *self.granted)))

    def unanswered(self) -> set[str]:
        """Return the metering points that the settings name and of which nothing is answered, as far as is known."""
        turned_down = {subject.metering_point for subject in self.possible if subject in self.turned_down}
        return turned_down - {subject.metering_point for subject in self.subjects()}

    def has_something_to_ask(self) -> bool:
        """Tell whether any call would be made."""
        return bool(self.greetings() or self.probes()) or any(
            self.due(feed, year, self.subjects()) for feed in self.source.feeds for year in self.years
        )

    def greetings(self) -> list[Ask]:
        """Return the calls for what is newest that come before all else, if any: they prove the credential."""
        if not self.must_greet():
            return []
        if self.covers_all:
            return [Ask(Feed.READINGS, self.newest())]
        return [Ask.about(Feed.READINGS, self.newest(), chunk) for chunk in self.chunks(self.subjects())]

    def trials(self) -> list[list[Ask]]:
        """Return the calls that tell whether the credential is good and what it covers, of each list until one answers.

        One call where it can name many metering points; else, for each of them, a call for each register.
        """
        if self.covers_all:
            return [[Ask(Feed.READINGS, self.newest())]]
        subjects = tuple(dict.fromkeys((*self.subjects(), *self.possible)))
        if not any(subject.register for subject in subjects):
            return [[Ask.about(Feed.READINGS, self.newest(), chunk)] for chunk in self.chunks(subjects)[:1]]
        trials: dict[str, list[Ask]] = {}
        for subject in subjects:
            ask = Ask.about(Feed.READINGS, self.newest(), [subject])
            trials.setdefault(subject.metering_point, []).append(ask)
        return list(trials.values())

    def newest(self) -> Window:
        """Return the newest window that one call asks for."""
        return next(iter(self.source.calls(Feed.READINGS, [self.source.recent(self.now)], self.now)))

    def probes(self) -> list[Ask]:
        """Return the calls that find out what the operator has of what is possible, if any are due.

        What it had nothing of is tried again: with the deep re-reads, since more may have been granted; every day
        where nothing is read of the metering point, since somebody must act and is told so.
        """
        if self.greeted_at is not None and not self._looks_at_the_newest():
            return []
        wanted = {*self.subjects()}
        answering = {subject.metering_point for subject in wanted}
        tried: dict[str, datetime] = {}
        for subject, at in self.turned_down.items():
            tried[subject.metering_point] = max(at, tried.get(subject.metering_point, at))

        def may_have_come(subject: Subject) -> bool:
            if subject not in self.turned_down or self.greeted_at is None or self.refetch:
                return True
            if subject.metering_point in answering:
                return self.turned_down[subject] <= self.now - self.rereading[Feed.READINGS].deep_after
            return tried[subject.metering_point] <= self.now - GREETING_LASTS

        recent = self.source.recent(self.now)
        candidates = (subject for subject in self.possible if subject not in wanted)
        return [Ask.about(Feed.READINGS, recent, [subject]) for subject in candidates if may_have_come(subject)]

    def chunks(self, subjects: Sequence[Subject]) -> list[tuple[Subject, ...]]:
        """Part subjects into those that one call may name."""
        size = self.points_per_call
        return [tuple(subjects[start : start + size]) for start in range(0, len(subjects), size)]

    def must_greet(self) -> bool:
        """Tell whether what is newest has to be asked for by itself, before all else."""
        if self.greeted_at is None or not self.subjects():
            # The greeting is recorded before what it brought is stored, and a run may be killed in between.
            return True
        # A metering point that the credential gained shows in a call that names none; many points need names.
        never_unnamed = self.covers_all and len(self.known) > self.points_per_call
        lapsed = self.greeted_at <= self.now - GREETING_LASTS
        return never_unnamed and lapsed and self._looks_at_the_newest()

    def greeted_lately(self) -> bool:
        """Tell whether what is newest was answered within the pace of its feed."""
        return self.greeted_at is not None and self._is_lately(self.greeted_at)

    def answered_lately(self) -> Iterator[Subject]:
        """Yield what answered within that pace."""
        return (subject for subject, at in self.seen.items() if self._is_lately(at))

    def _is_lately(self, instant: datetime) -> bool:
        return self.now - self.source.feeds[Feed.READINGS].pace < instant <= self.now

    def _looks_at_the_newest(self) -> bool:
        newest = self.source.published_until(self.now) - timedelta.resolution
        return local_day(newest, self.source.zone).year in self.years

    def due(
        self,
        feed: Feed,
        year: int,
        subjects: Sequence[Subject],
        brought: Mapping[tuple[Feed, Subject], Sequence[Window]] = _NOTHING,
    ) -> dict[tuple[Window, ...], list[Subject]]:
        """Return what is to be asked in a year, with the subjects that it is to be asked of.

        `brought` is what this very run has brought already.
        """
        newest = self.source.published_until(self.now)
        served = Window(self.source.history_start(feed, self.now), newest)
        window = year_window(year, self.source.zone).clip(served)
        asked, rules = self.asked[feed], self.rereading[feed]
        found = {
            subject: due(asked.get(subject, []), window, newest, self.now, rules, refetch=self.refetch)
            for subject in subjects
        }
        return grouped(
            {
                subject: self._spared(feed, windows, brought.get((feed, subject), ()))
                for subject, windows in found.items()
            }
        )

    def _spared(self, feed: Feed, windows: list[Window], brought: Sequence[Window]) -> list[Window]:
        """Leave out what was brought, where that saves a call; a call that is made all the same asks for it again."""
        left = [part for window in windows for part in window.minus(brought)]

        def cost(parts: list[Window]) -> int:
            return len(list(self.source.calls(feed, parts, self.now)))

        return left if brought and cost(left) < cost(windows) else windows
