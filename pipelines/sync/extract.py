"""Ask for what one connection is missing: one generator, which hands over each answer as it comes.

What a refusal means is decided here. 401 is a refused credential. 400, 403 or 404 for a window means "no
contract then", unless the newest day is refused too; and where one call asks for several metering points,
each is asked alone before anything is concluded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors.base import Ask, BadRow, Feed
from connectors.errors import Refused, RenewCredential
from schemas.judge import judge_peaks, judge_readings
from schemas.time import Window, local_day, local_midnight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    import polars as pl

    from connectors.base import RawAnswer, Session
    from pipelines.sync.assignment import Assignment

NO_CONTRACT_THEN: Final = frozenset({400, 403, 404})
"""Statuses with which an operator says that it has nothing for a window. Which one is nowhere documented."""


@dataclass(frozen=True)
class Piece:
    """What one call brought, judged; nothing at all where there was no contract then.

    `accepted` has the candidate's columns of the feed that are stored or settled by; `rejected` is for the
    quarantine.
    """

    ask: Ask
    asked_at: datetime
    metering_points: tuple[str, ...]
    """The metering points that were asked for or answered."""
    answered: tuple[str, ...] = ()
    accepted: pl.DataFrame | None = None
    rejected: tuple[BadRow, ...] = ()
    rows: int = 0
    nulls: int = 0


class Extraction:
    """The asking of one connection, from its greeting to the oldest year."""

    def __init__(self, assignment: Assignment, session: Session, land: Callable[[RawAnswer], object]) -> None:
        """Bind what is to be asked, with which credential, and where answers land before anything is made of them."""
        self._assignment, self._session, self._land = assignment, session, land
        self._source, self._now = assignment.source, assignment.now
        self._points = assignment.configured or assignment.known
        # Whose newest day was answered in this run; the empty string stands for the credential as such.
        self._proven: set[str] = set()
        self._lost: dict[str, RenewCredential] = {}
        self.calls = 0
        self.bytes = 0

    def pieces(self) -> Iterator[Piece]:
        """Yield what each call brings, newest first.

        Raises:
            OutsideError: the call that failed ends the connection's run; what was yielded before it stands.
        """
        if self._assignment.must_greet():
            yield from self._greet()
        if not self._points:
            self._proven.clear()
            message = f"{self._source.name}: the credential covers no metering point"
            raise RenewCredential(message)
        for year in sorted(self._assignment.years, reverse=True):
            for feed in self._source.feeds:
                yield from self._year(feed, year)
        if self._lost:
            raise next(iter(self._lost.values()))

    @property
    def proven(self) -> bool:
        """Tell whether the newest day was answered in this run."""
        return bool(self._proven)

    def _greet(self) -> Iterator[Piece]:
        """Ask for the newest day first: it tells a refused credential from a window without a contract."""
        configured = self._assignment.configured
        chunks = _chunks(configured, self._assignment.points_per_call) if configured else [()]
        for chunk in chunks:
            pieces = list(self._ask(Ask(Feed.READINGS, self._assignment.newest_day(), chunk), Feed.READINGS))
            if not configured:
                self._meet({point for piece in pieces for point in piece.metering_points})
            yield from pieces

    def _meet(self, answered: set[str]) -> None:
        known = self._assignment.known
        if known and not answered.intersection(known):
            message = (
                f"{self._source.name}: this credential covers none of the {len(known)} metering points known "
                f"for the connection; it seems to be somebody else's"
            )
            # What it answered proves nothing, and is not kept.
            self._proven.clear()
            raise RenewCredential(message)
        self._points = tuple(dict.fromkeys((*known, *sorted(answered))))

    def _year(self, feed: Feed, year: int) -> Iterator[Piece]:
        for windows, due_points in self._assignment.due(feed, year, self._points).items():
            points = [point for point in due_points if point not in self._lost]
            if not points:
                continue
            everyone = (
                not self._assignment.configured and len(points) == len(self._points) <= self._assignment.points_per_call
            )
            chunks = [()] if everyone else _chunks(tuple(points), self._assignment.points_per_call)
            for window in self._source.calls(feed, windows, self._now):
                for chunk in chunks:
                    for piece in self._ask(Ask(feed, window, chunk), feed):
                        # A metering point that a call without names left out was asked for all the same.
                        asked = chunk or tuple(points)
                        named = piece.metering_points if piece.ask.metering_points else (*asked, *piece.metering_points)
                        yield replace(piece, metering_points=tuple(dict.fromkeys(named)))

    def _ask(self, ask: Ask, feed: Feed) -> Iterator[Piece]:
        try:
            yield self._call(ask)
        except Refused as refusal:
            if refusal.status not in NO_CONTRACT_THEN:
                raise
            yield from self._refused(ask, feed, refusal)

    def _refused(self, ask: Ask, feed: Feed, refusal: Refused) -> Iterator[Piece]:
        zone = self._source.zone
        if feed is Feed.READINGS and ask.window.start == self._source.history_start(feed, self._now):
            # Where "three years back" ends to the hour is the operator's secret; the next day is within it.
            later = Window(local_midnight(local_day(ask.window.start, zone) + timedelta(days=1), zone), ask.window.end)
            if later:
                for piece in self._ask(replace(ask, window=later), feed):
                    yield replace(piece, ask=replace(piece.ask, window=ask.window))
                return
        points = ask.metering_points or (self._points if len(self._points) > 1 else ())
        if len(points) > 1:
            for point in points:
                yield from self._ask(replace(ask, metering_points=(point,)), feed)
            return
        point = points[0] if points else ""
        newest = Ask(Feed.READINGS, self._assignment.newest_day(), ask.metering_points)
        is_newest = feed is Feed.READINGS and ask.window.covers(newest.window)
        if point not in self._proven and not is_newest:
            try:
                yield self._call(newest)
            except Refused as newest_refusal:
                is_newest, refusal = True, newest_refusal
        if not is_newest:
            yield Piece(ask, self._now, ask.metering_points)
            return
        error = self._no_access(point, refusal)
        if len(self._points) <= 1:
            raise error from None
        self._lost[point] = error

    def _no_access(self, point: str, refusal: Refused) -> RenewCredential:
        # Enough of the id for its owner to know it, and not the id.
        asked = f"the metering point that ends in {point[-4:]}" if point else "every metering point"
        return RenewCredential(
            f"{self._source.name}: the newest day of {asked} is refused (status {refusal.status}): the credential "
            "does not cover it, or its contract has ended"
        )

    def _call(self, ask: Ask) -> Piece:
        self.calls += 1
        answer = self._session.ask(ask)
        self.bytes += len(answer.body)
        self._land(answer)
        candidates = self._source.parse(answer)
        verdict = (judge_peaks if ask.feed is Feed.PEAKS else judge_readings)(candidates.frame, answer.asked_at)
        if ask.feed is Feed.READINGS and ask.window.end >= self._assignment.newest_day().end:
            self._proven.update(ask.metering_points or ("", *candidates.metering_points))
        rejected = [
            BadRow(point, register, start, rule, "", candidates.verbatim(row))
            for point, register, start, row, rule in verdict.rejected.iter_rows()
        ]
        return Piece(
            ask=ask,
            asked_at=answer.asked_at,
            metering_points=tuple(dict.fromkeys((*ask.metering_points, *candidates.metering_points))),
            answered=candidates.metering_points,
            # What was judged by is not stored; many answers wait for one merge.
            accepted=verdict.accepted.drop("end", "hour_end", "unit", "row", strict=False),
            rejected=(*candidates.bad, *rejected),
            rows=candidates.frame.height + len(candidates.bad),
            nulls=candidates.nulls,
        )


def _chunks(points: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(points[start : start + size]) for start in range(0, len(points), size)]
