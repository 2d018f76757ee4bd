"""Look whether there is access to other people's readings: a call for each, and two before a loss is concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.base import Ask, Feed, Subject
from connectors.errors import Refused
from pipelines.sync.calling import NO_CONTRACT_THEN
from pipelines.sync.piece import Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipelines.sync.assignment import Assignment
    from pipelines.sync.calling import Calling


class Looking:
    """The looking of one connection. What is answered is brought home like in any other run."""

    def __init__(self, assignment: Assignment, calling: Calling, subjects: Sequence[Subject]) -> None:
        """Bind what is looked at, in this order."""
        self._assignment, self.calling, self._subjects = assignment, calling, subjects
        self.looked: list[Subject] = []
        """What was answered about, in whichever way."""
        self.access_lost: set[Subject] = set()

    def pieces(self, goes_on: Callable[[], bool]) -> Iterator[Piece]:
        """Yield what was answered, and what was turned down that had been answered, while `goes_on` says so.

        Raises:
            OutsideError: the call that failed ends it; what was yielded before it stands.
        """
        for subject in self._subjects:
            if not goes_on():
                return
            piece = self._granted(subject) if subject in self._assignment.granted else self._tried(subject)
            self.looked.append(subject)
            if piece is not None:
                yield piece

    def _tried(self, subject: Subject) -> Piece | None:
        """Ask over the longest stretch: the answer is short where there is no access, and wanted where there is."""
        ask = Ask.about(Feed.READINGS, self._assignment.newest(), [subject])
        try:
            return self.calling.recent(ask)
        except Refused as refusal:
            if refusal.status not in NO_CONTRACT_THEN:
                raise
        return None

    def _granted(self, subject: Subject) -> Piece:
        """Ask for what is newest; a month may be empty, so that a year decides whether access is lost."""
        ask = Ask.about(Feed.READINGS, self._assignment.newest(), [subject])
        try:
            return self.calling.call(ask)
        except Refused as refusal:
            if refusal.status not in NO_CONTRACT_THEN:
                raise
        piece = self._tried(subject)
        if piece is None:
            self.access_lost.add(subject)
        return piece or Piece(ask, self._assignment.now, (), turned_down=(subject,))
