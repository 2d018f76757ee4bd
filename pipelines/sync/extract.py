"""Ask for what one connection is missing: one generator, which hands over each answer as it comes.

What a refusal means is decided here. 401 is a refused credential. 400, 403 or 404 for a window means "no
contract then", unless the newest day is refused too. Before that is concluded, each metering point of the call
is asked alone, and the last day of the window by itself: if that is answered, the window is halved until all of
it that the operator has is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors.base import Ask, BadRow, Feed
from connectors.errors import Refused, RenewCredential
from schemas.judge import judge_peaks, judge_readings
from schemas.time import HOUR, Window, local_day, local_midnight

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
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
        # Whose newest day was answered so lately that it need not be asked again to interpret a refusal.
        self._trusted = {"", *self._points} if assignment.greeted_lately() else set()
        self.gone: set[str] = set()
        """Metering points that the credential no longer covers, though it did, and others it does."""
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
            pieces = list(self._windows(Feed.READINGS, [self._assignment.newest_day()], chunk))
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
            points = [point for point in due_points if point not in self._lost and point not in self.gone]
            if not points:
                continue
            everyone = (
                not self._assignment.configured and len(points) == len(self._points) <= self._assignment.points_per_call
            )
            chunks = [()] if everyone else _chunks(tuple(points), self._assignment.points_per_call)
            calls = list(self._source.calls(feed, windows, self._now))
            for chunk in chunks:
                for piece in self._windows(feed, calls, chunk):
                    # A metering point that a call without names left out was asked for all the same.
                    asked = () if piece.ask.metering_points else (chunk or points)
                    named = dict.fromkeys((*asked, *piece.metering_points))
                    yield replace(piece, metering_points=tuple(named))

    def _windows(self, feed: Feed, windows: Sequence[Window], points: tuple[str, ...]) -> Iterator[Piece]:
        """Ask for windows, newest first, of some metering points or of all."""
        for place, window in enumerate(windows):
            ask = Ask(feed, window, points)
            try:
                yield self._call(ask)
            except Refused as refusal:
                if refusal.status not in NO_CONTRACT_THEN:
                    raise
                named = points or self._points
                if len(named) > 1:
                    for point in named:
                        yield from self._windows(feed, windows[place:], (point,))
                    return
                if feed is Feed.READINGS:
                    yield from self._refused(ask, refusal)
                    continue
                # Peaks come month by month: where one month has no contract, no older one has.
                if (yield from self._has_access(ask)):
                    yield from (Piece(Ask(feed, older, points), self._now, points) for older in windows[place:])
                return

    def _refused(self, ask: Ask, refusal: Refused) -> Iterator[Piece]:
        """Find what the operator has of a window that it refuses as a whole; of one metering point, or of all."""
        zone = self._source.zone
        window = ask.window
        if window == self._assignment.newest_day():
            self._lose(ask, refusal)
            return
        if window.start == self._source.history_start(ask.feed, self._now):
            # Where "three years back" ends to the hour is the operator's secret; the next day is within it.
            midnight = local_midnight(local_day(window.start, zone) + timedelta(days=1), zone)
            if midnight < window.end:
                yield Piece(replace(ask, window=Window(window.start, midnight)), self._now, ask.metering_points)
                yield from self._part(replace(ask, window=Window(midnight, window.end)))
                return
        last_day = Window(max(window.start, local_midnight(local_day(window.end - HOUR, zone), zone)), window.end)
        if last_day.covers(self._assignment.newest_day()):
            if not (yield from self._has_access(ask)):
                return
        elif window == last_day or not (yield from self._is_answered(replace(ask, window=last_day))):
            if (yield from self._has_access(ask)):
                yield Piece(ask, self._now, ask.metering_points)
            return
        rest = Window(window.start, last_day.start)
        if rest:
            middle = local_midnight(local_day(rest.start + rest.length / 2, zone), zone)
            halves = [rest] if middle <= rest.start else [Window(middle, rest.end), Window(rest.start, middle)]
            for half in halves:
                yield from self._part(replace(ask, window=half))

    def _part(self, ask: Ask) -> Iterator[Piece]:
        try:
            yield self._call(ask)
        except Refused as refusal:
            yield from self._refused(ask, refusal)

    def _is_answered(self, ask: Ask) -> Generator[Piece, None, bool]:
        try:
            yield self._call(ask)
        except Refused:
            return False
        return True

    def _has_access(self, ask: Ask) -> Generator[Piece, None, bool]:
        """Tell whether the newest day is answered; note what is lost where it is not."""
        point = next(iter(ask.metering_points or self._points), "")
        if point in self._proven or point in self._trusted:
            return True
        newest = Ask(Feed.READINGS, self._assignment.newest_day(), ask.metering_points)
        try:
            yield self._call(newest)
        except Refused as refusal:
            self._lose(newest, refusal)
            return False
        return True

    def _lose(self, ask: Ask, refusal: Refused) -> None:
        """Conclude that a metering point, or the credential as such, is refused; raise where nothing is left."""
        point = next(iter(ask.metering_points or self._points), "")
        error = self._no_access(point, refusal)
        if len(self._points) <= 1:
            raise error from None
        if not self._assignment.configured and self._proven:
            self.gone.add(point)
        else:
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
            # An answer without any metering point tells nothing of the credential.
            unnamed = ("", *candidates.metering_points) if candidates.metering_points else ()
            self._proven.update(ask.metering_points or unnamed)
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
