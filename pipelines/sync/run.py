"""The run: every chosen connection asked at its own pace, merged together, and reported one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors.budget import Budget, fingerprint
from connectors.errors import OutsideError, RenewCredential, TryLater
from pipelines.store.contact import believed
from pipelines.sync.assignment import Assignment
from pipelines.sync.extract import Extraction
from pipelines.sync.merge import Merger
from pipelines.sync.outcome import Outcome
from pipelines.sync.piece import Piece
from pipelines.sync.plan import Rereading, deep_after
from pipelines.sync.side_by_side import SideBySide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from connectors.base import Ask, Source
    from connectors.connection import ConnectionSettings
    from pipelines.settings import SyncSettings
    from pipelines.store.home import SourceStore

DEAD_CREDENTIAL_RESTS: Final = timedelta(days=1)


@dataclass(frozen=True)
class Report:
    """What a run did: an outcome for every connection, and the months that changed."""

    outcomes: Mapping[str, Outcome]
    months: frozenset[date]


class Syncing:
    """Asking and storing for one source. For the holder of the source's lock."""

    def __init__(
        self,
        source: Source,
        store: SourceStore,
        connections: Mapping[str, ConnectionSettings],
        settings: SyncSettings,
        now: datetime,
    ) -> None:
        """Bind what is fixed for the run; `now` is its instant throughout."""
        self._source, self._store, self._connections = source, store, connections
        self._settings, self._now = settings, now

    def years(self) -> list[int]:
        """Return the local years that the operator serves now, newest first."""
        newest = self._source.published_until(self._now)
        oldest = min(self._source.history_start(feed, self._now) for feed in self._source.feeds)
        last = (newest - timedelta.resolution).astimezone(self._source.zone).year
        return list(range(last, oldest.astimezone(self._source.zone).year - 1, -1))

    def connections_to_ask(self, year: int) -> list[str]:
        """Return the connections with something to ask in a year; decided without a call."""
        return [
            name
            for name in self._connections
            if self._resting(name) is None and self._assignment(name, (year,)).has_something_to_ask()
        ]

    def trials(self, connection: str) -> list[list[Ask]]:
        """Return the calls by which `doctor` looks at a connection; see `Assignment.trials`."""
        return self._assignment(connection, ()).trials()

    def run(
        self, years: Sequence[int], *, refetch: bool = False, progress: Callable[[str], None] = lambda _: None
    ) -> Report:
        """Ask every connection for what is missing in the years, and bring it into the store."""
        outcomes = {name: Outcome(self._source.name, name) for name in self._connections}
        flags = {name: connection.flag_is_mute() for name, connection in self._connections.items()}
        merger = Merger(self._source, self._store, outcomes, flags, self._now)
        budget = Budget(self._store.budget_path)
        finished: list[tuple[str, OutsideError | None]] = []

        def ask(name: str) -> Iterator[Piece]:
            return self._ask(name, tuple(years), budget, outcomes[name], refetch=refetch)

        for name, item in SideBySide(self._connections, ask).items():
            if isinstance(item, Piece):
                merger.add(name, item)
                progress(f"{self._source.name}/{name}: {self._told(item)}")
            elif item.error is None or isinstance(item.error, OutsideError):
                finished.append((name, item.error))
            else:
                raise item.error
        merger.flush()
        for name, error in finished:
            # After the merge: a greeting counts once the metering points that it named are known.
            if outcomes[name].answered:
                self._store.ledger.greeted(name, self._fingerprint(name) or "", self._now)
            self._store.ledger.forget_points(name, outcomes[name].gone)
            self._close(outcomes[name], error, years)
        return Report(outcomes, frozenset(merger.months))

    def _told(self, piece: Piece) -> str:
        start, end = (f"{bound.astimezone(self._source.zone):%Y-%m-%d %H:%M}" for bound in piece.ask.window.bounds)
        what = " ".join((piece.ask.feed, *piece.ask.registers))
        unknown = (f", {rows:,} provisional by the unknown {word}" for word, rows in piece.unfamiliar.items())
        return f"{what} from {start} to {end}: {piece.rows:,} rows{''.join(unknown)}"

    def _close(self, outcome: Outcome, error: OutsideError | None, years: Sequence[int]) -> None:
        ledger = self._store.ledger
        if error is None:
            contact = ledger.contact(outcome.connection)
            if contact.failed_at is not None and self._has_more_to_ask(outcome.connection, years):
                # What failed before is still to be asked, and this run was about other years.
                return
            ledger.went_well(outcome.connection, self._now)
            if outcome.calls and self.years()[0] in years:
                ledger.counted(outcome.connection, outcome.nulls, outcome.unfamiliar)
            return
        outcome.cause, outcome.words = error.cause, str(error)
        outcome.not_before = getattr(error, "not_before", None)
        if outcome.known_before:
            return
        # One metering point that is refused among others that answer is no dead credential.
        dead = isinstance(error, RenewCredential) and not outcome.answered
        fingerprint = self._fingerprint(outcome.connection) if dead else None
        # A dead credential is asked again once a day, and was told of when it died.
        outcome.known_before = fingerprint is not None and ledger.contact(outcome.connection).dead == fingerprint
        ledger.failed(outcome.connection, error, self._now, dead=fingerprint)

    def _has_more_to_ask(self, name: str, years: Sequence[int]) -> bool:
        return any(self._assignment(name, (year,)).has_something_to_ask() for year in self.years() if year not in years)

    def _ask(
        self, name: str, years: tuple[int, ...], budget: Budget, outcome: Outcome, *, refetch: bool
    ) -> Iterator[Piece]:
        if resting := self._resting(name):
            outcome.known_before = True
            raise resting
        session = self._source.open(name, self._connections[name], budget)
        try:
            extraction = Extraction(
                self._assignment(name, years, refetch=refetch),
                session,
                land=lambda answer: self._store.raw.land(self._source.name, name, answer),
            )
            try:
                for piece in extraction.pieces():
                    _count(outcome, piece)
                    yield piece
            finally:
                outcome.calls, outcome.bytes, outcome.answered = extraction.calls, extraction.bytes, extraction.proven
                outcome.gone = frozenset(subject.metering_point for subject in extraction.gone)
        finally:
            session.close()

    def _assignment(self, name: str, years: tuple[int, ...], *, refetch: bool = False) -> Assignment:
        ledger, contact = self._store.ledger, self._store.ledger.contact(name)
        same_credential = contact.greeted_by == self._fingerprint(name)
        settings, connection, seen = self._settings, self._connections[name], ledger.known(name)
        most = self._source.points_per_call or settings.points_per_call
        return Assignment(
            source=self._source.narrowed(connection),
            connection=name,
            years=years,
            configured=connection.listed(),
            possible=connection.possible(),
            known=tuple(sorted(seen)),
            seen=seen,
            turned_down={subject: at for subject, at in ledger.turned_down(name).items() if believed(at, self._now)},
            asked={feed: ledger.asked(name, feed) for feed in self._source.feeds},
            greeted_at=contact.greeted_at if same_credential and believed(contact.greeted_at, self._now) else None,
            rereading={
                feed: Rereading(
                    pace=rules.pace,
                    tail=timedelta(days=settings.reread_days),
                    deep_after=deep_after(settings.deep_reread_days, f"{self._source.name}/{name}"),
                )
                for feed, rules in self._source.feeds.items()
            },
            points_per_call=min(most, settings.points_per_call),
            now=self._now,
            refetch=refetch,
        )

    def _fingerprint(self, name: str) -> str | None:
        try:
            identity = self._connections[name].identity(name)
        except RenewCredential:
            return None
        return fingerprint(identity)

    def _resting(self, name: str) -> OutsideError | None:
        """Return why the connection is left alone: a wait that was announced, or a credential known to be dead."""
        contact = self._store.ledger.contact(name)
        words = contact.words or ""
        if (not_before := contact.waits_until(self._now)) is not None:
            return TryLater(words, not_before=not_before)
        dead = contact.dead is not None and contact.dead == self._fingerprint(name)
        if dead and believed(contact.failed_at, self._now) and self._now < contact.failed_at + DEAD_CREDENTIAL_RESTS:
            return RenewCredential(words)
        return None


def _count(outcome: Outcome, piece: Piece) -> None:
    outcome.asked.append(piece.ask.window)
    outcome.rows += piece.rows
    outcome.nulls += piece.nulls
    for word, rows in piece.unfamiliar.items():
        outcome.unfamiliar[word] = outcome.unfamiliar.get(word, 0) + rows
