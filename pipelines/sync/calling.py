"""One call: asked, landed, put into columns and judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connectors.base import BadRow, Feed, RawAnswer
from connectors.errors import Refused, SourceChanged
from pipelines.sync.piece import Piece
from schemas.judge import judge_peaks, judge_readings

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.base import Ask, Session
    from pipelines.sync.assignment import Assignment

NO_CONTRACT_THEN: Final = frozenset({200, 400, 403, 404})
"""Statuses with which an operator says that it has nothing for a window. Which one is nowhere documented.

200 is a refusal where the answer says that nothing is known of what was asked.
"""


class Calling:
    """The calls of one connection, counted."""

    def __init__(self, assignment: Assignment, session: Session, land: Callable[[RawAnswer], object]) -> None:
        """Bind with which credential, and where answers land before anything is made of them."""
        self._assignment, self._session, self._land = assignment, session, land
        self.calls = 0
        self.bytes = 0

    def call(self, ask: Ask) -> Piece:
        """Make one call. Raises an `OutsideError`."""
        self.calls += 1
        try:
            answer = self._session.ask(ask)
        except SourceChanged as changed:
            # Whoever finds out what changed needs to see it.
            if changed.body:
                self._land(RawAnswer(ask, self._assignment.now, changed.body))
            raise
        self.bytes += len(answer.body)
        self._land(answer)
        candidates = self._assignment.source.parse(answer)
        verdict = (judge_peaks if ask.feed is Feed.PEAKS else judge_readings)(candidates.frame, answer.asked_at)
        answered = ask.subjects_of(candidates.metering_points)
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

    def recent(self, ask: Ask) -> Piece:
        """Ask for the stretch in which access shows; where that may be too long, for as much as one call asks for."""
        recent = self._assignment.source.recent(self._assignment.now)
        newest = self._assignment.newest()
        try:
            return self.call(replace(ask, feed=Feed.READINGS, window=recent))
        except Refused as refusal:
            if newest == recent or not refusal.divisible or refusal.status not in NO_CONTRACT_THEN:
                raise
        return self.call(replace(ask, feed=Feed.READINGS, window=newest))
