"""Ask for what one connection is missing: one generator, which hands over each answer as it comes.

What a refusal means is decided here. 401 is a refused credential. 400, 403 or 404 for a window means "no
contract then", unless what is newest is refused too; and where one call asks for several metering points,
each is asked alone before anything is concluded.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from connectors.base import Ask, BadRow, Feed, Subject
from connectors.errors import Refused, RenewCredential
from schemas.judge import judge_peaks, judge_readings
from schemas.time import DAY, Window, local_day, local_midnight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    import polars as pl

    from connectors.base import RawAnswer, Session
    from pipelines.sync.assignment import Assignment

NO_CONTRACT_THEN: Final = frozenset({200, 400, 403, 404})
"""Statuses with which an operator says that it has nothing for a window. Which one is nowhere documented.

200 is a refusal where the answer says that nothing is known of what was asked.
"""

ALL: Final = Subject("")
"""Stands for whatever the credential covers, where a call names nothing."""


@dataclass(frozen=True)
class Piece:
    """What one call brought, judged; nothing at all where there was no contract then.

    `accepted` has the candidate's columns of the feed that are stored or settled by; `rejected` is for the
    quarantine.
    """

    ask: Ask
    asked_at: datetime
    subjects: tuple[Subject, ...]
    """What was asked for, with success, or answered."""
    answered: tuple[Subject, ...] = ()
    turned_down: tuple[Subject, ...] = ()
    """What the operator turned out to have nothing of, or to show nothing of."""
    accepted: pl.DataFrame | None = None
    rejected: tuple[BadRow, ...] = ()
    rows: int = 0
    nulls: int = 0
    unfamiliar: Mapping[str, int] = field(default_factory=dict)

    @property
    def metering_points(self) -> tuple[str, ...]:
        """The metering points that it is about."""
        return tuple(dict.fromkeys(subject.metering_point for subject in self.subjects))


class Extraction:
    """The asking of one connection, from its greeting to the oldest year."""

    def __init__(self, assignment: Assignment, session: Session, land: Callable[[RawAnswer], object]) -> None:
        """Bind what is to be asked, with which credential, and where answers land before anything is made of them."""
        self._assignment, self._session, self._land = assignment, session, land
        self._source, self._now = assignment.source, assignment.now
        self._subjects = assignment.subjects()
        # Of what the newest was answered in this run.
        self._proven: set[Subject] = set()
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
            pieces = list(self._ask(greeting))
            if self._assignment.covers_all:
                self._meet({subject for piece in pieces for subject in piece.subjects})
            yield from pieces

    def _probe(self) -> Iterator[Piece]:
        """Try what is possible: what answers is asked for from now on, and what does not is left alone for long."""
        refusals: dict[str, Refused] = {}
        for probe in self._assignment.probes():
            (subject,) = probe.subjects
            try:
                piece = self._call(probe)
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
            for window in self._source.calls(feed, windows, self._now):
                subjects = [subject for subject in due_subjects if subject not in self._lost]
                everyone = (
                    self._assignment.covers_all
                    and 0 < len(subjects) == len(self._subjects) <= self._assignment.points_per_call
                )
                for chunk in [()] if everyone else self._assignment.chunks(subjects):
                    for piece in self._ask(Ask.about(feed, window, chunk)):
                        # A metering point that a call without names left out was asked for all the same.
                        named = piece.subjects if piece.ask.metering_points else (*subjects, *piece.subjects)
                        yield replace(piece, subjects=tuple(dict.fromkeys(named)))

    def _ask(self, ask: Ask) -> Iterator[Piece]:
        try:
            yield self._call(ask)
        except Refused as refusal:
            if refusal.status not in NO_CONTRACT_THEN:
                raise
            yield from self._refused(ask, refusal)

    def _refused(self, ask: Ask, refusal: Refused) -> Iterator[Piece]:
        oldest = ask.feed is Feed.READINGS and ask.window.start == self._source.history_start(ask.feed, self._now)
        if oldest and (later := self._a_day_less(ask)):
            for piece in self._ask(replace(ask, window=later)):
                yield replace(piece, ask=replace(piece.ask, window=ask.window))
            return
        subjects = ask.subjects or (self._subjects if len(self._subjects) > 1 else ())
        if len(subjects) > 1:
            for subject in subjects:
                yield from self._ask(Ask.about(ask.feed, ask.window, [subject]))
            return
        subject = subjects[0] if subjects else ALL
        newest = replace(ask, feed=Feed.READINGS, window=self._source.recent(self._now))
        is_newest = ask.feed is Feed.READINGS and ask.window.covers(newest.window)
        if subject not in self._proven and not is_newest:
            try:
                yield self._call(newest)
            except Refused as newest_refusal:
                is_newest, refusal = True, newest_refusal
        if is_newest:
            yield from self._lose(subject, ask, refusal)
        else:
            yield Piece(ask, self._now, ask.subjects)

    def _a_day_less(self, ask: Ask) -> Window:
        """Return the window from its next midnight on: where "three years back" ends is the operator's secret."""
        zone = self._source.zone
        return Window(local_midnight(local_day(ask.window.start, zone) + DAY, zone), ask.window.end)

    def _lose(self, subject: Subject, ask: Ask, refusal: Refused) -> Iterator[Piece]:
        """Give a subject up, in this run, and leave it alone where the settings do not name it."""
        error = self._no_access(subject, refusal)
        if subject in self._assignment.possible:
            yield Piece(ask, self._now, (), turned_down=(subject,))
        elif len(self._subjects) <= 1:
            raise error from None
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
        answer = self._session.ask(ask)
        self.bytes += len(answer.body)
        self._land(answer)
        candidates = self._source.parse(answer)
        verdict = (judge_peaks if ask.feed is Feed.PEAKS else judge_readings)(candidates.frame, answer.asked_at)
        answered = ask.subjects_of(candidates.metering_points)
        if ask.feed is Feed.READINGS and ask.window.end >= self._source.recent(self._now).end:
            self._proven.update(ask.subjects or (ALL, *answered))
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
