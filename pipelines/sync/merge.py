"""Bring what was extracted into the store: land, judge, merge, record; in this order, so that a kill costs a re-run.

Pieces of many connections are merged together, up to about half a million rows, so that the number of rewritten
files grows with months and not with customers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.base import Feed
from pipelines.store.ledger import Asked, Credit
from pipelines.sync.settle import Settling
from schemas.revision import current

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from connectors.base import Source
    from pipelines.store.home import SourceStore
    from pipelines.store.log import Merged
    from pipelines.sync.outcome import Outcome
    from pipelines.sync.piece import Piece

MERGE_AT_ROWS: Final = 500_000


class Merger:
    """Collects the pieces of a run and merges them in batches. For the holder of the source's lock."""

    def __init__(
        self,
        source: Source,
        store: SourceStore,
        outcomes: Mapping[str, Outcome],
        flag_settings: Mapping[str, bool | None],
        now: datetime,
    ) -> None:
        """Bind the store and the outcomes to count in."""
        self._source, self._store, self._outcomes, self._now = source, store, outcomes, now
        self._settling = Settling(source, store, flag_settings)
        self._pieces: list[tuple[str, Piece]] = []
        self._rows = 0
        self.months: set[date] = set()
        """Months whose readings or peaks changed."""

    def add(self, connection: str, piece: Piece) -> None:
        """Take a piece over; merge when enough have come."""
        self._pieces.append((connection, piece))
        self._rows += 0 if piece.accepted is None else piece.accepted.height
        if self._rows >= MERGE_AT_ROWS:
            self.flush()

    def flush(self) -> None:
        """Merge what is waiting, then record that it was asked."""
        pieces, self._pieces, self._rows = self._pieces, [], 0
        if not pieces:
            return
        self._merge_readings(self._answers(pieces, Feed.READINGS))
        if Feed.PEAKS in self._store.logs:
            verdicts = self._store.ledger.flags()
            answers = self._answers(pieces, Feed.PEAKS)
            self._add(Feed.PEAKS, [self._settling.peaks(rows, asked_at, verdicts) for asked_at, rows in answers])
        for connection in dict.fromkeys(connection for connection, _ in pieces):
            self._record(connection, [piece for owner, piece in pieces if owner == connection])

    def _answers(self, pieces: list[tuple[str, Piece]], feed: Feed) -> list[tuple[datetime, pl.DataFrame]]:
        """Return the rows of one feed, answer by answer, oldest answer first."""
        found = [
            (
                piece.asked_at,
                piece.accepted.with_columns(source=pl.lit(self._source.name), connection=pl.lit(connection)),
            )
            for connection, piece in pieces
            if piece.ask.feed is feed and piece.accepted is not None and not piece.accepted.is_empty()
        ]
        return sorted(found, key=lambda answer: answer[0])

    def _merge_readings(self, answers: list[tuple[datetime, pl.DataFrame]]) -> None:
        verdicts = self._settling.judge_flags([rows for _, rows in answers])
        known = self._store.ledger.flags()
        newly_mute = [
            point for point, verdict in verdicts.items() if verdict.mute and not (point in known and known[point].mute)
        ]
        rows = [self._settling.readings(rows, asked_at, verdicts) for asked_at, rows in answers]
        self._count(self._add(Feed.READINGS, rows))
        for overdue in self._settling.overdue(newly_mute):
            self._count(self._add(Feed.READINGS, [overdue]))
        # Last, so that a run that is killed before it finds the same flags newly mute, and settles their past.
        self._store.ledger.judge_flags(verdicts)

    def _add(self, feed: Feed, answers: list[pl.DataFrame]) -> list[Merged]:
        """Merge month by month, which bounds the memory; where two answers overlap, the later one holds."""
        log = self._store.logs[feed]
        columns = [name for name in log.shape.schema if name not in ("revision", "seq", "known_at")]
        month = pl.col("start").dt.convert_time_zone(self._source.zone.key).dt.truncate("1mo")
        by_month: dict[datetime, list[pl.DataFrame]] = {}
        for rows in answers:
            parts = rows.select(*columns, month=month).partition_by("month", as_dict=True, include_key=False)
            for (first,), part in parts.items():
                by_month.setdefault(first, []).append(part)
        merges: list[Merged] = []
        for first in sorted(by_month):
            rows = pl.concat(by_month.pop(first))
            # Stable, and the answers came in order: the last row of a key is the latest answer's, of those with the
            # operator's highest version.
            rows = rows.sort(*log.shape.key, "operator_version", maintain_order=True)
            merges += log.merge(current(rows, log.shape), self._now)
        self.months.update(merged.month for merged in merges if not merged.kinds.is_empty())
        return merges

    def _count(self, merges: list[Merged]) -> None:
        for merged in merges:
            for connection, new, corrected, confirmed in merged.kinds.iter_rows():
                outcome = self._outcomes[connection]
                outcome.new += new
                outcome.corrected += corrected
                outcome.confirmed += confirmed

    def _record(self, connection: str, pieces: list[Piece]) -> None:
        outcome = self._outcomes[connection]
        new = self._store.quarantine.add(connection, pieces)
        for rule, count in new.group_by("rule").len().iter_rows():
            outcome.quarantined[rule] = outcome.quarantined.get(rule, 0) + count
        ledger = self._store.ledger
        asks = [Credit(piece.ask.feed, piece.subjects, Asked(piece.ask.window, piece.asked_at)) for piece in pieces]
        ledger.credit(connection, asks)
        ledger.seen(connection, {subject for piece in pieces for subject in piece.answered}, self._now)
        ledger.turn_down(connection, {subject for piece in pieces for subject in piece.turned_down}, self._now)
