"""Ask for what one connection is missing: one generator, which hands over each answer as it comes.

What a refusal means is decided here. 401 is a refused credential. 400, 403 or 404 for a window means "no
contract then", unless what is newest is refused too. Before that is concluded, each metering point of the call
is asked alone, and the last day of the window by itself: if that is answered, the window is halved until all of
it that the operator has is there.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connectors.base import Ask, BadRow, Feed, RawAnswer, Subject
from connectors.errors import Refused, RenewCredential, SourceChanged
from pipelines.sync.piece import Piece
from schemas.judge import judge_peaks, judge_readings
from schemas.time import DAY, HOUR, Window, local_day, local_midnight

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from connectors.base import Session
    from pipelines.sync.assignment import Assignment

NO_CONTRACT_THEN: Final = frozenset({200, 400, 403, 404})
"""Statuses with which an operator says that it has nothing for a window. Which one is nowhere documented.

200 is a refusal where the answer says that nothing is known of what was asked.
"""

ALL: Final = Subject("")
"""Stands for whatever the credential covers, where a call names nothing."""


class Extraction:
    """The asking of one connection, from its greeting to the oldest year."""

    def __init__(self, assignment: Assignment, session: Session, land: Callable[[RawAnswer], object]) -> None:
        """Bind what is to be asked, with which credential, and where answers land before anything is made of them."""
        self._assignment, self._session, self._land = assignment, session, land
        self._source, self._now = assignment.source, assignment.now
        self._subjects = assignment.subjects()
        # Of what the newest was answered in this run.
        self._proven: set[Subject] = set()
        # What was answered so lately that its newest need not be asked again to interpret a refusal.
        self._trusted = {ALL, *assignment.answered_lately()} if assignment.greeted_lately() else set()
        self.gone: set[Subject] = set()
        """What the credential no longer covers, though it did, and others it does."""
        self._lost: dict[Subject, RenewCredential] = {}
        self._brought: defaultdict[tuple[Feed, Subject], list[Window]] = defaultdict(list)
        self.calls = 0
        self.bytes = 0

    def pieces(self) -> Iterator[Piece]:
        """Yield what each call brings, newest first.

        Raises:
            OutsideError: the call that failed ends the connection's run; what was yielded before it stands.
        """
        for piece in self._newest_first():
            for subject in piece.subjects:
                self._brought[piece.ask.feed, subject].append(piece.ask.window)
            yield piece

    def _newest_first(self) -> Iterator[Piece]:
        yield from self._greet()
        yield from self._probe()
        if not self._subjects and (self._assignment.covers_all or self._assignment.possible) and not self._lost:
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
        """Tell whether what is newest was answered in this run."""
        return bool(self._proven)

    def _greet(self) -> Iterator[Piece]:
        """Ask for what is newest first: it tells a refused credential from a window without a contract."""
        for greeting in self._assignment.greetings():
            pieces = list(self._windows(greeting.feed, [greeting.window], greeting.subjects))
            if self._assignment.covers_all:
                self._meet({subject for piece in pieces for subject in piece.subjects})
            yield from pieces

    def _probe(self) -> Iterator[Piece]:
        """Try what is possible: what answers is asked for from now on, and what does not is left alone for long."""
        refusals: dict[str, Refused] = {}
        for probe in self._assignment.probes():
            (subject,) = probe.subjects
            try:
                piece = self._recent(probe)
            except Refused as refused:
                if refused.status not in NO_CONTRACT_THEN:
                    raise
                refusals[subject.metering_point] = refused
                piece = Piece(probe, self._now, (), turned_down=(subject,))
            else:
                self._subjects = (*self._subjects, subject)
            yield piece
        answering = {subject.metering_point for subject in self._subjects}
        for point, refusal in refusals.items():
            if point not in answering:
                self._lost[Subject(point)] = self._no_access(Subject(point), refusal)

    def _meet(self, answered: set[Subject]) -> None:
        known = self._assignment.known
        if known and not answered.intersection(known):
            message = (
                f"{self._source.name}: this credential covers none of the {len(known)} metering points known "
                f"for the connection; it seems to be somebody else's"
            )
            # What it answered proves nothing, and is not kept.
            self._proven.clear()
            raise RenewCredential(message)
        self._subjects = tuple(dict.fromkeys((*known, *sorted(answered))))

    def _year(self, feed: Feed, year: int) -> Iterator[Piece]:
        for windows, due_subjects in self._assignment.due(feed, year, self._subjects, self._brought).items():
            subjects = [subject for subject in due_subjects if not self._has_lost(subject)]
            if not subjects:
                continue
            everyone = (
                self._assignment.covers_all and len(subjects) == len(self._subjects) <= self._assignment.points_per_call
            )
            chunks = [()] if everyone else self._assignment.chunks(subjects)
            calls = list(self._source.calls(feed, windows, self._now))
            for chunk in chunks:
                for piece in self._windows(feed, calls, chunk):
                    # A metering point that a call without names left out was asked for all the same.
                    asked = () if piece.ask.metering_points else (chunk or subjects)
                    named = dict.fromkeys((*asked, *piece.subjects))
                    yield replace(piece, subjects=tuple(named))

    def _has_lost(self, subject: Subject) -> bool:
        return subject in self._lost or subject in self.gone

    def _windows(self, feed: Feed, windows: Sequence[Window], subjects: tuple[Subject, ...]) -> Iterator[Piece]:
        """Ask for windows, newest first, of some subjects or of all."""
        for place, window in enumerate(windows):
            ask = Ask.about(feed, window, subjects)
            try:
                yield self._call(ask)
            except Refused as refusal:
                if refusal.status not in NO_CONTRACT_THEN:
                    raise
                named = subjects or self._subjects
                if len(named) > 1:
                    for subject in named:
                        yield from self._windows(feed, windows[place:], (subject,))
                    return
                if feed is Feed.READINGS:
                    yield from self._refused(ask, refusal)
                    if self._has_lost(self._alone(ask)):
                        return
                    continue
                # Peaks come month by month: where one month has no contract, no older one has.
                if (yield from self._has_access(ask)):
                    for older in windows[place:]:
                        yield Piece(replace(ask, window=older), self._now, subjects)
                return

    def _refused(self, ask: Ask, refusal: Refused) -> Iterator[Piece]:
        """Tell what the refusal of one subject, or of all, means for a window; find what the operator has of it."""
        if ask.window == self._source.recent(self._now):
            yield from self._lose(ask, refusal)
        elif refusal.divisible:
            yield from self._parts(ask)
        else:
            yield from self._nothing_then(ask)

    def _nothing_then(self, ask: Ask) -> Iterator[Piece]:
        if (yield from self._has_access(ask)):
            yield Piece(ask, self._now, ask.subjects)

    def _parts(self, ask: Ask) -> Iterator[Piece]:
        """Find what the operator has of a window that it refuses as a whole."""
        zone, window = self._source.zone, ask.window
        if window.start == self._source.history_start(ask.feed, self._now):
            # Where "three years back" ends to the hour is the operator's secret; the next day is within it.
            midnight = local_midnight(local_day(window.start, zone) + DAY, zone)
            if midnight < window.end:
                yield Piece(replace(ask, window=Window(window.start, midnight)), self._now, ask.subjects)
                yield from self._part(replace(ask, window=Window(midnight, window.end)))
                return
        last_day = Window(max(window.start, local_midnight(local_day(window.end - HOUR, zone), zone)), window.end)
        if last_day.covers(self._source.recent(self._now)):
            if not (yield from self._has_access(ask)):
                return
        elif window == last_day or not (yield from self._is_answered(replace(ask, window=last_day))):
            yield from self._nothing_then(ask)
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
        """Tell whether what is newest is answered; note what is lost where it is not."""
        if self._alone(ask) in self._proven | self._trusted:
            return True
        try:
            yield self._recent(ask)
        except Refused as refusal:
            yield from self._lose(ask, refusal)
            return False
        return True

    def _recent(self, ask: Ask) -> Piece:
        """Ask for the stretch in which access shows; where that may be too long, for as much as one call asks for."""
        recent, newest = self._source.recent(self._now), self._assignment.newest()
        try:
            return self._call(replace(ask, feed=Feed.READINGS, window=recent))
        except Refused as refusal:
            if newest == recent or not refusal.divisible or refusal.status not in NO_CONTRACT_THEN:
                raise
        return self._call(replace(ask, feed=Feed.READINGS, window=newest))

    def _alone(self, ask: Ask) -> Subject:
        """Return the one subject that a call is about."""
        return next(iter(ask.subjects or self._subjects), ALL)

    def _lose(self, ask: Ask, refusal: Refused) -> Iterator[Piece]:
        """Conclude that a subject, or the credential as such, is refused; raise where nothing is left."""
        subject = self._alone(ask)
        error = self._no_access(subject, refusal)
        if subject in self._assignment.possible:
            yield Piece(ask, self._now, (), turned_down=(subject,))
        elif len(self._subjects) <= 1:
            raise error from None
        if self._assignment.covers_all and self._proven:
            self.gone.add(subject)
        else:
            self._lost[subject] = error

    def _no_access(self, subject: Subject, refusal: Refused) -> RenewCredential:
        # Enough of the id for its owner to know it, and not the id.
        point, register = subject.metering_point[-4:], f" ({subject.register})" if subject.register else ""
        asked = "every metering point" if subject == ALL else f"the metering point that ends in {point}{register}"
        meaning = refusal.meaning or "the credential does not cover it, or its contract has ended"
        return RenewCredential(
            f"{self._source.name}: even the newest readings of {asked} are refused (status {refusal.status}): {meaning}"
        )

    def _call(self, ask: Ask) -> Piece:
        self.calls += 1
        try:
            answer = self._session.ask(ask)
        except SourceChanged as changed:
            # Whoever finds out what changed needs to see it.
            if changed.body:
                self._land(RawAnswer(ask, self._now, changed.body))
            raise
        self.bytes += len(answer.body)
        self._land(answer)
        candidates = self._source.parse(answer)
        verdict = (judge_peaks if ask.feed is Feed.PEAKS else judge_readings)(candidates.frame, answer.asked_at)
        answered = ask.subjects_of(candidates.metering_points)
        if ask.feed is Feed.READINGS and ask.window.end >= self._source.recent(self._now).end:
            # An answer without any metering point tells nothing of the credential.
            self._proven.update(ask.subjects or ((ALL, *answered) if answered else ()))
        rejected = [
            BadRow(point, register, start, rule, "", candidates.verbatim(row))
            for point, register, start, row, rule in verdict.rejected.iter_rows()
        ]
        return Piece(
            ask=ask,
            asked_at=answer.asked_at,
            subjects=tuple(dict.fromkeys((*ask.subjects, *answered))),
            answered=answered,
            # What was judged by is not stored; many answers wait for one merge.
            accepted=verdict.accepted.drop("end", "hour_end", "unit", "row", strict=False),
            rejected=(*candidates.bad, *rejected),
            rows=candidates.frame.height + len(candidates.bad),
            nulls=candidates.nulls,
            unfamiliar=candidates.unfamiliar,
        )
